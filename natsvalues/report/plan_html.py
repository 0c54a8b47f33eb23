"""A plan as one HTML page with boxes to tick off. No script, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from natsvalues.report.topology_html import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.runbook.written import WrittenCheck, WrittenPlan, WrittenStep

_STYLE = """\
<style>
body { max-width: 900px }
label { display: block; margin: 4px 0 }
pre { margin: 4px 0 4px 24px; padding: 8px; border: 1px solid var(--edge); overflow-x: auto }
section { border-top: 1px solid var(--edge) }
section:has(h2 input:checked) > :not(h2) { display: none }
h2 { font-size: 16px }
</style>
"""


def plan_html(plan: WrittenPlan) -> str:
    """The whole page. A step whose title is ticked off is folded away, where the browser can."""
    title = f"{plan.supercluster}: the way to the overlays"
    parts = [HEAD.format(title=escape(title)), _STYLE, f"<h1>{escape(title)}</h1>\n"]
    parts += [f'<p class="dim">not installed: {escape(name)}: {escape(reason)}</p>\n' for name, reason in plan.absent]
    for region, reason, remedy in plan.refused:
        parts.append(f'<p class="error">refused: {escape(region)}: {escape(reason)}. {escape(remedy)}</p>\n')
    if not plan.steps and not plan.refused:
        parts.append("<p>Every region is where the overlays want it.</p>\n")
    parts += [f'<p class="dim">{escape(line)}</p>\n' for line in plan.done]
    parts += [f'<p class="warning">not known: {escape(line)}</p>\n' for line in plan.unknown]
    for number, step in enumerate(plan.steps, start=1):
        parts += _step(number, step)
    return "".join([*parts, "</body>\n</html>\n"])


def _step(number: int, step: WrittenStep) -> Iterator[str]:
    yield f'<section id="{escape(step.id)}">\n'
    yield f'<h2><label><input type="checkbox"> {number}. {escape(step.region)}: {escape(step.title)}</label></h2>\n'
    yield f'<p><code class="dim">{escape(step.id)}</code> {escape(step.effect)}</p>\n'
    yield from (_check("before", check) for check in step.before)
    for file, text in step.edits:
        yield _box(f"in <code>{escape(file)}</code>: " + ("set" if text else "remove <code>move</code>"), text)
    if step.commands:
        yield _box("run", "\n".join(step.commands))
    yield from (_check("after", check) for check in step.after)
    if step.back:
        yield (
            f"<p>Way back: {escape(step.back)}"
            + (f", until {escape(step.back_until)}" * bool(step.back_until))
            + "</p>\n"
        )
    if step.record:
        yield f'<p class="dim">Runs: {escape(step.record)}</p>\n'
    yield "</section>\n"


def _check(word: str, check: WrittenCheck) -> str:
    seen = f' <span class="dim">({escape(check.seen)})</span>' if check.seen else ""
    return _box(f"{word}: {escape(check.text)}{seen}", check.command, ticked=check.holds is True)


def _box(label: str, text: str, *, ticked: bool = False) -> str:
    box = f'<label><input type="checkbox"{" checked" * ticked}> {label}</label>\n'
    return box + (f"<pre>{escape(text)}</pre>\n" if text else "")
