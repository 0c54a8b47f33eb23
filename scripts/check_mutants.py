"""Make small changes of a room's code, one after the other, and print those that no test notices.

`python scripts/check_mutants.py ROOM --sample 200 --seed 1` changes a room in 200 places, and runs the tests that reach
each place. The last lines have the number of survivors. Without `--sample` it tries all. `--only TEXT` takes those
whose place or operator contains TEXT. The project's files are not written, and the stored renderings are not used.
cosmic-ray makes the changes; it is not part of the lock: `pip install -e '.[mutants]'`.
docs/mutants.md has the results, and which survivors change nothing.
"""

from __future__ import annotations

import argparse
import glob
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from mutants.changes import mutants
from mutants.judging import ROOT, judge, prepare, record


class Room(NamedTuple):
    """The modules that are changed, the tests that run, and the mark of tests that do not (`not nats`)."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    marks: str = ""


PROGRESS = 25
"""After so many mutants a line says how many were killed so far."""
REFUSALS = "tests/cli/test_golden.py::test_a_refusal_in_this_process"
ROOMS = {
    "diff/impact": Room(
        ("diff/impact/*.py",),
        ("tests/diff/test_examples.py", "tests/diff/test_impact*.py", "tests/supercluster/test_losses.py"),
    ),
    "lint/rules": Room(
        ("lint/rules/*.py",),
        ("tests/lint/test_examples.py", "tests/lint/test_neighbours.py"),
    ),
    "overlays/transforms": Room(
        ("overlays/transforms/*.py",),
        (
            *(f"tests/overlays/test_{name}.py" for name in ("transforms", "system_account", "overrides")),
            *("tests/cli/test_golden.py::test_the_edits_of_a_run", REFUSALS),
        ),
    ),
    "text/natsconf": Room(("text/natsconf/*.py",), ("tests/text/natsconf/test_*.py",)),
    "supercluster": Room(
        tuple(f"supercluster/{name}.py" for name in ("cold_start", "joining", "losses")),
        (
            *(
                f"tests/supercluster/test_{name}.py"
                for name in ("cold_start", "joining", "losses", "meta_groups", "outages")
            ),
            *("tests/diff/test_examples.py", "tests/diff/test_impact_cold_start.py", REFUSALS),
        ),
        "not nats",
    ),
}


def main() -> int:
    """Try the mutants of a room, and print the survivors."""
    options = _options()
    room = ROOMS[options.room]
    files = sorted(path for name in room.modules for path in glob.glob(os.path.join(ROOT, "natsvalues", name)))
    every = [mutant for path in files for mutant in mutants(path)]
    if options.only:
        every = [mutant for mutant in every if options.only in f"{mutant.file}:{mutant.line} {mutant.operator}"]
    chosen = random.Random(options.seed).sample(every, min(options.sample or len(every), len(every)))  # noqa: S311
    prepare()
    started = time.monotonic()
    reached = record(files, room.tests, room.marks)
    print(f"{len(reached.seconds)} tests in {time.monotonic() - started:.0f} s; {len(every)} mutants", flush=True)
    verdicts: Counter[str] = Counter()
    with ThreadPoolExecutor(options.jobs) as pool:
        for mutant, verdict in zip(chosen, pool.map(lambda mutant: judge(mutant, reached), chosen), strict=True):
            verdicts[verdict] += 1
            if not verdicts.total() % PROGRESS:
                print(f"{verdicts.total()} of {len(chosen)}: {dict(verdicts)}", flush=True)
            if verdict in ("survived", "unreached"):
                print(f"{verdict}: {mutant.shown(ROOT)}", flush=True)
    tried = len(chosen) - verdicts["same"]
    alive = verdicts["survived"] + verdicts["unreached"]
    share = 100 * alive / tried if tried else 0
    print(f"{options.room}: {tried} of {len(every)} mutants, {alive} survivors ({share:.1f} %), {dict(verdicts)}")
    print(f"{time.monotonic() - started:.0f} s")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, chosen at random; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="mutants whose place or operator contains this text")
    parser.add_argument("--jobs", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
