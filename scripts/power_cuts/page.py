"""docs/power-cuts.md from the records of the runs."""

from __future__ import annotations

import os
import statistics
from typing import TYPE_CHECKING, Any

from power_cuts import cell

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "power-cuts.md")
Record = dict[str, Any]
HEAD = f"""
# What a power cut loses

Written by `sudo python scripts/measure_power_cuts.py --records FILE --page`, which continues what FILE has not yet.

One R3 stream on three servers, whose stores are ext4 file systems of their own on loop devices. {cell.PUBLISHERS}
clients publish {cell.RATE} messages of 128 bytes a second together (fewer, where the servers did not answer as fast)
for {cell.SECONDS} s. Then all servers are killed and their file systems stopped at once, and the servers start again
from the files as they were. What was acknowledged and is not in the stream is lost. It is the mechanism of
[`rehearse --scenario power-cut`](rehearse.md#a-power-cut); why it happens, and what to do:
[stages.md](stages.md#power-cuts).
"""
AFTER = """
"The stream is gone": JetStream's API says that it does not exist, and all its messages are lost; such runs are in the
columns before, too. "A replica is behind": 40 s after the servers' start, while a client publishes, a replica is still
not current. The kernel writes what is 30 s old by itself, which bounds the loss. Before that not even the stream may be
on a disk: three of three runs with the default that published for 10 or 30 s only (2.12.8 and 2.14.6) ended without it.
"""
FAST = f"""
## What each interval costs

The same servers, {cell.PUBLISHERS} clients that publish as fast as they get their acknowledgements, for
{cell.FAST_SECONDS} s. All of it, clients included, ran on one machine with one disk and with other load, which was
{{load}} on average in the minute of each run (two processors). The processors decide most rows, the disk those with
`always`; a machine with less to do shows a greater difference ([stages.md](stages.md#power-cuts)). Measure with your
disks.
"""


def write_page(records: list[Record]) -> None:
    """Write the page. A record is one run, as `measure_power_cuts.py` writes it."""
    cut = [record for record in records if not record["is_fast"]]
    fast = [record for record in records if record["is_fast"]]
    lines = [*HEAD.strip().splitlines(), "", *_losses(cut), "", *AFTER.strip().splitlines()]
    loads = sorted(record["load"] for record in fast)
    load = f"{loads[0]:.0f} to {loads[-1]:.0f}" if loads else "unknown"
    lines += ["", *FAST.format(load=load).strip().splitlines(), "", *_throughput(fast), ""]
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))


def _losses(records: list[Record]) -> Iterator[str]:
    yield (
        "| Version | `sync_interval` | Runs | Acknowledged (median) | Lost: median | least | most | Runs that lost "
        "| The stream is gone | A replica is behind |"
    )
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for (version, interval), runs in _by_cell(records).items():
        lost = [run["lost"] for run in runs]
        words = (
            version, _shown(interval), len(runs), _middle(run["acknowledged"] for run in runs), _middle(lost),
            min(lost), max(lost), sum(many > 0 for many in lost), sum(run["fate"] == "gone" for run in runs),
            sum(run["behind"] > 0 for run in runs),
        )  # fmt: skip
        yield f"| {' | '.join(map(str, words))} |"


def _throughput(records: list[Record]) -> Iterator[str]:
    yield "| Version | `sync_interval` | Runs | Messages a second: median | least | most | Median of one publish, ms |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    for (version, interval), runs in _by_cell(records).items():
        rates = [round(run["acknowledged"] / run["seconds"]) for run in runs]
        middle = round(statistics.median(run["middle"] for run in runs), 1)
        words = (version, _shown(interval), len(runs), _middle(rates), min(rates), max(rates), middle)
        yield f"| {' | '.join(map(str, words))} |"


def _by_cell(records: list[Record]) -> dict[tuple[str, str], list[Record]]:
    cells: dict[tuple[str, str], list[Record]] = {}
    order = ("default", "10s", "1s", "always")
    for record in sorted(records, key=lambda item: (item["version"], order.index(item["interval"]), item["number"])):
        cells.setdefault((record["version"], record["interval"]), []).append(record)
    return cells


def _shown(interval: str) -> str:
    return "default (two minutes)" if interval == "default" else f"`{interval}`"


def _middle(numbers: Any) -> int:
    return round(statistics.median(numbers))
