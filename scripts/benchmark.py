"""Measure natsvalues beside kustomize, and write docs/performance.md.

`python scripts/benchmark.py` builds a wheel of this checkout, installs it into a virtual environment of its own
as a user would, and measures, in turns, with a warm-up: a real-shaped release, an umbrella release of 5,000
documents, and how cost grows with the size of the release. `--quick` takes few small runs and prints the page
instead of writing it. Run it on a quiet machine.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from typing import NamedTuple

import binaries
from benchmark_kustomize import kustomization, objects
from benchmark_releases import umbrella

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "performance.md")
RENDERING = os.path.join(ROOT, "..", "shared", "rendered", "nats-2.14.2", "gateway.yaml")
KUSTOMIZE = "5.8.2"
SETTINGS = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
REGION = "us-east"
SECONDS = 600
MIB = 1024 * 1024

# A process inherits the peak memory of the one it was started from until it has more of its own, so the
# starter is as small as Python can be. It prints wall time, CPU time, peak memory and the exit code.
STARTER = """
import os, signal, sys, time
stdin, stdout, stderr, seconds, *command = sys.argv[1:]
new = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
files = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0)]
files += [(os.POSIX_SPAWN_OPEN, number, path, new, 0o600) for number, path in ((1, stdout), (2, stderr))]
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(int(seconds))
start = time.perf_counter()
pid = os.posix_spawn(command[0], command, os.environ, file_actions=files)
_, status, used = os.wait4(pid, 0)
wall = time.perf_counter() - start
print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


class Sample(NamedTuple):
    """One run: seconds of wall and CPU time, and peak memory in KiB."""

    wall: float
    cpu: float
    peak: int


class Rival(NamedTuple):
    """Something to measure: its name on the page, its command and its standard input."""

    name: str
    command: tuple[str, ...]
    stdin: str = os.devnull


class Bench(NamedTuple):
    """What all measurements share: a scratch folder, a clean environment, and the programs."""

    folder: str
    environment: dict[str, str]
    natsvalues: str
    python: str
    kubectl: str
    kustomize: str | None


class TookTooLong(Exception):
    """A run that exceeded its time limit."""


# --- measuring ------------------------------------------------------------------------------------------------


def run(bench: Bench, rival: Rival, seconds: int = SECONDS) -> Sample:
    """Run once; the output is in the scratch folder under the rival's name. Raises TookTooLong."""
    out = output_of(bench, rival)
    arguments = [rival.stdin, out, out + ".stderr", str(seconds), *rival.command]
    starter = [sys.executable, "-I", "-S", "-c", STARTER, *arguments]
    said = subprocess.run(starter, check=True, capture_output=True, text=True, env=bench.environment).stdout.split()
    wall, cpu, peak, code = float(said[0]), float(said[1]), int(said[2]), int(said[3])
    if code == -9 and wall >= seconds - 1:
        raise TookTooLong
    if code:
        with open(out + ".stderr", encoding="utf-8") as stream:
            sys.exit(f"benchmark: {shlex.join(rival.command)} exited with {code}:\n{stream.read()}")
    return Sample(wall, cpu, peak)


def output_of(bench: Bench, rival: Rival) -> str:
    """The file that holds what a rival wrote last."""
    return os.path.join(bench.folder, rival.name.replace(" ", "-").replace("`", "") + ".out")


def in_turns(bench: Bench, rivals: list[Rival], turns: int) -> dict[str, list[Sample]]:
    """Warm every rival up once, then measure A B A B ..."""
    for rival in rivals:
        run(bench, rival)
    samples: dict[str, list[Sample]] = {rival.name: [] for rival in rivals}
    for _ in range(turns):
        for rival in rivals:
            samples[rival.name].append(run(bench, rival))
    return samples


def require_equal(bench: Bench, ours: Rival, theirs: Rival) -> None:
    """Stop unless both wrote the same objects, stamps apart."""
    left, right = objects(output_of(bench, ours)), objects(output_of(bench, theirs))
    different = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
    if different:
        sys.exit(f"benchmark: {ours.name} and {theirs.name} disagree on {different[:5]}")


# --- releases -------------------------------------------------------------------------------------------------


def rendering(bench: Bench) -> tuple[str, str]:
    """A rendered release of NATS with JetStream, cluster and gateway: its path, and what it is in words."""
    if os.path.exists(RENDERING):
        return RENDERING, "the upstream chart 2.14.2, rendered by Helm 3 with cluster, JetStream and gateway on"
    path = os.path.join(bench.folder, "release.yaml")
    chart = os.path.join(ROOT, "tests", "charts", "nats")
    command = [binaries.fetch("helm3"), "template", "nats", chart, "--namespace", "nats", "--set", SETTINGS]
    with open(path, "wb") as stream:
        subprocess.run(command, check=True, stdout=stream, env=bench.environment)
    return path, "tests/charts/nats, rendered by Helm 3 with cluster, JetStream and gateway on"


# --- programs -------------------------------------------------------------------------------------------------


def prepare(folder: str) -> Bench:
    """Install natsvalues from a wheel of this checkout, and find the others."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("NATSVALUES_", "PYTHON"))}
    environment = kept | {"XDG_STATE_HOME": os.path.join(folder, "state"), "NO_COLOR": "1"}
    virtual = os.path.join(folder, "venv")
    print("benchmark: building a wheel and installing it", file=sys.stderr)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    subprocess.run(pip, check=True, env=environment)
    wheel = next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".whl"))
    subprocess.run([sys.executable, "-m", "venv", virtual], check=True, env=environment)
    python = os.path.join(virtual, "bin", "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True, env=environment)
    program = os.path.join(virtual, "bin", "natsvalues")
    return Bench(folder, environment, program, python, binaries.fetch("kubectl"), kustomize(environment))


def kustomize(environment: dict[str, str]) -> str | None:
    """The standalone kustomize, built once where there is a Go compiler."""
    folder = os.path.join(binaries.tools(), f"kustomize-{KUSTOMIZE}")
    path = os.path.join(folder, "kustomize")
    if not os.path.exists(path) and shutil.which("go"):
        module = f"sigs.k8s.io/kustomize/kustomize/v5@v{KUSTOMIZE}"
        subprocess.run(["go", "install", module], check=False, env=environment | {"GOBIN": folder})
    return path if os.path.exists(path) else None


# --- the page -------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Measure everything and write or print the page; return the exit code."""
    if arguments not in ([], ["--quick"]):
        print(__doc__, file=sys.stderr)
        return 1
    quick = bool(arguments)
    with tempfile.TemporaryDirectory(prefix="natsvalues-benchmark-") as folder:
        bench = prepare(folder)
        text = "\n".join(
            [*head(bench), *small(bench, 3 if quick else 21), *large(bench, quick=quick), *growth(bench, quick=quick)]
        )
    if quick:
        print(text)
        return 0
    with open(PAGE, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
    return 0


def ours(bench: Bench, stdin: str) -> Rival:
    """natsvalues, on this input."""
    overlays = os.path.join(ROOT, "charts", "overlays")
    return Rival("natsvalues", (bench.natsvalues, f"--region={REGION}", f"--overlays={overlays}"), stdin)


def head(bench: Bench) -> list[str]:
    """How it was measured."""
    snippet = "import ruamel.yaml, _ruamel_yaml, importlib.metadata as m; print(*map(m.version, "
    snippet += '("natsvalues", "ruamel.yaml", "ruamel.yaml.clib", "jsonpatch")))'
    said = subprocess.run(
        [bench.python, "-c", snippet], check=True, capture_output=True, text=True, env=bench.environment
    )
    own, ruamel, clib, patch = said.stdout.split()
    flags = shlex.split(sysconfig.get_config_var("CONFIG_ARGS") or "")
    built = ", ".join(flag for flag in flags if "optimiz" in flag or "lto" in flag) or "without --enable-optimizations"
    return [
        "# Performance",
        "",
        "<!-- Written by scripts/benchmark.py: run that. -->",
        "",
        "natsvalues beside the usual way to edit a rendered release, kustomize, making the same edits. Both ran in",
        "turns (A B A B) after a warm-up, in one run of `scripts/benchmark.py`, which stops if their outputs are not",
        "equal as parsed objects (natsvalues' stamps apart, and fields that are null). kustomize's input files were",
        "written beforehand and are not timed. CPU is user and system time, memory is the peak resident set.",
        "",
        f"- natsvalues {own} from a wheel, in a virtual environment of its own, bytecode compiled at installation;",
        f"  ruamel.yaml {ruamel} with ruamel.yaml.clib {clib}, jsonpatch {patch}.",
        f"- Python {platform.python_version()} ({platform.python_implementation()}), built {built}.",
        f"- {os.cpu_count()} CPUs, {platform.machine()}, {platform.system()}, load average {os.getloadavg()[0]:.1f}.",
    ]


def small(bench: Bench, turns: int) -> list[str]:
    """One region's release, as `helm upgrade` hands it over."""
    path, words = rendering(bench)
    us = ours(bench, path)
    run(bench, us)
    folder = os.path.join(bench.folder, "small")
    kustomization(folder, path, output_of(bench, us))
    rivals = [us, Rival("kubectl kustomize", (bench.kubectl, "kustomize", folder))]
    if bench.kustomize:
        rivals.append(Rival("kustomize build", (bench.kustomize, "build", folder)))
    for rival in rivals[1:]:
        run(bench, rival)
        require_equal(bench, us, rival)
    samples = in_turns(bench, [*rivals, Rival("`python -c pass`", (bench.python, "-c", "pass"))], turns)
    documents = len(objects(path))
    return [
        "",
        "## One release",
        "",
        f"Input: {words}; {documents} documents, {os.path.getsize(path) / 1024:.0f} KiB. {turns} turns.",
        "`python -c pass` is the floor: the interpreter alone.",
        "",
        *table(samples),
    ]


def large(bench: Bench, *, quick: bool) -> list[str]:
    """An umbrella release with decoys."""
    count = 500 if quick else 5000
    path = os.path.join(bench.folder, "umbrella.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(umbrella(rendering(bench)[0], count))
    us = ours(bench, path)
    run(bench, us)
    folder = os.path.join(bench.folder, "large")
    kustomization(folder, path, output_of(bench, us))
    command = (bench.kustomize, "build", folder) if bench.kustomize else (bench.kubectl, "kustomize", folder)
    them = Rival("kustomize build" if bench.kustomize else "kubectl kustomize", command)
    samples = {us.name: [run(bench, us)]}
    print(f"benchmark: {them.name} with {count} documents, at most {SECONDS} s", file=sys.stderr)
    try:
        samples[them.name] = [run(bench, them)]
        require_equal(bench, us, them)
        remark = f"{them.name} ran once"
    except TookTooLong:
        remark = f"{them.name} was ended after {SECONDS} s without a result"
    samples[us.name] += [run(bench, us) for _ in range(1 if quick else 8)]
    return [
        "",
        "## An umbrella release",
        "",
        f"Input: {count} documents, {os.path.getsize(path) / MIB:.1f} MiB, generated around the release above; one",
        "document in ten mentions NATS without being it. The same edits.",
        f"natsvalues ran {len(samples[us.name])} times, before and after; {remark}.",
        "",
        *table(samples),
    ]


def growth(bench: Bench, *, quick: bool) -> list[str]:
    """Cost by the size of the release."""
    sizes = (50, 500) if quick else (500, 5000, 50000)
    rows = []
    ends = []
    for count in sizes:
        path = os.path.join(bench.folder, f"documents-{count}.yaml")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(umbrella(rendering(bench)[0], count))
        taken = in_turns(bench, [ours(bench, path)], 2 if quick else 7)["natsvalues"]
        walls, peak, size = (
            [item.wall for item in taken],
            max(item.peak for item in taken) * 1024,
            os.path.getsize(path),
        )
        ends.append((count, size, min(walls), peak))
        rows.append(
            f"| {count:,} | {size / MIB:.1f} | {min(walls):.3f} | {statistics.median(walls):.3f} | {peak / MIB:.0f} | "
            f"{peak / size:.1f} |"
        )
    (few, *less), (many, *more) = ends[-2:]
    by_size, by_wall, by_peak = (large / small for small, large in zip(less, more, strict=True))
    return [
        "",
        "## Growth",
        "",
        "natsvalues alone, as the release grows. Documents that cannot matter are split off and passed on, never",
        "parsed, so the cost is the start and then a scan of the text.",
        f"From {few:,} to {many:,} documents the input grows {by_size:.1f} times, the time {by_wall:.1f} times, the",
        f"memory {by_peak:.1f} times.",
        "",
        "| Documents | Input MiB | Wall s, min | median | Peak MiB, highest | Peak / input |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
    ]


def table(samples: dict[str, list[Sample]]) -> list[str]:
    """The rows of one comparison."""
    lines = [
        "| | Wall s, min | median | CPU s, min | median | Peak MiB, min | median |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, taken in samples.items():
        cells = []
        for values, form in (
            ([item.wall for item in taken], ".3f"),
            ([item.cpu for item in taken], ".3f"),
            ([item.peak / 1024 for item in taken], ".1f"),
        ):
            cells += [format(min(values), form), format(statistics.median(values), form)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
