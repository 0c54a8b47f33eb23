"""`--evidence FILE`: what a rehearsal of the new side showed, told with the diff."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from natsvalues.cli.streams import read_stream
from natsvalues.diff.changes import Level, Note
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.text.secrets import without_secrets

if TYPE_CHECKING:
    from natsvalues.diff.sides import Side

FORMAT = 1


def evidence(file: str, new: Side) -> list[Note]:
    """A note for each scenario that was rehearsed with this very rendering; one that says so if it was another.

    Raises NatsvaluesError for a file that is no report of `natsvalues rehearse -o json`.
    """
    try:
        report = json.loads(read_stream(file))
        scenarios = report["scenarios"] if report["format"] == FORMAT else None
        told = [_note(scenario) for scenario in scenarios or () if _digest(new) in scenario["renderings"].values()]
    except (ValueError, TypeError, KeyError, AttributeError):
        scenarios = None
    if scenarios is None:
        raise NatsvaluesError(
            "NV-D011",
            "not a report of a rehearsal",
            where=(Where(file),),
            hint="give what `natsvalues rehearse … -o json` printed",
        )
    if told:
        return told
    return [
        Note(
            "none",
            f"{file} is a rehearsal of other renderings: it proves nothing of this upgrade",
            "rehearse what is to be deployed: natsvalues rehearse FOLDER -o json",
        )
    ]


def _digest(side: Side) -> str:
    """As a rehearsal names a rendering: the beginning of the SHA-256 of its text."""
    return hashlib.sha256("".join(side.release.pieces()).encode()).hexdigest()[:16]


def _note(scenario: dict[str, Any]) -> Note:
    """What one scenario showed: good news without a level, a ring that never ends, or what was lost."""
    name = f"rehearsed with real servers, `{scenario['scenario']}`"
    if scenario["lossy"]:
        level: Level = "data-loss"
        outcome = "streams or acknowledged messages were lost"
    elif scenario["verdict"] == "converged":
        level, outcome = "none", f"converged in {scenario['seconds']} s"
    else:
        level, outcome = "deadlock", "stuck: the regions never came together"
    return Note(level, f"{name}: {outcome}", without_secrets(str(scenario["remedy"])) if level != "none" else "")
