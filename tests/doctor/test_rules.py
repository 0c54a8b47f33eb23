"""Each of doctor's rules has an example that fails it, and nothing else; and one that passes."""

from __future__ import annotations

import pytest
import seeding
import yaml

from natsvalues.doctor.examination import examine
from natsvalues.doctor.items import ITEMS
from natsvalues.doctor.rules import FOLLOWING, RULES
from natsvalues.lint.rules import RULES as LINT_RULES

ALSO = {
    "DR401": {"PR001", "PR002", "LB001"},  # what the ring is of
    "DR204": {"DR202"},
}
"""Findings that an example cannot avoid: a part of the same fault."""


def ids(examination):
    """The rules of the findings."""
    return {finding.rule.id for finding in examination.report.findings}


def test_healthy_regions_are_silent():
    """No finding, and every item passes."""
    examination = examine(seeding.seen_in(seeding.healthy()))
    assert examination.report.findings == ()
    assert examination.following == ()
    assert {item.status for item in examination.items} == {"pass"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_example_fails_its_rule_and_no_other(rule):
    """The fault is named, and located in the place of a region that it concerns."""
    examination = examine(seeding.seeded(yaml.safe_load(rule.fails)))
    assert ids(examination) - ALSO.get(rule.id, set()) == {rule.id}
    places = {region.name: region.place for region in examination.live.seen.regions}
    for finding in examination.report.findings:
        assert finding.regions
        assert {where.file for where in finding.where} <= {*places.values(), "this machine"}
        assert all(where.field for where in finding.where)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_example_passes(rule):
    """What is nearly the same is no fault."""
    assert rule.id not in ids(examine(seeding.seeded(yaml.safe_load(rule.passes))))


def test_ids_and_names_are_unique():
    """Neither repeats, with lint's rules taken together."""
    for names in ([rule.id for rule in (*RULES, *LINT_RULES)], [rule.name for rule in (*RULES, *LINT_RULES)]):
        assert len(set(names)) == len(names)


def test_items_name_rules_that_exist():
    """And what follows from others, too."""
    known = {rule.id for rule in (*RULES, *LINT_RULES)}
    assert {rule for item in ITEMS for rule in item.rules} <= known
    assert set(FOLLOWING) <= known
    assert len(ITEMS) == 9
