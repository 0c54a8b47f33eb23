"""Measure what a power cut costs by nats-server version and sync_interval, and what each interval costs in throughput.

`sudo python scripts/measure_power_cuts.py --records FILE --page` runs what FILE has not yet, adds each run to it, and
writes docs/power-cuts.md from it. A run takes about a minute; `--jobs` run side by side, those of throughput alone.
It needs root, for loop devices, and leaves none behind.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

import binaries
from power_cuts import cell
from power_cuts.page import write_page

from natsvalues.errors import NatsvaluesError

VERSIONS = ("2.12.8", "2.14.6", "2.15.1")
INTERVALS = ("default", "10s", "1s", "always")


def main() -> int:
    """Run what is missing, and write the records and the page."""
    options = _options()
    records = _read(options.records)
    known = {record["case"] for record in records}
    for is_fast, runs, jobs in ((False, options.runs, options.jobs), (True, options.fast, 1)):
        cases = [
            cell.Case(version, interval, is_fast, number)
            for number in range(runs)
            for version in VERSIONS
            for interval in INTERVALS
        ]
        with ProcessPoolExecutor(jobs) as pool:
            running = [pool.submit(_run, case) for case in cases if case.key not in known]
            for number, done in enumerate(as_completed(running), 1):
                try:
                    record = done.result()
                except NatsvaluesError as error:
                    print(error, file=sys.stderr)
                    pool.shutdown(cancel_futures=True)
                    return 1
                records.append(record)
                with open(options.records, "a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
                print(f"{number}/{len(running)}", json.dumps(record), flush=True)
    if options.page:
        write_page([record for record in records if not record["fate"].startswith("error")])
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", required=True, help="a file of JSON lines; runs in it are not repeated")
    parser.add_argument("--runs", type=int, default=10, help="power cuts of each version and interval")
    parser.add_argument("--fast", type=int, default=3, help="measurements of throughput of each")
    parser.add_argument("--jobs", type=int, default=4, help="power cuts side by side")
    parser.add_argument("--page", action="store_true", help="write docs/power-cuts.md from the records")
    return parser.parse_args()


def _run(case: cell.Case) -> dict[str, Any]:
    """One case as a record; a run that failed is one, too, and is not counted."""
    try:
        result = cell.run(case, binaries.fetch(f"nats-server@{case.version}"))
    except (OSError, TimeoutError) as error:
        result = cell.Result(0, 0, f"error: {error}", 0, 0)
    return {"case": case.key, **case._asdict(), **result._asdict(), "load": round(os.getloadavg()[0], 1)}


def _read(path: str) -> list[dict[str, Any]]:
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    sys.exit(main())
