"""`--evidence FILE`: what a rehearsal of the new side showed, told with the diff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.streams import read_stream
from natsvalues.diff.changes import Level, Note
from natsvalues.lint.rehearsed import Rehearsed, digest, rehearsals

if TYPE_CHECKING:
    from natsvalues.diff.sides import Side


def evidence(file: str, new: Side) -> list[Note]:
    """A note for each scenario that was rehearsed with this very rendering; one that says so if it was another.

    Raises NatsvaluesError for a file that is no report of `natsvalues rehearse -o json`.
    """
    mine = digest(new.release)
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
    name = f"rehearsed with real servers, `{rehearsed.scenario}`"
    if rehearsed.lossy:
        level: Level = "data-loss"
        outcome = "streams or acknowledged messages were lost"
    elif rehearsed.converged:
        level, outcome = "none", f"converged in {rehearsed.seconds:g} s"
    else:
        level, outcome = "deadlock", "stuck: the regions never came together"
    return Note(level, f"{name}: {outcome}", rehearsed.remedy if level != "none" else "")
