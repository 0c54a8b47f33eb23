"""Compare with real servers whether a cold start hangs, for every supercluster of lint's examples.

`python scripts/compare_verdicts.py` rehearses the cold restart of the examples of all lint rules (each set of
renderings once) and writes docs/verdicts.md; it takes about half an hour. `--only WORD` rehearses only examples whose
name contains the word, and writes no page. The exit code is 1 if a verdict differs from that of lint and diff.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.supercluster.cold_start import cold_starts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from natsvalues.lint.subject import Subject

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "verdicts.md")
NOT_SIMULATED = "the headless Service"
"""Part of the reason of a cold start that a rehearsal cannot show: it has no DNS, so every server finds its peers."""


class Verdict(NamedTuple):
    """One supercluster: why its cold start would hang by its manifests (empty if it ends), and the servers' verdict."""

    names: tuple[str, ...]
    reason: str
    servers: str
    seconds: float | None

    @property
    def agrees(self) -> bool:
        """Whether both verdicts are the same; an example that cannot be rehearsed counts as the same."""
        return self.servers.startswith("not ") or (self.servers == "stuck") == bool(self.reason)


def main() -> int:
    """Rehearse, compare, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="rehearse only those whose name has this word; write no page")
    parser.add_argument("--jobs", type=int, default=3, help="how many rehearsals run at the same time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="natsvalues-verdicts-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        chosen = [item for item in _superclusters(folder) if options.only in " ".join(item[0])]
        verdicts = []
        for verdict in pool.map(lambda item: _compared(*item), chosen):
            verdicts.append(verdict)
            print(_row(verdict), flush=True)
    if not options.only:
        with open(PAGE, "w", encoding="utf-8") as page:
            page.write(_page(verdicts))
    return 0 if all(verdict.agrees for verdict in verdicts) else 1


def _superclusters(folder: str) -> Iterator[tuple[tuple[str, ...], Subject]]:
    """Every different set of renderings of lint's examples, with the names of the examples that have it."""
    module = _module("tests/example_regions.py")
    cases = _module("tests/supercluster/verdict_cases.py")
    renderer = _module("scripts/rehearsal_cases.py")
    binaries = _module("scripts/binaries.py")
    helm = renderer.Renderer(binaries.fetch("helm3"))
    plain, gateway = helm.template("2.14.2"), helm.template("2.14.2", "config.gateway.enabled=true")
    by_text: dict[tuple[str, ...], tuple[list[str], Any]] = {}
    for group in cases.of_rules(module, module.Renderings(plain, gateway), folder):
        texts = tuple(cluster.release.text() for cluster in group.subject.clusters)
        by_text.setdefault(texts, ([], group.subject))[0].append(group.name)
    for names, subject in by_text.values():
        yield tuple(names), subject


def _compared(names: tuple[str, ...], subject: Subject) -> Verdict:
    reasons = [start.reason for start in cold_starts(subject.states).values() if start.hangs]
    reason = next(iter(reasons), "")
    if NOT_SIMULATED in reason:
        return Verdict(names, reason, "not simulated", None)
    with tempfile.TemporaryDirectory(prefix="natsvalues-verdict-") as folder:
        for cluster in subject.clusters:
            with open(os.path.join(folder, f"{cluster.region}.yaml"), "w", encoding="utf-8") as file:
                file.write(cluster.release.text())
        command = [sys.executable, "-m", "natsvalues", "rehearse", folder, "--scenario", "cold-restart", "-o", "json"]
        environment = {**os.environ, "NATSVALUES_TOOLS": os.path.join(ROOT, ".tools")}
        rehearsal = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=environment)
    if not rehearsal.stdout:
        return Verdict(names, reason, "not rehearsed", None)
    (scenario,) = json.loads(rehearsal.stdout)["scenarios"]
    refused = any("its server to start" in cause["waits_for"] for cause in scenario["causes"])
    never_up = scenario["phase"] != "cold restart of all regions"
    return Verdict(names, reason, "not started" if refused or never_up else scenario["verdict"], scenario["seconds"])


def _module(path: str) -> ModuleType:
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(f"verdicts_{name}", os.path.join(ROOT, path))
    assert spec is not None  # noqa: S101 - files of this project
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _row(verdict: Verdict) -> str:
    seconds = "" if verdict.seconds is None else f" ({verdict.seconds:g} s)"
    by_manifests = verdict.reason or "it ends"
    agrees = "yes" if verdict.agrees else "**no**"
    return f"| {', '.join(verdict.names)} | {by_manifests} | {verdict.servers}{seconds} | {agrees} |"


def _page(verdicts: list[Verdict]) -> str:
    agreeing = sum(verdict.agrees for verdict in verdicts)
    restarted = sum(not verdict.servers.startswith("not ") for verdict in verdicts)
    return "\n".join(
        [
            "# Cold starts: the verdicts of lint and diff, and of real servers",
            "",
            "Written by `python scripts/compare_verdicts.py`. Each supercluster of the examples of",
            "[lint's rules](rules.md) is judged by the function that lint and diff share, and its cold restart is",
            "rehearsed with real servers (nats-server 2.14.2 unless the example has another image).",
            "",
            f"{len(verdicts)} superclusters, {restarted} of them restarted; {agreeing} of {len(verdicts)} agree.",
            "`not started`: the servers refuse the example's configuration, or never come together even with every",
            "load balancer open. `not simulated`: a rehearsal has no DNS, so no headless Service hides pods in it.",
            "",
            "| Examples | By the manifests | With servers | Agree |",
            "| --- | --- | --- | --- |",
            *map(_row, verdicts),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
