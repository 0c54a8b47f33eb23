"""lint, diff and --prior agree on cold starts and losses, for every rendering in this repository."""

from __future__ import annotations

import os

import pytest

from natsvalues.diff.changes import About
from natsvalues.diff.impact import IMPACTS, judge
from natsvalues.diff.releases import Comparison
from natsvalues.diff.sides import Side
from natsvalues.lint.linter import lint
from natsvalues.manifests.chart import all_nats
from natsvalues.manifests.release import Release
from natsvalues.supercluster.cold_start import cold_start, cold_starts, first_boot, never_elects
from natsvalues.supercluster.losses import MANUALS, Loss, losses
from natsvalues.supercluster.pairing import paired
from natsvalues.supercluster.region_state import region_state
from natsvalues.text.natsconf import ConfSyntaxError

pytestmark = pytest.mark.helm
HERE = os.path.dirname(os.path.abspath(__file__))
COLD_START_RULES = {"PR001", "PR002", "PR008", "LB001", "LB008", "LB011"}
"""The rules whose findings are errors exactly if a cold start hangs."""
COLD_START_IMPACTS = {"DI021", "DI022"}


@pytest.fixture(scope="module")
def cases(load_module):
    """Return the module that has the cases."""
    return load_module(os.path.join(HERE, "verdict_cases.py"))


def lint_errors(findings) -> set[str]:
    """The regions for which lint reports a cold start that hangs."""
    return {
        finding.regions[0]
        for finding in findings
        if finding.rule.id in COLD_START_RULES and finding.severity == finding.rule.severity == "error"
    }


def diff_impacts(old, new, decision) -> list[tuple[str, str, str]]:
    """Id, level and reason of every impact and note of diff."""
    comparison = Comparison(Side(About("old"), old), Side(About("new"), new))
    objects, notes = judge(comparison, decision)
    impacts = [impact for item in objects for impact in (item.impact, *(change.impact for change in item.changes))]
    return [(item.id, item.level, item.reason) for item in impacts] + [
        (note.id, note.level, note.message) for note in notes
    ]


def check_group(group):
    """For each region, lint's errors and diff's deadlocks on a first installation agree with `cold_start.py`."""
    starts = cold_starts(group.subject.states)
    findings = lint(group.subject, severities=None).findings
    assert lint_errors(findings) == {name for name, start in starts.items() if start.hangs}, group.name
    states = group.subject.states
    alone = {state.name for state in states if never_elects(state, states)}
    assert {finding.regions[0] for finding in findings if finding.rule.id == "JS012"} == alone, group.name
    for cluster in group.subject.clusters:
        decision = cluster.state.decision
        impacts = diff_impacts(Release(""), cluster.release, decision)
        deadlocks = {reason for code, level, reason in impacts if level == "deadlock" and code in COLD_START_IMPACTS}
        states = [
            region_state(cluster.release, nats, decision=decision, version=str(cluster.version))
            for nats in all_nats(cluster.release)
        ]
        assert deadlocks == {start.reason for start in map(cold_start, states) if start.hangs}, group.name
        lone = {reason for code, _, reason in impacts if code == "DI108"}
        assert lone == set(filter(None, map(never_elects, states))), group.name
        boots = {reason for code, _, reason in impacts if code == "DI023"}
        assert boots <= set(map(first_boot, states)), group.name
        assert bool(boots) == any(map(first_boot, states)), group.name


def losses_of(step) -> list[Loss]:
    """What --prior would refuse in one step; empty if a configuration cannot be read."""
    lost = []
    for before, after in paired(all_nats(step.old), all_nats(step.new)):
        if before is None or after is None:
            continue
        try:
            old = region_state(step.old, before, decision=step.decision)
            new = region_state(step.new, after, decision=step.decision)
        except ConfSyntaxError:
            continue
        lost += losses(old, new)
    return lost


def check_step(step):
    """Diff reports exactly the losses that --prior refuses, with the same messages and the levels of their manuals."""
    impacts = diff_impacts(step.old, step.new, step.decision)
    lost = {(loss.message, loss.manual.level) for loss in losses_of(step)}
    remedies = {manual.remedy for manual in MANUALS.values()}
    of_losses = {item.id for item in IMPACTS if item.remedy in remedies}
    assert {(reason, level) for code, level, reason in impacts if code in of_losses} <= lost, step.name
    assert lost <= {(reason, level) for _, level, reason in impacts}, step.name


def test_examples_of_lint_on_the_stand_in(cases, example_regions, stand_in, tmp_path):
    """Every FAIL and PASS of every rule."""
    groups = list(cases.of_rules(example_regions, stand_in, str(tmp_path)))
    assert any(start.hangs for group in groups for start in cold_starts(group.subject.states).values())
    for group in groups:
        check_group(group)


def test_examples_of_lint_on_stored_renderings(cases, example_regions, stored, tmp_path):
    """The same on each version of the upstream chart."""
    for group in cases.of_rules(example_regions, stored, str(tmp_path)):
        check_group(group)


def test_examples_of_diff_on_the_stand_in(cases, example_regions, stand_in, tmp_path):
    """Every FAIL and PASS of every impact."""
    steps = list(cases.of_impacts(example_regions, stand_in, str(tmp_path)))
    assert {loss.kind for step in steps for loss in losses_of(step)} == set(MANUALS)  # each kind has an example
    for step in steps:
        check_step(step)


def test_golden_folders(cases):
    """No post-rendered golden folder hangs at a cold start, unless its overlay keeps a strict probe."""
    hanging = set()
    groups = list(cases.of_golden_folders())
    assert len(groups) > 80
    for group in groups:
        check_group(group)
        if any(start.hangs for start in cold_starts(group.subject.states).values()):
            hanging.add(group.name)
    assert hanging <= {name for name in hanging if name.startswith(("probes-keep", "version-2.9", "per-pod-keep"))}


def test_stored_renderings(cases, rendered):
    """The upstream chart's own renderings, as they are."""
    groups = list(cases.of_stored(rendered))
    assert any(start.hangs for group in groups for start in cold_starts(group.subject.states).values())
    for group in groups:
        check_group(group)
