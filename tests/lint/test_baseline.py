"""A baseline: what is there now is passed over, what comes later is not."""

from __future__ import annotations

from collections import Counter

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.lint.linter import baseline_text, lint, read_baseline

EXPOSED = "clients: {spec: {type: LoadBalancer, ports: [{name: monitor, port: 8222, targetPort: monitor}]}}"


@pytest.fixture
def report(stand_in, examples, tmp_path):
    """What lint finds where monitoring is exposed in both regions."""
    return lint(examples.subject(EXPOSED, stand_in, str(tmp_path)))


@pytest.mark.helm
def test_known_findings_are_passed_over(report):
    """All of them, and they are counted."""
    again = lint(report.subject, baseline=read_baseline(baseline_text(report), "known.json"))

    assert (again.findings, len(again.known)) == ((), len(report.findings))
    assert baseline_text(again) == baseline_text(report)


@pytest.mark.helm
def test_new_findings_count(report, stand_in, examples, tmp_path):
    """One more of another rule, and one more of the same."""
    known = Counter(read_baseline(baseline_text(report), "known.json"))
    worse = examples.subject(EXPOSED + "\nconf: {gateway: {advertise: null}}", stand_in, str(tmp_path / "worse"))
    assert {finding.rule.id for finding in lint(worse, baseline=known).findings} == {"GW001"}

    known.subtract([report.findings[0].fingerprint])
    assert len(lint(report.subject, baseline=known).findings) == 1


@pytest.mark.helm
def test_a_fingerprint_does_not_know_lines(report, stand_in, examples, tmp_path):
    """The same findings some lines further down are the same findings."""
    moved = stand_in._replace(plain="# a comment\n# another\n" + stand_in.plain)
    later = lint(examples.subject(EXPOSED, moved, str(tmp_path / "moved")))

    assert [item.where for item in later.findings] != [item.where for item in report.findings]
    assert baseline_text(later) == baseline_text(report)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2, "findings": []}', '{"format": 1, "findings": [1]}'])
def test_other_files_are_refused(text):
    """A file that is no baseline is an error, and never an empty one."""
    with pytest.raises(NatsvaluesError) as caught:
        read_baseline(text, "known.json")
    assert (caught.value.code, caught.value.where[0].file) == ("NV-L005", "known.json")
