"""A real API server for these tests: one for each test run, one namespace for each test, real helm and kubectl.

Without Go the whole tier is left out, and the end of the run says so; in CI that is a failure.

    def test_it(install, namespace, overlays):
        install(4, "nats", region="us-east", overlays=overlays("join"))
        assert namespace.get("Service", "nats-gateway")["spec"]["type"] == "LoadBalancer"
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
import uuid
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path += [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests")]

import cluster as clusters  # noqa: E402 - scripts are no package
import cluster_build  # noqa: E402 - same
from building import build_for  # noqa: E402 - same

VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
_BINARIES = pytest.StashKey[str]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the servers."""
    build_for(
        session, "cluster", _BINARIES, cluster_build.build, (cluster_build.NoGoError,), "the tests on a real API server"
    )


@pytest.fixture(scope="session")
def cluster(request, tmp_path_factory) -> Iterator[clusters.Cluster]:
    """The running API server, which the workers of a run share: the first starts it, the last one stops it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with open(folder / "cluster.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = folder / "cluster.json"
        try:
            found = clusters.Cluster(**json.loads(told.read_text()))
            user = clusters.join(found)
        except OSError:
            found, user = clusters.start(request.config.stash[_BINARIES])
            told.write_text(json.dumps(found._asdict()))
    yield found
    clusters.leave(user)


@pytest.fixture(scope="session")
def foreign_kinds(cluster) -> list[str]:
    """Kinds that Kubernetes itself does not have, made known to the server (crds.yaml): Route, PodMonitor."""
    with open(os.path.join(HERE, "crds.yaml"), encoding="utf-8") as file:
        definitions = list(yaml.safe_load_all(file))
    for value in definitions:
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{value['metadata']['name']}"
        query = "?fieldManager=test&force=true"
        status, told = cluster.request("PATCH", path + query, value, content="application/apply-patch+yaml")
        assert status in (200, 201), told
        served = f"/apis/{value['spec']['group']}/v1/{value['spec']['names']['plural']}"
        end = time.monotonic() + 20
        while cluster.request("GET", served)[0] != 200:
            assert time.monotonic() < end, f"{served} is not served"
            time.sleep(0.05)
    return [value["spec"]["names"]["kind"] for value in definitions]


@pytest.fixture
def namespace(cluster, load_module):
    """A namespace of the test's own (objects.py says what it can do)."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    value = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    status, told = cluster.request("POST", "/api/v1/namespaces", value)
    assert status == 201, told
    return load_module(os.path.join(HERE, "objects.py")).Namespace(cluster, name)


@pytest.fixture
def kubeconfig(limited_kubeconfig) -> str:
    """File of a kubeconfig with full rights; the test's namespace is the default one."""
    return limited_kubeconfig("admin")


@pytest.fixture
def limited_kubeconfig(cluster, namespace, tmp_path):
    """File of a kubeconfig with fewer rights: `limited_kubeconfig("reader")`, or "auditor", who reads Secrets, too."""

    def write(user="reader"):
        path = tmp_path / f"{user}.kubeconfig"
        path.write_text(cluster.kubeconfig(user, namespace.name))
        path.chmod(0o600)
        return str(path)

    return write


@pytest.fixture(scope="session")
def helm4_plugins(tmp_path_factory, load_module) -> str:
    """Plugins folder in which Helm 4 finds natsvalues; Helm 3 takes it from PATH, and reads no such folder."""
    folder = str(tmp_path_factory.mktemp("plugins"))
    replay = load_module(os.path.join(ROOT, "tests", "replay.py"))
    replay.write_plugin(folder, "natsvalues", "natsvalues", "post-render")
    return folder


@pytest.fixture
def helm(helm3, helm4, helm4_plugins, kubeconfig, run):
    """Run helm 3 or 4 on the cluster: `helm(4, "get", "manifest", "nats").stdout`.

    With `region` and `overlays` (a folder) it post-renders with natsvalues, `more` are further arguments of
    its. A failure fails the test, unless `check=False`. Keywords of `run` go there.
    """

    def call(major, *words, region=None, overlays=None, more=(), check=True, env=None, **keywords):
        command = [{3: helm3, 4: helm4}[major], *words]
        if region is not None:
            arguments = [f"--region={region}", f"--overlays={overlays}", *more]
            command += ["--post-renderer", "natsvalues"]
            command += [word for text in arguments for word in ("--post-renderer-args", text)]
        env = {"KUBECONFIG": kubeconfig} | ({"HELM_PLUGINS": helm4_plugins} if major == 4 else {}) | (env or {})
        return run(*command, check=check, env=env, **keywords)

    return call


@pytest.fixture
def install(helm, nats_chart):
    """Install or upgrade a release: `install(4, "nats", region="us-east", overlays=folder)`.

    The chart is our stand-in with cluster, JetStream and gateway on, unless `chart` and `values` (as for --set)
    say otherwise. Further words and keywords are those of `helm`.
    """

    def call(major, release, *words, chart=nats_chart, values=VALUES, **keywords):
        return helm(major, "upgrade", "--install", release, chart, "--set", values, *words, **keywords)

    return call


@pytest.fixture
def natsvalues(helm3, helm4, helm4_plugins, kubectl, kubeconfig, run):
    """Run natsvalues on the cluster with helm 3 or 4: `natsvalues(4, "diff", "release:nats", "new.yaml").stdout`.

    `env` goes over the rest: `env={"KUBECONFIG": other}`.
    """

    def call(major, *words, env=None, **keywords):
        base = {"KUBECONFIG": kubeconfig, "HELM_BIN": {3: helm3, 4: helm4}[major], "KUBECTL": kubectl}
        base |= {"HELM_PLUGINS": helm4_plugins} if major == 4 else {}
        return run("natsvalues", *words, env=base | (env or {}), **keywords)

    return call


@pytest.fixture
def differences(natsvalues):
    """What `natsvalues diff` tells of one pair, read from its JSON: `differences(4, "nats", chart, ...).places()`."""

    def call(major, *words, **keywords):
        done = natsvalues(major, "diff", *words, "-o", "json", **keywords)
        assert done.stderr == ""
        assert done.returncode == 0
        [region] = json.loads(done.stdout)["regions"]
        return Told(region)

    return call


class Told(dict):
    """One region of a report."""

    def places(self):
        """Every change as `Kind/name path`, with its level; whole objects without a path."""
        return _places(self["objects"])

    def drifted(self):
        """The same of what differs in the cluster."""
        return _places(self["drift"])

    def values_changed(self):
        """The Helm values that differ: before and after by path."""
        return {change["path"]: (change["before"], change["after"]) for change in self["values"]}

    @property
    def is_empty(self):
        """Whether nothing differs."""
        return not self["objects"] and not self["values"] and not self["drift"]


def _places(objects):
    found = {}
    for item in objects:
        name = f"{item['object']['kind']}/{item['object']['name']}"
        if item["op"] != "change":
            found[f"{name} ({item['op']})"] = item["impact"]["level"]
        for change in item["changes"]:
            place = f"{change['file']}: {change['path']}" if change["file"] else change["path"]
            found[f"{name} {place}"] = change["impact"]["level"]
    return found


@pytest.fixture
def kubectl_on(kubectl, kubeconfig, run):
    """Run kubectl on the cluster: `kubectl_on("apply", "-f", "-", stdin=text)`; a failure fails the test."""

    def call(*words, check=True, env=None, **keywords):
        return run(kubectl, *words, check=check, env={"KUBECONFIG": kubeconfig} | (env or {}), **keywords)

    return call


@pytest.fixture
def overlays(tmp_path):
    """Write the shipped overlays, changed: `overlays("expose", {"us-east": {"joins": None}})` gives the folder.

    All regions are in the stage. A change replaces a field of a region (or of `supercluster`); None removes it.
    """

    def write(stage="join", changes=None):
        folder = tmp_path / f"overlays-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        shipped = os.path.join(ROOT, "charts", "overlays")
        for name in os.listdir(shipped):
            with open(os.path.join(shipped, name), encoding="utf-8") as file:
                value = yaml.safe_load(file)
            if value["kind"] == "Region":
                value["stage"] = stage
            value |= (changes or {}).get(name.removesuffix(".yaml"), {})
            kept = {key: item for key, item in value.items() if item is not None}
            (folder / name).write_text(json.dumps(kept))
        return str(folder)

    return write
