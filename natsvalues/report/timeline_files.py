"""The timeline as a file; the extension decides the format."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.report.rehearsal_json import document, in_log
from natsvalues.report.rehearsal_text import chain, noticed, on_clusters, places, programs, scenario_text
from natsvalues.report.timeline_svg import svg

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome

ENDINGS = (".svg", ".html", ".json", ".txt")
_STYLE = "body{font-family:system-ui,sans-serif;max-width:74rem;margin:2rem auto;padding:0 1rem}svg{width:100%}"


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
    return "\n".join(map(scenario_text, outcomes)) if ending == ".txt" else _page(outcomes)


def _page(outcomes: list[Outcome]) -> str:
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>natsvalues rehearsal</title>',
        f"<style>{_STYLE}</style><h1>Rehearsal</h1>",
    ]
    for outcome in outcomes:
        parts.append(f"<section>{svg(outcome)}")
        if outcome.causes:
            chain_text = "\n".join(chain(outcome.causes))
            parts.append(f"<h2>Why</h2><pre>{escape(chain_text)}</pre>")
        if outcome.remedy:
            parts.append(f"<p><strong>Remedy:</strong> {escape(in_log(outcome.remedy))}</p>")
        parts += [f"<p>{escape(line)}</p>" for line in noticed(outcome)]
        where = [*places(outcome), on_clusters(outcome)] if outcome.sites else [programs(outcome)]
        parts += [f"<p>{escape(line)}</p>" for line in where]
        rows = "".join(
            f"<tr><td>{event.seconds:.2f}</td><td>{event.kind}</td><td>{escape(event.subject)}</td>"
            f"<td>{escape(in_log(event.text))}</td></tr>"
            for event in outcome.events
        )
        head = "<tr><th>s</th><th>what</th><th>who</th><th></th></tr>"
        parts.append(f"<details><summary>All events</summary><table>{head}{rows}</table></details></section>")
    return "\n".join([*parts, "</html>", ""])
