"""Fixtures shared by all tests: pinned binaries, a scrubbed environment, stored renderings, replayed charts.

Test folders are no packages, so what tests share comes as a fixture. Nothing here reads the machine: helm,
kubectl and nats-server are the pinned ones (pinned_tools.py), and no variable of the caller leaks in.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import ModuleType

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
sys.path.append(TESTS)

from building import ABSENT, LEFT_OUT, build_for  # noqa: E402 - the folder is no package

pytest_plugins = ["pinned_tools", "skips"]

# How fast a machine is, and how much an example takes, says nothing about the properties.
settings.register_profile(
    "natsvalues", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("natsvalues")


def _load(path: str) -> ModuleType:
    """Import a Python file that lies in no package."""
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(f"natsvalues_tests_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def load_module() -> Callable[[str], ModuleType]:
    """Import a Python file that lies in no package: `load_module(path)`."""
    return _load


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that have slow tests among the others: at the end of a run they would only wait for servers.

    The order within a file stays, and so does what its tests share.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    slow = [of for of in files.values() if any(item.get_closest_marker("slow") for item in of)]
    quick = [of for of in files.values() if of not in slow]
    left, every = sum(map(len, quick)), len(slow)
    ordered: list[pytest.Item] = []
    passed = 0
    for number, of in enumerate(slow):
        while quick and passed * every < number * left:
            passed += len(quick[0])
            ordered += quick.pop(0)
        ordered += of
    items[:] = ordered + [item for of in quick for item in of]


# --- tools ---------------------------------------------------------------------------------------------


def pytest_report_header() -> list[str]:
    """What the run has been given beside its own tools."""
    return [f"NATSVALUES_CHART: {os.environ.get('NATSVALUES_CHART') or 'not set'}"]


KUSTOMIZE = pytest.StashKey[str]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build kustomize."""
    builder = _load(os.path.join(ROOT, "scripts", "kustomize_build.py"))
    build_for(session, "kustomize", KUSTOMIZE, builder.build, (builder.NoGoError,), "the tests with a real kustomize")


@pytest.fixture(scope="session")
def kustomize(request) -> str:
    """Path of kustomize, built from its Go module; kubectl has one of its own, which runs no functions."""
    return request.config.stash[KUSTOMIZE]


# --- stored renderings ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared() -> str | None:
    """Folder of the stored renderings and notes beside the checkout, or None in a plain clone."""
    path = os.environ.get("NATSVALUES_SHARED") or os.path.join(ROOT, "..", "shared")
    return os.path.realpath(path) if os.path.isdir(path) else None


@pytest.fixture(scope="session")
def rendered(shared) -> str:
    """Folder of the stored renderings of the upstream chart; the test is skipped where it is absent."""
    path = os.path.join(shared or "", "rendered")
    if shared is None or not os.path.isdir(path):
        pytest.skip(f"{ABSENT} stored renderings of the upstream chart (../shared/rendered)")
    return path


# --- rights -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def with_disks() -> None:
    """Skip the test where this machine cannot give stores file systems whose power can be cut."""
    ask = [sys.executable, "-c", "from natsvalues.outside import disks; disks.require()"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{LEFT_OUT} power cuts. {done.stderr.partition('NV-R041')[2].partition(chr(10))[0]}")


@pytest.fixture(scope="session")
def with_dns() -> None:
    """Skip the test where this machine cannot give servers a DNS of their own."""
    ask = [sys.executable, "-c", "from natsvalues.outside import own_names; own_names.require()"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{LEFT_OUT} DNS in rehearsals. {done.stderr.partition('NV-R043')[2].partition(chr(10))[0]}")


# --- charts -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def nats_chart() -> str:
    """Path of our own small chart with the shape of the upstream NATS chart, or of NATSVALUES_CHART in its place."""
    chart = os.path.abspath(os.environ.get("NATSVALUES_CHART") or os.path.join(TESTS, "charts", "nats"))
    if not os.path.isfile(os.path.join(chart, "Chart.yaml")):
        pytest.exit(f"NATSVALUES_CHART: no chart in {chart}: there is no Chart.yaml", returncode=4)
    return chart


@pytest.fixture(scope="session")
def umbrella_chart() -> str:
    """Path of the umbrella chart: ours under the aliases `bus` and `audit`, beside decoys."""
    return os.path.join(TESTS, "charts", "umbrella")


@pytest.fixture
def replay_chart(tmp_path) -> Callable[[str], str]:
    """Make a chart that renders a stored file verbatim: `replay_chart(path)` gives the chart's folder."""
    replay = _load(os.path.join(TESTS, "replay.py"))
    return lambda rendering: replay.write_chart(rendering, tempfile.mkdtemp(prefix="replay-", dir=tmp_path))


@pytest.fixture
def helm4_plugin(isolated_env) -> Callable[..., str]:
    """Install a Helm 4 post-renderer: `helm4_plugin("name", "command", "arg")` gives the name."""
    replay = _load(os.path.join(TESTS, "replay.py"))
    return lambda name, *command: replay.write_plugin(isolated_env["HELM_PLUGINS"], name, *command)


@pytest.fixture(scope="session")
def chart_repository(helm3, nats_chart, tmp_path_factory) -> Generator[str]:
    """Address of a repository on loopback that has the chart as version 2.14.2."""
    walkthrough = _load(os.path.join(TESTS, "walkthrough.py"))
    folder = str(tmp_path_factory.mktemp("repository"))
    package = [helm3, "package", nats_chart, "--version", walkthrough.VERSION, "-d", folder]
    subprocess.run(package, check=True, capture_output=True)
    with walkthrough.serving(folder) as address:
        subprocess.run([helm3, "repo", "index", folder, "--url", address], check=True, capture_output=True)
        yield address


@pytest.fixture
def examples(chart_repository, isolated_env, run, tmp_path) -> Callable[..., object]:
    """Copy the examples and give what follows their READMEs: `examples(helm=helm3).follow("helm3")`."""
    walkthrough = _load(os.path.join(TESTS, "walkthrough.py"))

    def copy(**programs):
        folder = tempfile.mkdtemp(dir=tmp_path)
        path = walkthrough.with_programs(os.path.join(folder, "bin"), programs, isolated_env["PATH"])
        return walkthrough.Walkthrough(walkthrough.copied(folder, chart_repository), run, path)

    return copy


# --- the example supercluster -----------------------------------------------------------------------------

CLUSTERED = "config.cluster.enabled=true,config.jetstream.enabled=true"
SPREAD = r"podTemplate.topologySpreadConstraints.topology\.kubernetes\.io/zone"
APART = f"{SPREAD}.maxSkew=1,{SPREAD}.whenUnsatisfiable=DoNotSchedule"
STORED = ("nats-1.2.11", "nats-1.3.16", "nats-2.14.2", "nats-2.14.2-helm4")


@pytest.fixture(scope="session")
def as_on_file() -> Callable[[str, str], None]:
    """Compare a text with a file: `as_on_file(path, text)`."""
    compare: Callable[[str, str], None] = _load(os.path.join(TESTS, "golden_file.py")).as_on_file
    return compare


@pytest.fixture(scope="session")
def unstyled() -> Callable[[str], str]:
    """Give an HTML page as golden files keep it: `unstyled(page)`."""
    take_out: Callable[[str], str] = _load(os.path.join(TESTS, "golden_file.py")).unstyled
    return take_out


@pytest.fixture(scope="session")
def spoiling() -> ModuleType:
    """Return the module that puts something else in the place of a value."""
    return _load(os.path.join(TESTS, "spoiling.py"))


@pytest.fixture(scope="session")
def example_regions() -> ModuleType:
    """Return the module that makes what the examples of lint rules and of impacts describe."""
    return _load(os.path.join(TESTS, "example_regions.py"))


@pytest.fixture(scope="session")
def stand_in(example_regions, binaries, nats_chart):
    """Renderings of the chart in tests/charts, by real helm."""

    def template(settings):
        command = [binaries.fetch("helm3"), "template", "nats", nats_chart, "--set", settings]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    settings = f"{CLUSTERED},{APART}"
    return example_regions.Renderings(template(settings), template(f"{settings},config.gateway.enabled=true"))


@pytest.fixture(scope="session", params=STORED)
def stored(request, example_regions, rendered):
    """Stored renderings of the upstream chart, one version at a time."""

    def text_of(name):
        with open(os.path.join(rendered, request.param, name), encoding="utf-8", newline="") as file:
            return file.read()

    return example_regions.Renderings(text_of("ha.yaml"), text_of("gateway.yaml"))


# --- running ----------------------------------------------------------------------------------------------


@pytest.fixture
def isolated_env(tmp_path) -> dict[str, str]:
    """Return an environment built from nothing: own homes, and this interpreter's scripts first on PATH."""
    home = tmp_path / "home"
    folders = {
        "HOME": home,
        "TMPDIR": tmp_path / "tmp",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
        "HELM_CACHE_HOME": home / "helm" / "cache",
        "HELM_CONFIG_HOME": home / "helm" / "config",
        "HELM_DATA_HOME": home / "helm" / "data",
        "HELM_PLUGINS": home / "helm" / "plugins",
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"])
    return {"PATH": path, "LANG": "C.UTF-8"} | {name: str(folder) for name, folder in folders.items()}


@pytest.fixture
def run(isolated_env, tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command in the isolated environment: `run("helm", "version", timeout=5).stdout`.

    Keywords: `stdin` (text), `env` (merged over the isolated one), `cwd` (default: the test's folder),
    `timeout` in seconds, and `check` to fail the test with the command's standard error when it fails.
    """

    def call(*command, stdin=None, env=None, cwd=None, timeout=60, check=False):
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",  # a test may look at bytes that are no text
            env=isolated_env | (env or {}),
            cwd=cwd or tmp_path,
            start_new_session=True,  # a timeout must also end what the command started
        )
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        done = subprocess.CompletedProcess(command, process.returncode, out, err)
        if check and done.returncode:
            pytest.fail(f"{command} exited with {done.returncode}:\n{done.stderr}")
        return done

    return call


# --- what runs on this machine ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def processes() -> Callable[..., dict[int, str]]:
    """Give the living processes with one of the marks on their command line or in their environment, by pid."""
    return _load(os.path.join(TESTS, "running.py")).processes


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], bool], float], bool]:
    """Wait for a condition, at most so many seconds: `until(lambda: ..., 5)` tells whether it came."""
    return _load(os.path.join(TESTS, "running.py")).until


@pytest.fixture(scope="session")
def loop_files() -> Callable[[], str]:
    """Give the files behind all loop devices, as one text."""
    return _load(os.path.join(TESTS, "running.py")).loop_files
