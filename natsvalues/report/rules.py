"""Lint rules and the impacts of changes as text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsvalues.diff.impact.declaration import Declared
    from natsvalues.lint.rule import Rule

WIDTH = 100


def rule_listing(groups: dict[str, tuple[Rule, ...]]) -> str:
    """One line for each rule, under its group."""
    width = max(len(rule.name) for rules in groups.values() for rule in rules)
    parts = []
    for group, rules in groups.items():
        lines = [f"{rule.id}  {rule.severity:<7}  {rule.name:<{width}}  {rule.what}" for rule in rules]
        parts.append("\n".join([f"{group}:", *lines]) + "\n")
    return "\n".join(parts)


def impact_listing(groups: dict[str, tuple[Declared, ...]]) -> str:
    """One line for each impact, under its group."""
    width = max(len(impact.name) for impacts in groups.values() for impact in impacts)
    parts = []
    for group, impacts in groups.items():
        lines = [f"{impact.id}  {impact.level:<11}  {impact.name:<{width}}  {impact.what}" for impact in impacts]
        parts.append("\n".join([f"{group}:", *lines]) + "\n")
    return "\n".join(parts)


def impact_manual(impact: Declared) -> str:
    """An impact with all that is known of it; its examples are an old and a new release of one region."""
    lines = [f"{impact.id} {impact.name} ({impact.level})", "", *_wrapped(impact.what), ""]
    for title, text in (("why", impact.why), ("source", impact.source), ("help", impact.remedy)):
        lines += _wrapped(f"{title}: {text}") if text else []
    return "\n".join([*lines, "", *_examples(impact.fails, impact.passes)]) + "\n"


def rule_manual(rule: Rule) -> str:
    """A rule with all that is known of it; its examples are changes of a clean supercluster of two regions."""
    plain = ", also in plain nats.conf files" if rule.needs == "configuration" else ""
    lines = [f"{rule.id} {rule.name} ({rule.severity}{plain})", "", *_wrapped(rule.what), ""]
    for title, text in (
        ("why", rule.why),
        ("source", rule.source),
        ("holds for", rule.versions),
        ("help", rule.remedy),
    ):
        lines += _wrapped(f"{title}: {text}")
    if rule.fixable:
        lines.append("fix: natsvalues lint --fix edits the overlay")
    return "\n".join([*lines, "", *_examples(rule.fails, rule.passes)]) + "\n"


def _examples(fails: str, passes: str) -> list[str]:
    return ["FAIL", textwrap.indent(fails, "  "), "", "PASS", textwrap.indent(passes, "  ")]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
