"""What a way of moving stands on: the runs with real servers, by server version (scripts/plan_runs.py writes them)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.manifests.server import ServerVersion

FILE = "records.json"


class Record(NamedTuple):
    """The runs of one way on one version: how many, and of how many acknowledged messages how many were lost.

    `to` is the version to which the servers were upgraded or downgraded; empty for the other ways.
    """

    version: str
    runs: int
    acknowledged: int
    lost: int
    to: str = ""


@cache
def records() -> dict[str, tuple[Record, ...]]:
    """The records of every way, by its name, in the order of the versions."""
    stored: dict[str, list[dict[str, Any]]] = json.loads(files("natsvalues.runbook").joinpath(FILE).read_text("utf-8"))
    return {way: tuple(Record(**run) for run in runs) for way, runs in stored.items()}


def proven(way: str, version: ServerVersion) -> tuple[str, str] | None:
    """Why a way is not known to lose nothing on this version, and what to do; None if it was run there.

    It counts as run between the lowest and the highest minor version on which it was.
    """
    lossless = [record.version for record in records().get(way, ()) if record.runs and not record.lost]
    if not lossless:
        return f"`{way}` was not run on any version", "`natsvalues docs stages` has what is known of it"
    if not version.known:
        return "the version of its servers is not known", "state it in the overlay: nats: {version: 2.14.2}"
    numbers = sorted(map(_minor, lossless))
    own = (version.major, version.minor)
    if numbers[0] <= own <= numbers[-1]:
        return None
    return (
        f"`{way}` was run without a loss on {', '.join(lossless)}, and the servers are {version}",
        "upgrade the servers first, without any other change" if own < numbers[0] else "try it on a copy first",
    )


def proven_between(way: str, old: ServerVersion, new: ServerVersion) -> tuple[str, str] | None:
    """As `proven`, for a way from one version to another: it counts as run within what one kind of run went through."""
    lossless = [record for record in records().get(way, ()) if record.runs and not record.lost]
    wanted = sorted((old[:2], new[:2]))
    for record in lossless:
        low, high = sorted((_minor(record.version), _minor(record.to)))
        if low <= wanted[0] and wanted[1] <= high:
            return None
    known = ", ".join(f"from {record.version} to {record.to}" for record in lossless)
    reason = f"`{way}` was run without a loss {known or 'between no versions'}, and this is from {old} to {new}"
    remedy = (
        f"keep container.image.tag: {old} in the chart's values, or try it first: natsvalues rehearse --scenario plan"
    )
    return reason, remedy


def _minor(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")[:2]))
