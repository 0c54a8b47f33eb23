"""A plan as Markdown: a list to tick off in an issue or a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.runbook.written import WrittenCheck, WrittenPlan, WrittenStep


def plan_markdown(plan: WrittenPlan) -> str:
    """The whole plan."""
    lines = [f"# {plan.supercluster}: the way to {plan.goal}", ""]
    if plan.refused:
        lines += ["No plan: these moves have no way that is known to lose nothing.", ""]
        lines += [f"- **{region}**: {reason}. {remedy}" for region, reason, remedy in plan.refused]
    elif not plan.steps:
        lines.append(f"{plan.nothing_to_do.capitalize()}.")
    lines += [f"- not installed: {region}: {reason}" for region, reason in plan.absent]
    lines += [f"- {line}" for line in plan.done]
    lines += [f"- not known: {line}" for line in plan.unknown]
    for number, step in enumerate(plan.steps, start=1):
        lines += ["", *_step(number, step)]
    return "\n".join(lines) + "\n"


def _step(number: int, step: WrittenStep) -> Iterator[str]:
    yield f"## {number}. {step.region}: {step.title}"
    yield ""
    yield f"`{step.id}`. {step.effect[:1].upper()}{step.effect[1:]}."
    yield ""
    yield from (_check("before", check) for check in step.before)
    for file, text in step.edits:
        yield f"- [ ] in `{file}`: " + ("set" if text else "remove `move`")
        yield from _fenced("yaml", text.splitlines())
    if step.commands:
        yield "- [ ] run"
        yield from _fenced("sh", list(step.commands))
    yield from (_check("after", check) for check in step.after)
    if step.back:
        yield ""
        yield f"Way back: {step.back}" + (f", until {step.back_until}." if step.back_until else ".")
    if step.record:
        yield ""
        yield f"Runs: {step.record}."


def _check(word: str, check: WrittenCheck) -> str:
    box = "x" if check.holds else " "
    seen = f" ({check.seen})" if check.seen else ""
    why = f"<br>why: `{check.explained_by}`" if check.explained_by else ""
    return f"- [{box}] {word}: {check.text}{seen}<br>`{check.command}`{why}"


def _fenced(language: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"  ```{language}"
        yield from (f"  {line}" for line in lines)
        yield "  ```"
        yield ""
