"""A plan as an HTML page with boxes to tick off, also on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.report.findings_text import counted
from natsvalues.report.html_page import Page, prose, text, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.runbook.written import WrittenCheck, WrittenPlan, WrittenStep


def plan_html(plan: WrittenPlan) -> str:
    """The whole page. A step whose title is ticked off is folded away, where the browser can."""
    refused = [
        f'<p class="box error"><strong>Refused: {text(region)}:</strong> {prose(f"{reason}. {remedy}")}</p>'
        for region, reason, remedy in plan.refused
    ]
    if refused:
        refused = ["<p>No plan: these moves have no way that is known to lose nothing.</p>", *refused]
    unknown = [f'<p class="box warning"><strong>Not known:</strong> {prose(line)}</p>' for line in plan.unknown]
    steps = [line for number, step in enumerate(plan.steps, start=1) for line in _step(number, step)]
    if not plan.steps and not plan.refused:
        steps = [f"<p>{text(plan.nothing_to_do.capitalize())}.</p>"]
    absent = [f'<p class="aside">Not installed: {text(name)}: {prose(reason)}</p>' for name, reason in plan.absent]
    return written(
        Page(
            "natsvalues plan",
            f"{plan.supercluster}: the way to {plan.goal}",
            (*refused, *unknown, *steps),
            lead=", ".join(
                [counted(len(plan.steps), "step"), *([f"{len(plan.refused)} refused"] if plan.refused else [])]
            ),
            tone="error" if plan.refused else "warning" if plan.unknown else "plain",
            head=(*absent, *_overview(plan)),
            styles=("plan",),
        )
    )


def _overview(plan: WrittenPlan) -> Iterator[str]:
    """What is done, and where each step stands on the page."""
    yield from (f'<p class="aside">{prose(line)}</p>' for line in plan.done)
    if len(plan.steps) > 1:
        items = (
            f'<li><a href="#step-{number}">{prose(f"{step.region}: {step.title}")}</a></li>'
            for number, step in enumerate(plan.steps, start=1)
        )
        yield f'<nav aria-label="Steps"><ol>{"".join(items)}</ol></nav>'


def _step(number: int, step: WrittenStep) -> Iterator[str]:
    yield f'<section class="step" id="step-{number}" aria-labelledby="title-{number}">'
    title = prose(f"{number}. {step.region}: {step.title}")
    yield f'<h2 id="title-{number}"><label><input type="checkbox"> <span>{title}</span></label></h2>'
    effect = f"{step.effect[:1].upper()}{step.effect[1:]}."
    yield f'<p>{prose(effect)} <code class="aside">{text(step.id)}</code></p>'
    yield from _part("Before", [_check(check) for check in step.before])
    edits = [
        _box(f"In <code>{text(file)}</code>: " + ("set" if lines else "remove <code>move</code>"), lines)
        for file, lines in step.edits
    ]
    run = [_box("Run", "\n".join(step.commands))] if step.commands else []
    yield from _part("Change", [*edits, *run])
    yield from _part("After", [_check(check) for check in step.after])
    if step.back:
        until = f", until {step.back_until}" if step.back_until else ""
        yield f"<p><b>Way back:</b> {prose(step.back + until)}.</p>"
    if step.record:
        yield f'<p class="source">Runs: {prose(step.record)}.</p>'
    yield "</section>"


def _part(title: str, boxes: list[str]) -> Iterator[str]:
    if boxes:
        yield f"<h3>{title}</h3>"
        yield from boxes


def _check(check: WrittenCheck) -> str:
    seen = f' <span class="aside">({prose(check.seen)})</span>' if check.seen else ""
    mark = '<strong class="tone warning">not yet:</strong> ' if check.holds is False else ""
    why = f"\nwhy: {check.explained_by}" if check.explained_by else ""
    return _box(f"{mark}{prose(check.text)}{seen}", check.command + why, ticked=check.holds is True)


def _box(label: str, lines: str, *, ticked: bool = False) -> str:
    box = f'<label><input type="checkbox"{" checked" * ticked}> <span>{label}</span></label>'
    block = "".join(f"<span>{text(line)}</span>" for line in lines.splitlines())
    return box + (f"<pre>{block}</pre>" if lines else "")
