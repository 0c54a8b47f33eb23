"""Walk plans with real servers from every starting point, and write what was seen: what `natsvalues plan` stands on.

`python scripts/plan_runs.py` runs each starting point (scripts/plan_cases.py) once on each version, then those that
touch data until they have five runs; it takes hours, and needs helm and the pinned servers (scripts/binaries.py fetches
them). Every run is a line in docs/plan-runs.jsonl, and what is there is not run again, also if it was stuck or lossy:
once that is mended, delete its line. `--only WORD` (several times) keeps the runs whose name has every WORD, `--jobs N`
runs N side by side (default 1), `--runs N` wants N runs of those that touch data, `--write` only writes the records and
the page.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.errors import NatsvaluesError
from natsvalues.rehearsal.run import rehearse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import binaries
from plan_cases import CASES, Case, order
from rehearsal_cases import Renderer

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome

VERSIONS = ("2.12.8", "2.14.6", "2.15.1")
RUNS = 5
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOG = os.path.join(ROOT, "docs", "plan-runs.jsonl")
PAGE = os.path.join(ROOT, "docs", "plan-runs.md")
RECORDS = os.path.join(ROOT, "natsvalues", "runbook", "records.json")
HEAD = """\
# Plans that were walked

<!-- Written by scripts/plan_runs.py from its records. -->

`natsvalues plan` offers a way only where it was walked with real servers and lost nothing. Each run starts what is
installed, with a file stream of three replicas and one of one replica in each region that has JetStream, a stream in
memory (where the way allows it), a work queue with five messages that are fetched and not acknowledged, a key-value
bucket, an object store and a mirror; publishers write to all of them, except where a step says to stop publishing.
Then it makes the plan's first step, and computes the plan again from nothing but the releases, the overlays, the
backups and the servers' answers, as after an interruption, until no step is left. At the end every acknowledged message
must be in its stream, and consumers must be where they were. Wherever the plan computed again differs from the rest of
the one before, or a check does not hold, the run is stuck.

The gap is the longest time in which one of the streams acknowledged nothing. `python scripts/plan_runs.py` continues
where the runs below end ([plan-runs.jsonl](plan-runs.jsonl)).

Runs found what the plan does differently since: streams of one replica are given three before a region gets smaller
(27 of 85 messages were lost with the server, 2.15.1); mirrors are restored after their origins (one lacked 17 of 43
messages, 2.15.1); streams in memory are not backed up (the server answers `snapshot failed: no impl`); streams of a
region that leaves move with one replica before 2.14: of 20 runs on 2.12.8 with three, five were stuck at the end with
a stream in memory that had no leader, and one lost 30 of 83 messages
([why](stages.md#streams-that-move-to-another-region)).

Earlier runs had no consumers: each request for a message timed out, and no position was compared. They are not here.
In the runs below a consumer acknowledged six messages before the first step, and its position is read at the end.

Where a row has "to" another version, the version beside it is the one that was installed. Where volumes are gone, the
region's publishers are stopped and its streams backed up before its servers are killed and their stores emptied; the
other regions' publishers go on all the time.

"""


class Wanted(NamedTuple):
    """One run: a starting point, a version, and the how manieth it is, from 1."""

    case: Case
    version: str
    number: int

    @property
    def name(self) -> str:
        """All of it in one line."""
        return f"{self.case.name} {self.version} {self.number}"


def wanted_runs(runs: int) -> list[Wanted]:
    """Every run: all starting points once, then those that touch data again."""
    once = [Wanted(case, version, 1) for version in VERSIONS for case in CASES if version != case.to]
    once.sort(key=lambda run: not run.case.has_data)
    more = range(2, runs + 1)
    return once + [
        Wanted(case, version, number)
        for number in more
        for case in CASES
        if case.has_data
        for version in VERSIONS
        if version != case.to
    ]


async def run_all(runs: list[Wanted], renderer: Renderer, jobs: int) -> None:
    """Run these, `jobs` at a time; each becomes a line of the log."""
    gate = asyncio.Semaphore(jobs)

    async def one(run: Wanted) -> None:
        async with gate:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    outcome = await rehearse(order(run.case, renderer, run.version, folder))
                except NatsvaluesError as error:
                    print(f"{run.name}: {error}", flush=True)
                    return
            record = record_of(run, outcome)
            print(f"{run.name}: {outcome.word}, {record['seconds']} s {record['causes']}", flush=True)
            keep(record)

    async with asyncio.TaskGroup() as group:
        for run in runs:
            group.create_task(one(run))


def keep(record: dict[str, Any]) -> None:
    """Add a line to the log."""
    with open(LOG, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def record_of(run: Wanted, outcome: Outcome) -> dict[str, Any]:
    """What is kept of a run."""
    return {
        "case": run.case.name,
        "version": run.version,
        "run": run.number,
        "word": outcome.word,
        "steps": [[step.id, step.way, step.seconds] for step in outcome.steps],
        "acknowledged": sum(fate.acknowledged for fate in outcome.streams),
        "lost": max(sum(fate.lost for fate in outcome.streams), int(outcome.lossy)),
        "gap": outcome.gap,
        "seconds": round(outcome.cost.wall),
        "phase": outcome.phase,
        "causes": [f"{cause.subject} | {cause.waits_for} | {cause.seen}" for cause in outcome.causes[:3]],
    }


def recorded(path: str) -> list[dict[str, Any]]:
    """The lines of the log; of a run that was made again, the last one."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        known = {name_of(record): record for record in map(json.loads, lines)}
    return list(known.values())


def name_of(record: dict[str, Any]) -> str:
    """The name of a record's run."""
    return f"{record['case']} {record['version']} {record['run']}"


def records_of(runs: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """For each way and version the runs that came to an end: how many, with how many messages, and how many were lost.

    A run that is stuck has moved nothing to its end; it is a finding, and in the page. A run to another version counts
    for the way that leads there, from the one version to the other; and no other run does.
    """
    to = {case.name: case.to for case in CASES}
    ended = [run for run in runs if run["word"] != "stuck"]
    ways = sorted({way for run in ended for _, way, _ in run["steps"]})
    records: dict[str, list[dict[str, Any]]] = {}
    for way in ways:
        leads = way.endswith("-servers") and way != "rename-servers"
        for version, goal in ((version, goal) for version in VERSIONS for goal in ("", *VERSIONS)):
            mine = [
                run
                for run in ended
                if (run["version"], to.get(run["case"], "")) == (version, goal)
                and leads == bool(goal)
                and way in {item[1] for item in run["steps"]}
            ]
            if mine:
                records.setdefault(way, []).append(
                    {
                        "version": version,
                        "runs": len(mine),
                        "acknowledged": sum(run["acknowledged"] for run in mine),
                        "lost": sum(run["lost"] for run in mine),
                        **({"to": goal} if goal else {}),
                    }
                )
    return records


def page(runs: list[dict[str, Any]]) -> str:
    """The page: a table of the starting points, and what was stuck or lost."""
    lines = [
        "| From | Steps | Version | Runs | Acknowledged | Lost | Longest gap |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for case in CASES:
        for version in VERSIONS:
            mine = [run for run in runs if (run["case"], run["version"]) == (case.name, version)]
            ended = [run for run in mine if run["word"] != "stuck"]
            if not ended:
                continue
            cells = [
                case.title,
                str(max(len(run["steps"]) for run in ended)),
                version,
                str(len(ended)),
                f"{sum(run['acknowledged'] for run in ended):,}",
                f"{sum(run['lost'] for run in ended):,}",
                f"{max(run['gap'] for run in ended):g} s",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    wrong = [run for run in runs if run["word"] != "converged"]
    lines += ["", "## Stuck or lossy", ""] if wrong else []
    lines += [f"- {name_of(run)}: {run['word']} in `{run['phase']}`: {'; '.join(run['causes'])}" for run in wrong]
    return HEAD + "\n".join(lines) + "\n"


def write(runs: list[dict[str, Any]]) -> None:
    """Write the records and the page."""
    with open(RECORDS, "w", encoding="utf-8") as file:
        file.write(json.dumps(records_of(runs), indent=1) + "\n")
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page(runs))


def main(arguments: list[str]) -> int:
    """Run what is not on record yet, and write the records and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    os.environ["NATSVALUES_TOOLS"] = binaries.tools()
    if not options.write:
        for version in VERSIONS:
            binaries.fetch(f"nats-server@{version}")
        known = {name_of(record) for record in recorded(LOG)}
        runs = [run for run in wanted_runs(options.runs) if all(word in run.name.split() for word in options.only)]
        left = [run for run in runs if run.name not in known]
        asyncio.run(run_all(left, Renderer(binaries.fetch("helm3")), options.jobs))
    runs_made = recorded(LOG)
    write(runs_made)
    return 0 if all(record["word"] == "converged" for record in runs_made) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
