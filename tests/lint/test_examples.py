"""Every rule's examples, executed: FAIL is found by the rule, PASS is not, on renderings of every chart there is."""

import re

import pytest

from natsvalues.lint.linter import lint
from natsvalues.lint.rules import GROUPS, RULES


def found(rule, example, renderings, examples, folder) -> list[str]:
    """The messages of one rule on one example."""
    report = lint(examples.subject(example, renderings, str(folder)))
    return [finding.message for finding in report.findings if finding.rule is rule]


@pytest.mark.helm
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_examples_on_the_stand_in(rule, stand_in, examples, tmp_path):
    """FAIL fails and PASS passes, on the chart of the tests."""
    assert found(rule, rule.fails, stand_in, examples, tmp_path / "fails") != []
    assert found(rule, rule.passes, stand_in, examples, tmp_path / "passes") == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_examples_on_stored_renderings(rule, stored, examples, tmp_path):
    """The same on each version of the upstream chart."""
    assert found(rule, rule.fails, stored, examples, tmp_path / "fails") != []
    assert found(rule, rule.passes, stored, examples, tmp_path / "passes") == []


def test_ids_and_names_are_unique_and_in_order():
    """A group has ids of its own two letters, and they only grow, whichever module a rule is in."""
    assert len({rule.id for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"[A-Z]{2}\d{3}", rule.id) for rule in RULES)
    assert len({rule.id[:2] for rule in RULES}) == len(GROUPS)
    for group, rules in GROUPS.items():
        ids = [rule.id for rule in rules]
        assert ids == sorted(ids)
        assert len({code[:2] for code in ids}) == 1, group
