"""Two releases compared and judged: what every report of a diff is made from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from natsvalues.diff.impact import judge
from natsvalues.diff.releases import Comparison
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.records import NamedTuple
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.secret_variables import secret_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.cli.phases import Phases
    from natsvalues.diff.changes import Note, ObjectDiff, ReleaseDiff
    from natsvalues.diff.ignoring import Rule
    from natsvalues.diff.sides import Side


class Sides(NamedTuple):
    """The releases to compare, what the overlays decided for the new one, and the notes that come first."""

    old: Side
    new: Side
    decision: Decision = Decision()
    notes: tuple[Note, ...] = ()
    region: str = ""
    drift: tuple[ObjectDiff, ...] = ()


def _is_plain(side: Side) -> bool:
    return bool(side.release.plain)


def compare(sides: Sides, ignored: list[Rule], phases: Phases) -> ReleaseDiff:
    """Compare one pair and judge it; ignored changes are left out before anything is counted.

    Raises NatsvaluesError (NV-L024) for a plain nats.conf against something else.
    """
    if _is_plain(sides.old) != _is_plain(sides.new) and not (sides.old.release.is_empty or sides.new.release.is_empty):
        raise NatsvaluesError(
            "NV-L024",
            "one side is a plain nats.conf, and the other one is not",
            where=(Where(sides.old.about.label), Where(sides.new.about.label)),
            hint="compare two nats.conf files, or two renderings",
        )
    with phases.of("compare"):
        comparison = Comparison(sides.old, sides.new)
        comparison.leave_out(ignored)
    with phases.of("judge"):
        objects, notes = judge(comparison, sides.decision)
    differences = comparison.diff(objects, (*sides.notes, *notes), sides.region)._replace(drift=sides.drift)
    return differences if differences.is_empty else differences._replace(variables=secret_variables(_texts(sides)))


def _texts(sides: Sides) -> Iterator[str]:
    """All that either side says, where a variable may be used for a secret."""
    for side in (sides.old, sides.new):
        yield from side.release.pieces()
        yield from (text.text for nats in side.release.plain if nats.plain for text in nats.plain.texts)
        if side.values:
            yield json.dumps(side.values, default=str)
