"""Rehearsals as JUnit XML: one test case for each scenario, failed where it did not end as expected."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from natsvalues.report.rehearsal_json import in_log
from natsvalues.report.rehearsal_text import chain, scenario_text

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome


def junit(outcomes: list[Outcome], expect: str) -> str:
    """The XML document; `expect` is a word of an outcome, empty for `converged`."""
    wanted = expect or "converged"
    failed = sum(outcome.word != wanted for outcome in outcomes)
    wall = sum(outcome.cost.wall for outcome in outcomes)
    counted = f'tests="{len(outcomes)}" failures="{failed}" errors="0" time="{wall:.1f}"'
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuite name="natsvalues rehearse" {counted}>']
    for outcome in outcomes:
        name = quoteattr(outcome.scenario)
        parts.append(f'<testcase classname="rehearsal" name={name} time="{outcome.cost.wall:.1f}">')
        if outcome.word != wanted:
            message = quoteattr(f"{outcome.word} instead of {wanted} ({outcome.phase})")
            text = "\n".join([*chain(outcome.causes), f"remedy: {in_log(outcome.remedy)}"])
            parts.append(f'<failure type="{outcome.word}" message={message}>{_clean(text)}</failure>')
        parts.append(f"<system-out>{_clean(scenario_text(outcome))}</system-out></testcase>")
    return "\n".join([*parts, "</testsuite>", ""])


def _clean(text: str) -> str:
    """Text that XML can hold: a log may have control characters."""
    return escape("".join(sign for sign in text if sign in "\n\t" or sign >= " "))
