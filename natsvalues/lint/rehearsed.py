"""What a rehearsal showed, as other reports attach it: the scenarios of `natsvalues rehearse … -o json`."""

from __future__ import annotations

import json
import re
from typing import Any

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.records import NamedTuple
from natsvalues.text.secrets import without_secrets

FORMAT = 1
"""Of the report, which `natsvalues.report.rehearsal_json` writes."""
_NAME = re.compile(r"[a-z][a-z-]*")


class Rehearsed(NamedTuple):
    """The result of one scenario. `remedy` says what to do if it failed; `digests` are those of the renderings.

    `seconds` until all had converged; None if they never did. `untested`: nothing is known of streams that did not fit.
    """

    where: Where
    scenario: str
    converged: bool
    lossy: bool
    seconds: float | None
    remedy: str
    digests: frozenset[str]
    untested: bool = False


def rehearsals(text: str, file: str) -> tuple[Rehearsed, ...]:
    """The scenarios of a report. Raises NatsvaluesError for a file that is not a report of a rehearsal."""
    try:
        report = json.loads(text)
        if report["format"] == FORMAT:
            return tuple(
                _rehearsed(item, Where(file, field=f"scenarios[{i}]")) for i, item in enumerate(report["scenarios"])
            )
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise NatsvaluesError(
        "NV-D011",
        "not a report of a rehearsal",
        where=(Where(file),),
        hint="give what `natsvalues rehearse … -o json` printed",
    )


def _rehearsed(scenario: dict[str, Any], where: Where) -> Rehearsed:
    name = scenario["scenario"]
    if _NAME.fullmatch(name) is None:
        raise ValueError(name)
    return Rehearsed(
        where,
        name,
        scenario["verdict"] == "converged",
        bool(scenario["lossy"]),
        None if scenario["seconds"] is None else float(scenario["seconds"]),
        without_secrets(str(scenario["remedy"])),
        frozenset(scenario["renderings"].values()),
        bool(scenario.get("untested")),
    )


def converged_in(rehearsed: Rehearsed) -> str:
    """A sentence: all converged, and after how long."""
    soon = f" in {rehearsed.seconds:g} s" if rehearsed.seconds is not None else ""
    streams = "; its streams were not tested" if rehearsed.untested else ""
    return f"rehearsed with real servers, `{rehearsed.scenario}`: converged{soon}{streams}"
