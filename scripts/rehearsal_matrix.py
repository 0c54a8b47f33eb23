"""Rehearse everything on every server version, and write docs/rehearsal-matrix.md from what was seen.

`python scripts/rehearsal_matrix.py` takes about half an hour on two quiet cores and needs helm and the pinned servers
(scripts/binaries.py fetches them). `--only WORD` (several times) keeps the cases whose name has every WORD, and
prints the page instead of writing it. `--jobs N` runs N cases side by side (default 4). `--records FILE` keeps what
is found, a line for each case, and does not run again what is there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.folder import load
from natsvalues.rehearsal.outcome import Cost
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.run import Order, rehearse
from natsvalues.rehearsal.scenarios import SCENARIOS
from natsvalues.rehearsal.sources import fitting, steps_of
from natsvalues.rehearsal.stage import Step

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import binaries
from rehearsal_cases import REGIONS, Renderer, alone, stock, write_overlays

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome

VERSIONS = ("2.10.26", "2.11.4", "2.12.8", "2.14.6", "2.15.1")
PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "rehearsal-matrix.md")
HEAD = """\
# Results of rehearsals

<!-- Written by scripts/rehearsal_matrix.py from its results. -->

Every case was run once by `python scripts/rehearsal_matrix.py`, four to seven in parallel and in several runs
(`--records`), regions of three servers, probe periods 20 times shorter than rendered, on one machine with two cores and
much other load. Seconds count from the start of the scenario's last phase until everything has converged; elections are
random, so expect seconds, not these seconds. The scenarios are described in [rehearse.md](rehearse.md).

"""


class Case(NamedTuple):
    """One run. `kind`: ours, chart (its own gateways), domain (one for each region), join (both ran alone), empty."""

    kind: str
    scope: str
    regions: int
    scenario: str
    version: str

    @property
    def name(self) -> str:
        """All of it in one line."""
        return f"{self.kind} {self.scope} {self.regions}x3 {self.scenario} {self.version}"

    @property
    def row(self) -> tuple[str, str, int, str]:
        """What it shares with the same case on another version."""
        return self.kind, self.scope, self.regions, self.scenario


def cases() -> list[Case]:
    """Everything, the quick ones first."""
    rows: list[tuple[str, str, int, str]] = []
    rows += [("chart", "supercluster", many, "cold-restart") for many in (2, 3)]
    rows += [("chart", "supercluster", 2, name) for name in ("first-install", "cold-region")]
    rows += [("domain", "supercluster", 2, "cold-restart")]
    rows += [(kind, "supercluster", 2, "stage-walk") for kind in ("join", "empty")]
    rows += [("ours", "supercluster", 5, "cold-restart")]
    names = [
        name for name, scenario in SCENARIOS.items() if not scenario.needs_disks and name != "plan"
    ]  # measure_power_cuts.py has them
    for many in (2, 3):
        rows += [("ours", scope, many, name) for scope in ("supercluster", "region") for name in names]
    all_cases = [Case(*row, version) for row in rows for version in VERSIONS]
    return [case for case in all_cases if case.scenario != "upgrade" or case.version != VERSIONS[0]]


def steps(case: Case, renderer: Renderer, folder: str) -> tuple[Step, ...]:
    """The renderings of a case."""
    regions = REGIONS[: case.regions]
    if case.kind == "ours":
        overlays = os.path.join(folder, case.name.replace(" ", "-"))
        write_overlays(overlays, regions, case.scope)
        version = case.version
        stage_steps = steps_of(load(overlays), lambda _: (renderer.template(version), "rendering"), case.scenario)
        prior = VERSIONS[max(VERSIONS.index(version) - 1, 0)]
        before = steps_of(load(overlays), lambda _: (renderer.template(prior), "rendering"), "upgrade")
        return fitting(case.scenario, stage_steps, before)
    settings = ["config.jetstream.merge.domain={region}"] if case.kind == "domain" else []
    joined = _read(stock(renderer, case.version, regions, *settings))
    if case.kind in ("join", "empty"):
        before = {region: alone(renderer, case.version, region) for region in regions}
        return (Step("each alone", _read(before)), Step("joined", joined))
    return (Step("", joined),)


def _read(texts: dict[str, str]):  # noqa: ANN202   # renderings by region
    return {region: read_rendering(text, region) for region, text in texts.items()}


async def run_all(wanted: list[Case], renderer: Renderer, jobs: int, records: str) -> None:
    """Every case, `jobs` at a time; what is found goes into the file of records, a line of JSON for each."""
    gate = asyncio.Semaphore(jobs)
    with tempfile.TemporaryDirectory() as folder:

        async def one(case: Case) -> None:
            async with gate:
                only = (REGIONS[0],) if case.kind == "empty" else ()
                order = Order(case.scenario, steps(case, renderer, folder), streams_in=only)
                try:
                    outcome = await rehearse(order)
                except NatsvaluesError as error:
                    print(f"{case.name}: {error}", flush=True)
                    return
                print(f"{case.name}: {outcome.word}", flush=True)
                keep(records, record(case, outcome))

        async with asyncio.TaskGroup() as group:
            for case in wanted:
                group.create_task(one(case))


def keep(path: str, record: dict[str, Any]) -> None:
    """Add a record to a file."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def record(case: Case, outcome: Outcome) -> dict[str, Any]:
    """What is kept of an outcome."""
    return {
        "case": case.name,
        "word": outcome.word,
        "lossy": outcome.lossy,
        "phase": outcome.phase,
        "seconds": outcome.seconds,
        "fates": [f"{fate.region} {fate.fate} {fate.found}/{fate.acknowledged}" for fate in outcome.streams],
        "cost": outcome.cost,
        "causes": [f"{cause.subject} | {cause.waits_for} | {cause.seen}" for cause in outcome.causes[:4]],
    }


def recorded(path: str) -> dict[str, dict[str, Any]]:
    """The records of a file by the names of their cases; of several the last."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as lines:
        return {record["case"]: record for record in map(json.loads, lines)}


def page(records: dict[str, dict[str, Any]]) -> str:
    """The tables."""
    parts = [HEAD]
    titles = {
        "chart": "The chart's own gateways, behind a load balancer that only sends to ready pods",
        "domain": "The same with a JetStream domain for each region",
        "join": "Two regions that both ran JetStream and have streams are joined (one system account)",
        "empty": "The same, and the second holds no stream",
        "ours": "Post-rendered by natsvalues",
    }
    known = [case for case in cases() if case.name in records]
    for kind, title in titles.items():
        rows = list(dict.fromkeys(case.row for case in known if case.kind == kind))
        if not rows:
            continue
        parts.append(f"## {title}\n\n| Scenario | Scope | Servers | {' | '.join(VERSIONS)} |\n")
        parts.append("| --- | --- | --- |" + " --- |" * len(VERSIONS) + "\n")
        for row in rows:
            cells = [cell(records.get(Case(*row, version).name)) for version in VERSIONS]
            parts.append(f"| {row[3]} | {row[1]} | {row[2]}x3 | {' | '.join(cells)} |\n")
        parts.append("\n")
    return "".join([*parts, costs(records)])


def cell(record: dict[str, Any] | None) -> str:
    """The outcome in a word or two."""
    if record is None:
        return "-"
    if record["lossy"]:
        gone = sum(" gone " in fate or " lost " in fate for fate in record["fates"])
        loss = f", {gone} stream{'s' if gone > 1 else ''} lost" if gone else ", meta groups merged"
        return f"**{'stuck, ' if record['word'] == 'stuck' else ''}lossy**{loss}"
    return f"{record['seconds']:g} s" if record["word"] == "converged" else f"**{record['word']}**"


def costs(records: dict[str, dict[str, Any]]) -> str:
    """What cold restarts took, by the number of servers."""
    lines = ["## What a rehearsal takes\n\n| Cold restart | Wall | CPU of the servers | Memory |\n"]
    lines.append("| --- | --- | --- | --- |\n")
    for many in (2, 3, 5):
        names = {Case("ours", "supercluster", many, "cold-restart", version).name for version in VERSIONS}
        taken = [Cost(*one["cost"]) for name, one in records.items() if name in names and one["word"] == "converged"]
        if taken:
            walls = f"{min(cost.wall for cost in taken):.0f} to {max(cost.wall for cost in taken):.0f} s"
            memory = f"{max(cost.memory for cost in taken) // 1_000_000} MB"
            cpu = max(cost.server_cpu for cost in taken)
            lines.append(f"| {many}x3 servers | {walls} | up to {cpu:g} s | up to {memory} |\n")
    lines.append(
        "\nMemory is the most that all servers had together at one moment. Wall times are those of cases that ran "
        "beside others;\nthe five of 5x3 servers ran all at once.\n"
    )
    return "".join(lines)


def main(arguments: list[str]) -> int:
    """Run what is not on record yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--records", default="")
    options = parser.parse_args(arguments)
    os.environ["NATSVALUES_TOOLS"] = binaries.tools()
    for version in VERSIONS:
        binaries.fetch(f"nats-server@{version}")
    with tempfile.TemporaryDirectory() as folder:
        records = options.records or os.path.join(folder, "records")
        before = recorded(records)
        chosen = [case for case in cases() if all(word in case.name.split() for word in options.only)]
        wanted = [case for case in chosen if case.name not in before]
        asyncio.run(run_all(wanted, Renderer(binaries.fetch("helm3")), options.jobs, records))
        recorded_cases = recorded(records)
    text = page(recorded_cases)
    if options.only:
        print(text)
    else:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
    return 0 if all(case.name in recorded_cases for case in chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
