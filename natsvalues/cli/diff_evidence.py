"""`--evidence FILE`: what a rehearsal of the new side showed, told with the diff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.streams import read_stream
from natsvalues.diff.changes import Level, Note
from natsvalues.lint.rehearsed import Rehearsed, converged_in, rehearsals

if TYPE_CHECKING:
    from natsvalues.diff.sides import Side


def evidence(file: str, new: Side) -> list[Note]:
    """A note for each scenario that was rehearsed with this very rendering; one that says so if it was another.

    Raises NatsvaluesError for a file that is no report of `natsvalues rehearse -o json`.
    """
    mine = new.release.digest()
    told = [_note(item) for item in rehearsals(read_stream(file), file) if mine in item.digests]
    if told:
        return told
    return [
        Note(
            "none",
            f"{file} is a rehearsal of other renderings: it proves nothing of this upgrade",
            "rehearse what is to be deployed: natsvalues rehearse FOLDER -o json",
        )
    ]


def _note(rehearsed: Rehearsed) -> Note:
    """What one scenario showed: good news without a level, a ring that never ends, or what was lost."""
    if rehearsed.converged and not rehearsed.lossy:
        return Note("none", converged_in(rehearsed), "")
    level: Level = "deadlock"
    outcome = "stuck: the regions never came together"
    if rehearsed.lossy:
        level, outcome = "data-loss", "streams or acknowledged messages were lost"
    return Note(level, f"rehearsed with real servers, `{rehearsed.scenario}`: {outcome}", rehearsed.remedy)
