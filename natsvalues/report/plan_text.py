"""A plan for terminals."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.runbook.written import WrittenCheck, WrittenPlan, WrittenStep

_WIDTH = 110


def plan_text(plan: WrittenPlan, *, only_next: bool = False) -> str:
    """The whole plan, or the next step of it; only the next step has the commands of its checks."""
    lines = [*_head(plan), ""]
    for number, step in enumerate(plan.steps[:1] if only_next else plan.steps, start=1):
        lines += [*_step(number, len(plan.steps), step, has_commands=number == 1), ""]
    return "\n".join(lines)


def _head(plan: WrittenPlan) -> Iterator[str]:
    count = len(plan.steps)
    if plan.refused:
        moves = "1 move has" if len(plan.refused) == 1 else f"{len(plan.refused)} moves have"
        yield f"{plan.supercluster}: no plan: {moves} no way that is known to lose nothing"
    elif count:
        yield f"{plan.supercluster}: {count} step{'s' * (count > 1)} to where the overlays want it"
    else:
        yield f"{plan.supercluster}: every region is where the overlays want it; nothing to do"
    for region, reason in plan.absent:
        yield f"  not installed: {region}: {reason}"
    for region, reason, remedy in plan.refused:
        yield from _wrapped(f"refused: {region}: {reason}", "  ", "    ")
        yield from _wrapped(remedy, "    help: ", "          ")
    for line in plan.done:
        yield f"  is: {line}"
    for line in plan.unknown:
        yield f"  not known: {line}"


def _step(number: int, count: int, step: WrittenStep, *, has_commands: bool) -> Iterator[str]:
    yield from _wrapped(f"{number}/{count} {step.region}: {step.title}  [{step.id}]", "", "    ")
    for check in step.before:
        yield from _check("before", check, has_commands=has_commands)
    for file, lines in step.edits:
        yield f"  edit    {file}: " + ("add" if lines else "remove `move`")
        for line in lines.splitlines():
            yield f"            {line}"
    for command in step.commands:
        yield f"  run     {command}"
    for check in step.after:
        yield from _check("after", check, has_commands=has_commands)
    yield from _wrapped(step.effect, "  effect  ", "          ")
    if step.back:
        until = f" (until {step.back_until})" if step.back_until else ""
        yield from _wrapped(step.back + until, "  back    ", "          ")
    if step.record:
        yield from _wrapped(step.record, "  runs    ", "          ")


def _check(word: str, check: WrittenCheck, *, has_commands: bool) -> Iterator[str]:
    mark = {True: "ok: ", False: "NOT YET: ", None: ""}[check.holds]
    seen = f" ({check.seen})" if check.seen else ""
    yield from _wrapped(f"{mark}{check.text}{seen}", f"  {word:7} ", "          ")
    if has_commands and check.holds is not True:
        yield f"            {check.command}"


def _wrapped(text: str, first: str, then: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )
