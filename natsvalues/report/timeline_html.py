"""Rehearsals as an HTML page: of each scenario the verdict, why, what to do, the timeline, the figures, the events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.report.html_page import Page, prose, table, text, written
from natsvalues.report.rehearsal_json import in_log
from natsvalues.report.rehearsal_text import figures, noticed, on_clusters, places, programs, stream_fate
from natsvalues.report.timeline_bars import HEIGHT, key, phases, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.rehearsal.outcome import Outcome

_TONES = {"stuck": "error", "lossy": "error", "untested": "warning", "converged": "good"}
_SIZES = {"kept": "good", "does not fit": "warning"}


def rehearsal_html(outcomes: list[Outcome]) -> str:
    """The whole page."""
    words = [outcome.word for outcome in outcomes]
    worst = next((word for word in _TONES if word in words), "converged")
    lead = ", ".join(f"{outcome.scenario} {outcome.word}" for outcome in outcomes) if len(outcomes) > 1 else ""
    main = [line for number, outcome in enumerate(outcomes) for line in _scenario(number, outcome)]
    return written(
        Page("natsvalues rehearse", f"Rehearsal: {worst}", tuple(main), lead, tone=_TONES[worst], styles=("timeline",))
    )


def _scenario(number: int, outcome: Outcome) -> Iterator[str]:
    name = f"scenario-{number}"
    yield f'<section class="{_TONES[outcome.word]}" aria-labelledby="{name}">'
    yield f'<h2 id="{name}">{text(f"{outcome.scenario}: {outcome.word}")}</h2>'
    time = f", {outcome.seconds:g} s" if outcome.seconds is not None else ""
    yield f"<p>{text(outcome.phase + time)}</p>"
    yield from (f"<p>{text(line)}</p>" for line in places(outcome))
    yield from _why(outcome)
    yield from _timeline(number, outcome)
    if outcome.streams:
        yield _streams(outcome)
    for heading, lines in (("What lint says of this", noticed(outcome)), ("Notes", map(in_log, outcome.notes))):
        if items := "".join(f"<li>{prose(line)}</li>" for line in lines):
            yield f'<h3>{heading}</h3>\n<ul class="prose">{items}</ul>'
    yield "<h3>What ran</h3>"
    lines = [*figures(outcome), on_clusters(outcome) if outcome.sites else programs(outcome)]
    yield from (f"<p>{text(line)}</p>" for line in lines)
    events = (
        (f"{event.seconds:.2f}", event.kind, text(event.subject), text(in_log(event.text))) for event in outcome.events
    )
    heads = ("Seconds", "What", "Who", "Text")
    listed = table(f"All events of {outcome.scenario}", heads, events, wide=True)
    yield f"<details><summary>All {len(outcome.events)} events</summary>\n{listed}</details>"
    yield "</section>"


def _why(outcome: Outcome) -> Iterator[str]:
    if outcome.causes:
        yield '<h3>Why</h3>\n<ol class="causes prose">'
        for cause in outcome.causes:
            back = f" (which leads back to {cause.closes + 1})" if cause.closes is not None else ""
            yield f"<li><b>{text(cause.subject)}</b> waits for {text(cause.waits_for)}{back}<br>"
            yield f'<span class="aside">{prose(in_log(cause.seen))}</span></li>'
        yield "</ol>"
    if outcome.remedy:
        yield f'<p class="box notice"><strong>Remedy:</strong> {prose(in_log(outcome.remedy))}</p>'


def _timeline(number: int, outcome: Outcome) -> Iterator[str]:
    yield f'<h3 id="timeline-{number}">Timeline</h3>\n<figure>\n<div class="timeline">'
    for row in rows(outcome):
        yield f'<span class="name" aria-hidden="true">{text(row.name)}</span>'
        label = f'role="img" aria-label="{text(row.words)}"' if row.name else 'aria-hidden="true"'
        yield f'<svg {label} height="{row.height}">{"".join(row.content)}</svg>'
    yield '</div>\n<figcaption>\n<ul class="key timeline" aria-label="Legend">'
    for picture, words in key():
        yield f'<li><svg aria-hidden="true" height="{HEIGHT}">{picture}</svg>{words}</li>'
    yield '</ul>\n<ul class="phases" aria-label="Phases">'
    for phase in phases(outcome):
        yield f"<li><b>{phase.letter}</b> {phase.seconds:.1f} s: {text(phase.name)}</li>"
    yield "</ul></figcaption>\n</figure>"


def _streams(outcome: Outcome) -> str:
    rows_ = []
    for fate in outcome.streams:
        name = f"consumer {fate.consumer} of {fate.name}" if fate.consumer else f"stream {fate.name}"
        tone = _SIZES.get(fate.fate, "error")
        rows_.append(
            (text(name), text(fate.region), f'<span class="tone {tone}">{fate.fate}</span>', text(stream_fate(fate)))
        )
    return table("What became of the streams", ("Stream", "Region", "Fate", "As seen"), rows_)
