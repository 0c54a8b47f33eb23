"""Walk through releases at random on real servers, and check that what natsvalues lets through loses nothing.

`python scripts/check_keeps.py --records FILE --walks 200` runs the known walks and those of 200 seeds that are not in
the file yet, `--jobs` side by side, and writes docs/walks.md from all of its records. `--only SEED` repeats a walk and
prints its steps. Every walk starts from one of five starting points (walks/moves.py). Before each step natsvalues is
asked, and a step that it refuses or calls a loss is mostly not taken. At the end no acknowledged message may be gone,
and all regions must be whole, unless it was said. Needs helm and the pinned servers (scripts/binaries.py has them).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import traceback
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import binaries
from rehearsal_cases import Renderer
from walks.git import VERSIONS
from walks.known import KNOWN
from walks.page import write_page
from walks.walk import Plan, plan_of, walk

BUGS = ("LOST", "STUCK", "failed")


async def run_all(plans: list[Plan], renderer: Renderer, jobs: int, records: str) -> None:
    """Every walk, some at a time; a line of JSON for each goes into the file of records."""
    gate = asyncio.Semaphore(jobs)

    async def one(plan: Plan) -> None:
        async with gate:
            try:
                record = await walk(plan, renderer)
            except Exception:  # noqa: BLE001   # a bug of one walk must not end the others
                record = {"name": plan.name, "seed": plan.seed, "start": plan.start, "result": "failed"}
                record["why"] = traceback.format_exc()
            print(f"{plan.name}, {plan.start}: {record['result']}", flush=True)
            keep(records, record)

    async with asyncio.TaskGroup() as group:
        for plan in plans:
            group.create_task(one(plan))


def keep(path: str, record: dict[str, Any]) -> None:
    """Add a record to a file."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def recorded(path: str) -> dict[int, dict[str, Any]]:
    """The records of a file by their seeds; of several the last."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as lines:
        return {record["seed"]: record for record in map(json.loads, lines)}


def show(record: dict[str, Any]) -> None:
    """Print a walk, a line for each step."""
    for step in record.get("steps", ()):
        said = [*step.get("errors", ()), *step.get("impacts", ()), *step.get("warnings", ())]
        print(f"{step['word']:<12} {step['command']:<44} {'; '.join(said)}")
        for lack in (*step.get("messages", ()), *step.get("lacking", ())):
            print(f"{'':<16} {lack}")
    for part in ("fates", "lacking", "causes"):
        for item in record.get(part, ()):
            print(f"{part}: {item}")
    print(record.get("why", ""), record["result"], record.get("version"), f"{record.get('seconds')} s")


def main(arguments: list[str]) -> int:
    """Run what is not on record yet, and write the page; 1 if there is a loss or a stop that nobody announced."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--walks", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--records", default="")
    parser.add_argument("--only", type=int)
    parser.add_argument("--show", type=int, help="print a walk of the records, and run nothing")
    options = parser.parse_args(arguments)
    if options.show is not None:
        show(recorded(options.records)[options.show])
        return 0
    os.environ["NATSVALUES_TOOLS"] = binaries.tools()
    for version in VERSIONS:
        binaries.fetch(f"nats-server@{version}")
    renderer = Renderer(binaries.fetch("helm3"))
    with tempfile.TemporaryDirectory() as folder:
        records = options.records or os.path.join(folder, "records")
        if options.only is not None:
            asyncio.run(run_all([plan_of(options.only)], renderer, 1, os.path.join(folder, "only")))
            record = recorded(os.path.join(folder, "only"))[options.only]
            show(record)
            return int(record["result"] in BUGS)
        known = recorded(records)
        seeds = [*range(0, -len(KNOWN), -1), *range(options.seed, options.seed + options.walks)]
        plans = [plan_of(seed) for seed in seeds if seed not in known]
        asyncio.run(run_all(plans, renderer, options.jobs, records))
        known = recorded(records)
    write_page(list(known.values()))
    return int(any(record["result"] in BUGS for record in known.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
