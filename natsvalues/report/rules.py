"""Lint rules as text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsvalues.lint.rule import Rule

WIDTH = 100


def listing(groups: dict[str, tuple[Rule, ...]]) -> str:
    """One line for each rule, under its group."""
    width = max(len(rule.name) for rules in groups.values() for rule in rules)
    parts = []
    for group, rules in groups.items():
        lines = [f"{rule.id}  {rule.severity:<7}  {rule.name:<{width}}  {rule.what}" for rule in rules]
        parts.append("\n".join([f"{group}:", *lines]) + "\n")
    return "\n".join(parts)


def details(rule: Rule) -> str:
    """All details of a rule; its examples are changes of a clean supercluster of two regions."""
    lines = [f"{rule.id} {rule.name} ({rule.severity})", "", *_wrapped(rule.what), ""]
    for title, text in (("why", rule.why), ("source", rule.source), ("holds for", rule.holds), ("help", rule.remedy)):
        lines += _wrapped(f"{title}: {text}")
    if rule.fixable:
        lines.append("fix: natsvalues lint --fix edits the overlay")
    lines += ["", "FAIL", textwrap.indent(rule.fails, "  "), "", "PASS", textwrap.indent(rule.passes, "  ")]
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
