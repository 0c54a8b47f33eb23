"""docs/starts.md: what became of the cases in the records, and what people wrote under it, which stays."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from starts.verdict import CHECK, FAILED, OWN, RIGHTLY, STARTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "starts.md")
KEPT = "## What it found"
"""The heading from which on the page is written by hand."""
RESULTS = (STARTED, RIGHTLY, CHECK, OWN, FAILED)
Record = dict[str, Any]
HEAD = f"""
# What is accepted starts

Written by `python scripts/check_starts.py --page`, except the last section. A case is a set of values for the chart,
overlays, a server version, and a way of delivery (post-render in the process or as a command, `values`, `krm`),
generated from a seed. Helm renders it. What natsvalues accepts is started as real servers on loopback, from empty
stores, or by a rolling restart from the stage before. What it refuses is compared with what the same servers say to the
unedited rendering, or to the edit that would be needed.

- **{STARTED}**: every server stays up, is ready and healthy, has its routes and gateways, its own name and those of the
  cluster and the gateway, JetStream as before (off in an empty region that waits), and one meta group of the expected
  size. An anonymous client is answered as by the unedited rendering, a second pass changes nothing, and lint has no
  error.
- **{RIGHTLY}**: the case asks for the refusal, or the servers refuse it as well.
- **{OWN}**: helm or the servers refuse the user's values without natsvalues, too, or the servers never converge.
- **{CHECK}**: no program can say whether the refusal is right.
- **{FAILED}**: accepted, and the servers do not start, do not converge, or are not as above.
"""


def write_page(records: list[Record]) -> None:
    """Write the page; what stands under `What it found` is kept."""
    with open(PAGE, encoding="utf-8") as file:
        kept = file.read().partition(f"\n{KEPT}\n")[2]
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write("\n".join([*_head(records), *_tables(records), "", KEPT, kept.rstrip("\n"), ""]))


def _head(records: list[Record]) -> list[str]:
    seeds = ", ".join(sorted({record["case"].partition("/")[0] for record in records}, key=int))
    return [HEAD.strip(), "", f"{len(records)} cases; seeds {seeds}.", ""]


def _tables(records: list[Record]) -> Iterable[str]:
    for title, key in (
        ("Version", lambda record: [record["version"]]),
        ("Scope", lambda record: [record["scope"]]),
        ("Stages", lambda record: [_stages(record["stages"])]),
        ("Start", lambda record: [record["start"]]),
        ("Way", lambda record: [record["way"]]),
    ):
        yield from _table(title, records, key)
    yield from _table("Refusal", [item for item in records if item["codes"]], lambda record: record["codes"])
    failed = [record for record in records if record["result"] in (FAILED, CHECK)]
    if failed:
        yield from ("| Case | Version | Result | Why |", "| --- | --- | --- | --- |")
        for record in failed:
            yield f"| {record['case']} | {record['version']} | {record['result']} | {_line(record['why'])} |"


def _stages(stages: list[str]) -> str:
    return stages[0] if len(set(stages)) == 1 else "mixed"


def _table(title: str, records: list[Record], keys: Callable[[Record], list[str]]) -> Iterable[str]:
    counts: dict[str, Counter[str]] = {}
    for record in records:
        for key in dict.fromkeys(keys(record)):
            counts.setdefault(key, Counter())[record["result"]] += 1
    shown = [result for result in RESULTS if any(count[result] for count in counts.values())]
    yield f"| {title} | {' | '.join(shown)} |"
    yield "| --- |" + " ---: |" * len(shown)
    for key in sorted(counts, key=_natural):
        yield f"| {key} | {' | '.join(str(counts[key][result]) for result in shown)} |"
    yield ""


def _natural(text: str) -> list[Any]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part]


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"/tmp/natsvalues-[^/ ]*", "…", text))[:240].replace("|", "\\|")  # noqa: S108
