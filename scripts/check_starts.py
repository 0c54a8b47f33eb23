"""Try on real servers whether everything that natsvalues accepts starts, on generated values and overlays.

`python scripts/check_starts.py --seed 1 --cases 300 --jobs 2 --records FILE` runs the cases of a seed that FILE has not
yet, adds what became of each to FILE, and writes docs/starts.md from it. `--only SEED/CASE` repeats one, and prints its
values and overlays; `--knobs a,b` leaves out all its other knobs, to find the ones that matter. The exit code is 1 if
a case FAILED: it was accepted, and its servers do not start, or are not what they should be.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

import binaries
from starts.case import KNOBS, case
from starts.delivered import Tool
from starts.page import write_page
from starts.verdict import FAILED, Verdict, judged, shown


def main() -> int:
    """Run the cases, and write the records and the page."""
    options = _options()
    os.environ["NATSVALUES_TOOLS"] = binaries.tools()
    if options.only and "," not in options.only:
        return _one(options.only, tuple(options.knobs.split(",")) if options.knobs is not None else None)
    records = _read(options.records)
    known = {record["case"] for record in records}
    numbers = range(options.first, options.first + options.cases)
    names = options.only.split(",") if options.only else [f"{options.seed}/{number}" for number in numbers]
    with ProcessPoolExecutor(options.jobs) as pool:
        left_out = options.without.split(",")
        kept = tuple(knob for knob in KNOBS if knob not in left_out) if options.without else None
        running = [pool.submit(run, name, kept) for name in names if name not in known]
        for number, done in enumerate(as_completed(running), 1):
            record = done.result()
            records.append(record)
            _add(options.records, record)
            print(f"{number}/{len(running)} {record['case']}: {record['result']} {record['why'][:160]}", flush=True)
    if options.page:
        write_page(records)
    return 1 if any(record["result"] == FAILED for record in records if record["case"] in names) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first case")
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--records", default="", help="a file of JSON lines; cases in it are not run again")
    parser.add_argument("--page", action="store_true", help="write docs/starts.md from the records")
    parser.add_argument("--only", default="", help="SEED/CASE: repeat one, and print it; or several, with commas")
    parser.add_argument("--without", default="", help="knobs to leave out of all cases; names with commas")
    parser.add_argument("--knobs", help="with --only: leave out all other knobs; names with commas")
    return parser.parse_args()


def run(name: str, knobs: tuple[str, ...] | None = None) -> dict[str, Any]:
    """One case and what became of it, as a record."""
    seed, _, number = name.partition("/")
    item = case(int(seed), int(number), knobs)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="natsvalues-starts-") as folder:
        try:
            verdict = judged(item, Tool(binaries.fetch("helm3"), folder))
        except Exception as error:  # noqa: BLE001   # an error of this script is a record, too
            verdict = Verdict(FAILED, f"check_starts: {type(error).__name__}: {error}")
    written = item.overlays
    return {
        "case": name, "version": item.version, "scope": written.scope, "way": item.way, "start": item.start,
        "stages": [written.stage(region) for region in written.regions], "replicas": item.setup.replicas,
        "knobs": list(item.knobs), **verdict._asdict(), "took": round(time.monotonic() - began, 1),
    }  # fmt: skip


def _one(name: str, knobs: tuple[str, ...] | None) -> int:
    seed, _, number = name.partition("/")
    print(shown(case(int(seed), int(number), knobs)))
    record = run(name, knobs)
    print(json.dumps(record, indent=1))
    return 1 if record["result"] == FAILED else 0


def _read(path: str) -> list[dict[str, Any]]:
    if not path or not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return list({record["case"]: record for record in map(json.loads, file)}.values())  # the last of each case


def _add(path: str, record: dict[str, Any]) -> None:
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    sys.exit(main())
