"""The timeline as a file; the extension decides the format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.report.rehearsal_json import document
from natsvalues.report.rehearsal_text import scenario_text
from natsvalues.report.timeline_html import rehearsal_html
from natsvalues.report.timeline_svg import svg

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome

ENDINGS = (".svg", ".html", ".json", ".txt")


def ending_of(path: str, scenarios: int) -> str:
    """The format. Raises NatsvaluesError for an unknown extension, or an SVG of several scenarios."""
    ending = path[path.rfind(".") :] if "." in path else ""
    if ending not in ENDINGS:
        raise NatsvaluesError(
            "NV-R009", f"a timeline cannot be written as `{ending}`", where=(Where(path),),
            hint=f"use one of the extensions {', '.join(ENDINGS)}",
        )  # fmt: skip
    if ending == ".svg" and scenarios > 1:
        raise NatsvaluesError(
            "NV-R009", "an SVG holds one scenario", where=(Where(path),), hint="use .html for several scenarios"
        )
    return ending


def as_file(outcomes: list[Outcome], path: str) -> str:
    """The timelines of all scenarios. Raises as `ending_of` does."""
    ending = ending_of(path, len(outcomes))
    if ending == ".svg":
        return svg(outcomes[0])
    if ending == ".json":
        return json.dumps(document(outcomes), indent=1) + "\n"
    return "\n".join(map(scenario_text, outcomes)) if ending == ".txt" else rehearsal_html(outcomes)
