"""Every rule's examples, executed: FAIL is found by the rule, PASS is not, on renderings of every chart there is.

What all rules say about both is in golden/examples, in a file for each rule: many a boundary of a rule is in another
rule's example. JS014, the finding of the clean supercluster, is left out. NATSVALUES_UPDATE_GOLDEN=1 writes them anew.
"""

import os
import re

import pytest

from natsvalues.lint.linter import lint
from natsvalues.lint.rules import GROUPS, RULES

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "examples")


def findings(example, renderings, examples, folder):
    """Every finding on one example."""
    return lint(examples.subject(example, renderings, str(folder))).findings


def check(rule, renderings, examples, folder) -> str:
    """FAIL fails and PASS passes; gives what all rules say about both."""
    fails = findings(rule.fails, renderings, examples, folder / "fails")
    passes = findings(rule.passes, renderings, examples, folder / "passes")
    assert rule in [finding.rule for finding in fails]
    assert rule not in [finding.rule for finding in passes]
    said = "".join(["FAIL\n", *map(line_of, fails), "PASS\n", *map(line_of, passes)])
    return said.replace(f"{folder}/", "")


def line_of(finding) -> str:
    """A finding: rule, severity, regions, the fields of its places, message and fix."""
    if finding.rule.id == "JS014":
        return ""
    fields = ", ".join(place.field or "" for place in finding.where)
    fix = f" (fix: {finding.fix.title})" if finding.fix is not None else ""
    return f"  {finding.rule.id} {finding.severity} {', '.join(finding.regions)}: {fields}: {finding.message}{fix}\n"


@pytest.mark.helm
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_examples_on_the_stand_in(rule, stand_in, examples, as_on_file, tmp_path):
    """On the chart of the tests, also what all the other rules say."""
    said = check(rule, stand_in, examples, tmp_path)
    as_on_file(os.path.join(GOLDEN, f"{rule.id}.txt"), said)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_examples_on_stored_renderings(rule, stored, examples, tmp_path):
    """FAIL fails and PASS passes on each version of the upstream chart."""
    check(rule, stored, examples, tmp_path)


def test_ids_and_names_are_unique_and_in_order():
    """A group has ids of its own two letters, and they only grow, whichever module a rule is in."""
    assert len({rule.id for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"[A-Z]{2}\d{3}", rule.id) for rule in RULES)
    assert len({rule.id[:2] for rule in RULES}) == len(GROUPS)
    for group, rules in GROUPS.items():
        ids = [rule.id for rule in rules]
        assert ids == sorted(ids)
        assert len({code[:2] for code in ids}) == 1, group
