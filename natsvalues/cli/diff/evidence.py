"""`--evidence FILE`: what a rehearsal of the new release showed, as notes of the diff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.streams import read_stream
from natsvalues.diff.changes import Level, Note
from natsvalues.lint.rehearsed import Rehearsed, converged_in, rehearsals

if TYPE_CHECKING:
    from natsvalues.diff.sides import Side


def evidence(file: str, new: Side) -> list[Note]:
    """A note for each scenario that was rehearsed with this very rendering; a single one if none was.

    Raises NatsvaluesError for a file that is no report of `natsvalues rehearse -o json`.
    """
    digest = new.release.digest()
    notes = [_note(item) for item in rehearsals(read_stream(file), file) if digest in item.digests]
    if notes:
        return notes
    return [
        Note(
            "none",
            f"{file} is a rehearsal of other renderings: it says nothing about this upgrade",
            "rehearse what you will deploy: natsvalues rehearse FOLDER -o json",
        )
    ]


def _note(rehearsed: Rehearsed) -> Note:
    """What one scenario showed: success without a level, a deadlock, or a loss."""
    if rehearsed.converged and not rehearsed.lossy:
        return Note("none", converged_in(rehearsed), "")
    level: Level = "deadlock"
    outcome = "stuck: the regions did not form a supercluster"
    if rehearsed.lossy:
        level, outcome = "data-loss", "streams or acknowledged messages were lost"
    return Note(level, f"rehearsed with real servers, `{rehearsed.scenario}`: {outcome}", rehearsed.remedy)
