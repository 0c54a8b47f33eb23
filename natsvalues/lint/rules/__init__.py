"""All rules, by group, in the order of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.lint.rules import (
    accounts,
    answers,
    balancers,
    clouds,
    configuration,
    decisions,
    gateway,
    health_checks,
    jetstream,
    majority,
    mesh,
    names,
    overlays,
    placement,
    probes,
    rehearsal,
    seam,
    security,
    values,
)
from natsvalues.text.reading import nearest

if TYPE_CHECKING:
    from natsvalues.lint.rule import Rule

_BY_SUBJECT: dict[str, tuple[Rule, ...]] = {
    "Names": names.RULES,
    "Gateway": gateway.RULES + mesh.RULES,
    "Load balancer": balancers.RULES + health_checks.RULES + clouds.RULES,
    "Probes": probes.RULES,
    "JetStream": jetstream.RULES + accounts.RULES + majority.RULES,
    "Placement": placement.RULES,
    "Security": security.RULES,
    "Configuration": configuration.RULES + answers.RULES,
    "Helm seam": seam.RULES + values.RULES,
    "Overlays": decisions.RULES + overlays.RULES,
    "Rehearsal": rehearsal.RULES,
}
GROUPS = {group: tuple(sorted(rules, key=lambda rule: rule.id)) for group, rules in _BY_SUBJECT.items()}
RULES: tuple[Rule, ...] = tuple(rule for group in GROUPS.values() for rule in group)


def find_rule(word: str, where: tuple[Where, ...] = ()) -> Rule:
    """The rule with that id or name. Raises NatsvaluesError, with the most similar one as the hint."""
    for rule in RULES:
        if word.lower() in (rule.id.lower(), rule.name):
            return rule
    known = [*(rule.name for rule in RULES), *(rule.id for rule in RULES)]
    hint = nearest(word, known) or "`natsvalues rules` lists them"
    raise NatsvaluesError("NV-L002", f"there is no lint rule `{word}`", where=where, hint=hint)
