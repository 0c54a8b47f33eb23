"""Every rule's examples, executed: FAIL is found by the rule, PASS is not, on renderings of every chart there is."""

import pytest

from natsvalues.lint.linter import lint
from natsvalues.lint.rules import RULES


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
