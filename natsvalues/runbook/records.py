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
    """The runs of one way on one version: how many, and of how many acknowledged messages how many were lost."""

    version: str
    runs: int
    acknowledged: int
    lost: int


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
    numbers = sorted(tuple(map(int, item.split(".")[:2])) for item in lossless)
    own = (version.major, version.minor)
    if numbers[0] <= own <= numbers[-1]:
        return None
    return (
        f"`{way}` was run without a loss on {', '.join(lossless)}, and the servers are {version}",
        "upgrade the servers first, without any other change" if own < numbers[0] else "try it on a copy first",
    )
