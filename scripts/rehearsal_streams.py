"""Rehearse every kind of stream (scripts/streams/kinds.yaml), and write docs/rehearsal-streams.md from what was seen.

`python scripts/rehearsal_streams.py` takes about three quarters of an hour on two quiet cores and needs helm and the
pinned servers (scripts/binaries.py fetches them). `--runs N` runs each case N times (default 5), `--only WORD` keeps
the cases whose name has the word. `--records FILE` keeps what was seen, and does not run again what is there.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.folder import load
from natsvalues.rehearsal.run import Order, rehearse
from natsvalues.rehearsal.sources import fitting, steps_of
from natsvalues.rehearsal.user_streams import user_streams

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import binaries
from rehearsal_cases import Renderer, write_overlays
from rehearsal_matrix import keep, recorded

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome
    from natsvalues.rehearsal.stage import Step
    from natsvalues.rehearsal.user_streams import UserStream

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KINDS = os.path.join(ROOT, "scripts", "streams", "kinds.yaml")
PAGE = os.path.join(ROOT, "docs", "rehearsal-streams.md")
PRIOR = {"2.12.8": "2.11.10", "2.14.6": "2.12.8", "2.15.1": "2.14.6"}
"""The versions that are run, each with the one that an upgrade begins with."""
SCENARIOS = ("cold-restart", "rolling", "upgrade")
TWO = ("us-east", "eu-west")
COPIES = ("COPY", "ALL")
MEMORY = ("config.jetstream.memoryStore.enabled=true", "config.jetstream.memoryStore.maxSize=64Mi")
HEAD = """\
# Every kind of stream, rehearsed

<!-- Written by scripts/rehearsal_streams.py from its results. -->

The streams of `scripts/streams/kinds.yaml` in a supercluster of two regions of three servers, post-rendered by
natsvalues: {runs} runs of each case by `python scripts/rehearsal_streams.py`, on one machine with two cores and other
load. COPY (a mirror) and ALL (with two sources) are in eu-west, everything else in us-east. A cell says in how many
runs a stream or consumer was as it should be: every acknowledged message there, every acknowledgement, every pending
message. A cold restart of all servers empties MEMORY, and so its rehearsal must be `lossy`; nothing else may be lost.

"""


def cases(runs: int) -> list[str]:
    """The names of all runs, the first run of every case first."""
    names = [f"{scenario} {version}" for scenario in SCENARIOS for version in PRIOR]
    return [f"{name} {number}" for number in range(1, runs + 1) for name in names]


def streams() -> tuple[UserStream, ...]:
    """Every kind, with the region where it is."""
    with open(KINDS, encoding="utf-8") as file:
        listed = user_streams(file.read(), KINDS)
    places = {stream.name: TWO[stream.name in COPIES] for stream in listed}
    return tuple(
        stream._replace(
            cluster=places[stream.name], config=stream.config | {"placement": {"cluster": places[stream.name]}}
        )
        for stream in listed
    )


def order(name: str, renderer: Renderer, folder: str) -> Order:
    """What is rehearsed in a run."""
    scenario, version, _ = name.split()
    write_overlays(folder, TWO)
    overlays = load(folder)

    def steps(each: str) -> tuple[Step, ...]:
        plain = renderer.template(each, *MEMORY)
        return steps_of(overlays, lambda _: (plain, "rendering"), scenario)

    return Order(scenario, fitting(scenario, steps(version), steps(PRIOR[version])), streams=streams())


def record(name: str, outcome: Outcome) -> dict[str, Any]:
    """What is kept of an outcome."""
    fates = {f"{fate.name} > {fate.consumer}" if fate.consumer else fate.name: fate for fate in outcome.streams}
    return {
        "case": name,
        "word": outcome.word,
        "seconds": outcome.seconds,
        "fates": {key: [fate.fate, fate.lost, fate.seen] for key, fate in fates.items()},
        "acknowledged": sum(fate.acknowledged for fate in outcome.streams),
        "causes": [f"{cause.subject} | {cause.waits_for} | {cause.seen}" for cause in outcome.causes],
        "wall": outcome.cost.wall,
    }


def is_right(name: str, seen: dict[str, Any]) -> bool:
    """Whether a run ended as it must."""
    lost = {key for key, (fate, _, _) in seen["fates"].items() if fate != "kept"}
    emptied = name.startswith("cold-restart")
    return seen["word"] == ("lossy" if emptied else "converged") and lost == ({"MEMORY"} if emptied else set())


def page(records: dict[str, dict[str, Any]], runs: int) -> str:
    """The tables, and what was not as it must be."""
    parts = [HEAD.format(runs=runs)]
    columns = [f"{scenario} {version}" for scenario in SCENARIOS for version in PRIOR]
    parts.append("| | " + " | ".join(columns) + " |\n| --- |" + " --- |" * len(columns) + "\n")
    of = {column: [item for key, item in records.items() if key.rpartition(" ")[0] == column] for column in columns}
    words = (sorted({item["word"] for item in of[column]}) for column in columns)
    parts.append("| outcome | " + " | ".join(" and ".join(each) or "-" for each in words) + " |\n")
    for row in dict.fromkeys(key for item in records.values() for key in item["fates"]):
        cells = []
        for column in columns:
            fates = [item["fates"][row][0] for item in of[column] if row in item["fates"]]
            cells.append(f"{fates.count('kept')} of {len(fates)}" if fates else "-")
        parts.append(f"| {row} | " + " | ".join(cells) + " |\n")
    times = ([item["seconds"] for item in of[column] if item["seconds"] is not None] for column in columns)
    parts.append("| seconds | " + " | ".join(f"{min(t):g} to {max(t):g}" if t else "-" for t in times) + " |\n")
    total = sum(item["acknowledged"] for item in records.values())
    right = sum(is_right(name, item) for name, item in records.items())
    parts.append(f"\n{len(records)} runs, {right} as they must be; {total} acknowledged messages were compared.\n")
    for name, item in sorted(records.items()):
        if not is_right(name, item):
            parts.append(f"\n- {name}: {item['word']}; {'; '.join(item['causes'][:3])}")
    return "".join(parts).rstrip("\n") + "\n"


async def run_all(names: list[str], renderer: Renderer, records: str) -> None:
    """Every run, one after the other; what is seen goes into the file of records."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                outcome = await rehearse(order(name, renderer, folder))
            except NatsvaluesError as error:
                print(f"{name}: {error}", flush=True)
                continue
        seen = record(name, outcome)
        print(f"{name}: {outcome.word} {'' if is_right(name, seen) else seen['causes']}", flush=True)
        keep(records, seen)


def main(arguments: list[str]) -> int:
    """Run what is not on record yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--records", default="")
    options = parser.parse_args(arguments)
    os.environ["NATSVALUES_TOOLS"] = binaries.tools()
    for version in {*PRIOR, *PRIOR.values()}:
        binaries.fetch(f"nats-server@{version}")
    with tempfile.TemporaryDirectory() as folder:
        records = options.records or os.path.join(folder, "records")
        before = recorded(records)
        chosen = [name for name in cases(options.runs) if options.only in name]
        wanted = [name for name in chosen if name not in before]
        asyncio.run(run_all(wanted, Renderer(binaries.fetch("helm3")), records))
        after = recorded(records)
    text = page({name: after[name] for name in chosen if name in after}, options.runs)
    if options.only:
        print(text)
    else:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(text)
    return 0 if all(name in after and is_right(name, after[name]) for name in chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
