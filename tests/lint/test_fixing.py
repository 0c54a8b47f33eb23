"""`--fix`: every rule that says it is fixable is fixed, and the file keeps its comments and its style."""

from __future__ import annotations

import os

import pytest

from natsvalues.lint.fixing import fixed_files
from natsvalues.lint.linter import lint
from natsvalues.lint.rules import RULES
from natsvalues.lint.subject import Subject
from natsvalues.overlays.folder import load
from natsvalues.overlays.plan import plans

FIXABLE = [rule for rule in RULES if rule.fixable]


def read(folder) -> dict[str, str]:
    """The files of a folder."""
    return {str(path): path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


@pytest.mark.helm
@pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.id)
def test_what_is_fixable_is_fixed(rule, stand_in, examples, tmp_path):
    """After the fix the rule finds nothing, and the overlays still say what they must."""
    subject = examples.subject(rule.fails, stand_in, str(tmp_path))._replace(texts=read(tmp_path))
    before = lint(subject)
    assert any(finding.rule is rule and finding.fix for finding in before.findings)

    for file in fixed_files(before):
        with open(file.file, "w", encoding="utf-8") as stream:
            stream.write(file.text)
    overlays = load(str(tmp_path))
    planned = plans(overlays)
    clusters = tuple(item._replace(plan=planned[item.region]) for item in subject.clusters)
    after = lint(Subject(overlays, planned, clusters, {}))

    assert [finding for finding in after.findings if finding.rule is rule] == []


def test_rules_offer_fixes_as_they_say():
    """Only rules marked as fixable have a fix; the mark is what the pages show."""
    assert {rule.id for rule in FIXABLE} == {"HS007", "OV008", "OV009", "OV011", "OV012"}


OVERLAY = """\
# What all regions have in common.
kind: Supercluster
name: acme
jetstream: {scope: region}   # each on its own

gateway:
  # let others in, for the migration
  rejectUnknownCluster:   false    # until spring
  port: 7222
dns:
  prefixes: [external-dns.kubernetes.io/]   # we run 0.22
  ttl: 60
---
kind: Region
name: us
stage: local
joins: seed   # a leftover
systemAccount: $SYS
serverNames: {prefix: ""}
gateway: {host: gw-us.example.com}
"""
FIXED = """\
# What all regions have in common.
kind: Supercluster
name: acme
jetstream: {scope: region}   # each on its own

gateway:
  # let others in, for the migration
  rejectUnknownCluster:   true    # until spring
  port: 7222
dns:
  ttl: 60
---
kind: Region
name: us
stage: local
systemAccount: $SYS
serverNames: {prefix: ""}
gateway: {host: gw-us.example.com}
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_comments_and_style_stay(line_end, tmp_path):
    """Only the characters of the fields change; two documents in one file are told apart; line ends stay."""
    text = OVERLAY.replace("\n", line_end)
    file = os.path.join(tmp_path, "all.yaml")
    with open(file, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    overlays = load(str(tmp_path))

    report = lint(Subject(overlays, plans(overlays), (), {file: text}))

    assert [item.text for item in fixed_files(report)] == [FIXED.replace("\n", line_end)]
