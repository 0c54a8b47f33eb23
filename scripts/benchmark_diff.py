"""Measure `natsvalues diff` beside dyff and helm, and write docs/performance-diff.md.

`python scripts/benchmark_diff.py` measures, in turns after a warm-up: one release against its next chart version,
umbrella releases of 5,000 documents of which few or all differ, and a release in a real cluster against its chart.
`--quick` takes few small runs and prints the page instead of writing it. Needs Go. Run it on a quiet machine.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, NamedTuple

import benchmark
import binaries
import cluster
import cluster_build
from benchmark import ROOT, Bench, Rival, in_turns, table
from benchmark_releases import umbrella

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = os.path.join(ROOT, "docs", "performance-diff.md")
DYFF = "1.12.0"
CHART = os.path.join(ROOT, "tests", "charts", "nats")
OLDER = (
    ("nats-2.14.2-test", "nats-1.3.16-test"),
    ("app.kubernetes.io/version: 2.14.2", "app.kubernetes.io/version: 2.11.10"),
    ("nats:2.14.2-alpine", "nats:2.11.10-alpine"),
    ("nats-box:0.19.7", "nats-box:0.19.2"),
    ('"max_file_store": 10Gi', '"max_file_store": 8Gi'),
)


def main(arguments: list[str]) -> int:
    """Measure everything and write or print the page; return the exit code."""
    if arguments not in ([], ["--quick"]):
        print(__doc__, file=sys.stderr)
        return 1
    quick = bool(arguments)
    with tempfile.TemporaryDirectory(prefix="natsvalues-benchmark-") as folder:
        bench = benchmark.prepare(folder)
        dyff = built_dyff(bench)
        text = "\n".join([*head(), *files(bench, dyff, quick=quick), *live(bench, 2 if quick else 15)]) + "\n"
    if quick:
        print(text)
        return 0
    with open(PAGE, "w", encoding="utf-8") as stream:
        stream.write(text)
    return 0


def built_dyff(bench: Bench) -> str:
    """Path of dyff, built once."""
    folder = os.path.join(binaries.tools(), f"dyff-{DYFF}")
    path = os.path.join(folder, "dyff")
    if not os.path.exists(path):
        environment = bench.environment | {"GOBIN": folder, "CGO_ENABLED": "0"}
        subprocess.run(["go", "install", f"github.com/homeport/dyff/cmd/dyff@v{DYFF}"], check=True, env=environment)
    return path


def head() -> list[str]:
    """How it was measured."""
    return [
        "# Performance of diff",
        "",
        "<!-- Written by scripts/benchmark_diff.py: run that. -->",
        "",
        "natsvalues from a wheel in a virtual environment of its own, and the others, in turns after a warm-up, in one",
        "run of `scripts/benchmark_diff.py`. CPU is user and system time, memory the peak resident set of the largest",
        "process. natsvalues also evaluates each change and removes secrets; the others show lines.",
        "",
        f"- Python {platform.python_version()}, dyff {DYFF}, Helm 4.3.1.",
        f"- {os.cpu_count()} CPUs, {platform.machine()}, {platform.system()}, load average {os.getloadavg()[0]:.1f}.",
    ]


def files(bench: Bench, dyff: str, *, quick: bool) -> Iterator[str]:
    """Pairs of files: one release, and large ones."""
    release, words = benchmark.rendering(bench)
    with open(release, encoding="utf-8") as stream:
        text = stream.read()
    old = text
    for new_part, old_part in OLDER:
        old = old.replace(new_part, old_part)
    old = old.replace("nats-2.14.2", "nats-1.3.16")
    count = 500 if quick else 5000
    large = umbrella(release, count)
    few = large.replace("nats:2.14.2-alpine", "nats:2.14.6-alpine").replace("part-77:1.77.0", "part-77:1.78.0")
    every = re.sub(r"(app\.kubernetes\.io/instance: shop)\b", r"\g<1>2", large)
    for case in (
        Case("One release, the chart's version bumped", words, old, text, 3 if quick else 15),
        Case(f"{count:,} documents, few of them different", "generated around it", large, few, 2 if quick else 9),
        Case(f"{count:,} documents, all of them different", "a label of each changes", large, every, 2 if quick else 5),
    ):
        yield from _compared(bench, dyff, case)


class Case(NamedTuple):
    """Two texts to compare, so many times; `words` say what they are."""

    title: str
    words: str
    old: str
    new: str
    turns: int


def _compared(bench: Bench, dyff: str, case: Case) -> Iterator[str]:
    paths = []
    for name, text in (("old.yaml", case.old), ("new.yaml", case.new)):
        paths.append(os.path.join(bench.folder, name))
        with open(paths[-1], "w", encoding="utf-8") as stream:
            stream.write(text)
    rivals = [
        Rival("natsvalues diff", (bench.natsvalues, "diff", *paths)),
        Rival("dyff between", (dyff, "between", "--omit-header", *paths)),
    ]
    samples = in_turns(bench, rivals, case.turns)
    size = len(case.old) / 1024
    yield from ("", f"## {case.title}", "")
    yield from (f"Input: {case.words}; {size:,.0f} KiB each side. {case.turns} turns.", "")
    yield from table(samples)


def live(bench: Bench, turns: int) -> Iterator[str]:
    """A release in a cluster against its chart. helm's own server dry run is measured in place of helm-diff."""
    helm = binaries.fetch("helm4")
    running, user = cluster.start(cluster_build.build())
    try:
        config = os.path.join(bench.folder, "kubeconfig")
        with open(config, "w", encoding="utf-8") as stream:
            stream.write(running.kubeconfig())
        there = bench._replace(environment=bench.environment | {"KUBECONFIG": config, "HELM_BIN": helm})
        upgrade = ("upgrade", "--install", "nats", CHART, "--set", benchmark.SETTINGS)
        subprocess.run([helm, *upgrade], check=True, capture_output=True, env=there.environment)
        overlays = os.path.join(ROOT, "charts", "overlays")
        ours = (bench.natsvalues, "diff", "nats", CHART, "--set", benchmark.SETTINGS, "--region=us-east")
        rivals = [
            Rival("natsvalues diff", (*ours, f"--overlays={overlays}")),
            Rival("helm upgrade --dry-run=server", (helm, *upgrade, "--dry-run=server")),
        ]
        samples = in_turns(there, rivals, turns)
    finally:
        cluster.leave(user)
    yield from (
        "",
        "## A release in a cluster, against its chart",
        "",
        "On a local API server with no other load; natsvalues reads the release, its values and a rendering by helm,",
        "post-renders and compares. A server dry run alone, which helm-diff renders with before it compares, is beside",
        f"it (helm-diff itself was not available). {turns} turns.",
        "",
    )
    yield from table(samples)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
