"""Each rule where it begins to find something and where it ceases to: the cases that its two examples do not have.

neighbours/ has them by rule: an example (natsvalues/lint/rule.py), and what the rule then says, each as
`SEVERITY REGIONS: MESSAGE (FIELDS)`; an empty list: nothing.
"""

from __future__ import annotations

import os

import pytest
import yaml

from natsvalues.lint.linter import lint
from natsvalues.lint.rules import RULES

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "neighbours")


def neighbours() -> dict:
    """The cases of all files, by rule and name."""
    cases = {}
    for name in sorted(os.listdir(FOLDER)):
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            cases |= yaml.safe_load(file)
    return cases


NEIGHBOURS = neighbours()
CASES = [(rule, name) for rule, cases in NEIGHBOURS.items() for name in cases]


@pytest.mark.helm
@pytest.mark.parametrize(("code", "name"), CASES)
def test_a_neighbour(code, name, stand_in, examples, tmp_path):
    """The rule says this and nothing else."""
    case = NEIGHBOURS[code][name]
    report = lint(examples.subject(yaml.safe_dump(case["example"]), stand_in, str(tmp_path)))
    found = [item for item in report.findings if item.rule.id == code]
    said = [line_of(item) for item in found]

    assert said == case["says"]


def line_of(finding) -> str:
    """A finding: severity, regions, message, and the fields of its places."""
    fields = ", ".join(place.field or "" for place in finding.where)
    return f"{finding.severity} {', '.join(finding.regions)}: {finding.message} ({fields})"


def test_every_case_is_of_a_rule():
    """A case of a rule that is gone would test nothing."""
    assert set(NEIGHBOURS) <= {rule.id for rule in RULES}
