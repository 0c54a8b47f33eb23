"""Compare natsvalues with Go's readers on texts by the million, and its edits with what they should do.

`python scripts/fuzz.py --seconds 600` tries every target with random texts; `--targets conf,yaml` some of them, and
`--seed N` repeats a run. `--guided` lets atheris choose the texts by what of natsvalues they reach, for one target.
`--records FILE` adds a line for each run to FILE, and `--page` writes docs/fuzzing.md from it. The exit code is 1 if
something differed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import sys
import time
from typing import TYPE_CHECKING

from fuzzing.judge import Judge, versions
from fuzzing.mutation import Inventor
from fuzzing.session import Session

if TYPE_CHECKING:
    from fuzzing.target import Target

KEPT = 0.05
"""The share of sound texts from which further texts come."""


def main() -> int:
    """Run, print and record what differs."""
    options = _options()
    if options.page:
        from fuzzing.page import write_page

        write_page(options.records)
        return 0
    if options.guided:
        from fuzzing import guided

        with guided.instrumented():
            from fuzzing.targets import TARGETS
    else:
        from fuzzing.targets import TARGETS

    names = options.targets.split(",") if options.targets else list(TARGETS)
    codes = []
    for name in names:
        seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
        start = time.monotonic()

        def done(session: Session, seed: int = seed, start: float = start) -> int:
            return _record(session, options, seed, time.monotonic() - start)

        with Judge() as judge:
            if options.guided:
                guided.run(TARGETS[name], judge, seed, options.seconds, done)
            codes.append(done(blind(TARGETS[name], judge, seed, options.seconds / len(names))))
    return max(codes)


def blind(target: Target, judge: Judge, seed: int, seconds: float, most: int = 20) -> Session:
    """Random texts for some seconds, or until there are so many differences."""
    rng = random.Random(seed)  # noqa: S311 - texts, no secrets
    inventor = Inventor(target.fragments, target.seeds(), rng, target.most)
    session = Session(target, judge, lambda text: inventor.keep(text) if rng.random() < KEPT else None)
    end = time.monotonic() + seconds
    while time.monotonic() < end and len(session.differences) < most:
        for _ in range(20):
            session.add(inventor.text())
    session.ask()
    return session


def _record(session: Session, options: argparse.Namespace, seed: int, seconds: float) -> int:
    """Print and add to the records what became of a run; the exit code."""
    record = {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d"), "target": session.target.name,
        "way": "guided" if options.guided else "random", "seed": seed, "executions": session.executions,
        "read": session.read, "differences": len(session.differences), "seconds": round(seconds),
        "versions": versions(),
    }  # fmt: skip
    print(json.dumps(record), flush=True)
    for text, why in session.differences:
        print(f"{text!r}\n    {why}", flush=True)
    if options.records:
        with open(options.records, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    return 1 if session.differences else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--targets", default="", help="names with commas; all, if not given")
    parser.add_argument("--seconds", type=float, default=600, help="for all targets together")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--guided", action="store_true", help="with atheris; one target")
    parser.add_argument("--records", default="", help="a file of JSON lines")
    parser.add_argument("--page", action="store_true", help="write docs/fuzzing.md from the records")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
