"""Run the rules on a subject, and decide which findings count, with which severity."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.lint.ignores import Choices, choices, comments, ignored_by_comment
from natsvalues.lint.rule import SEVERITIES, Finding, Rule, Severity
from natsvalues.lint.rules import RULES
from natsvalues.lint.subject import Subject, require_distinct
from natsvalues.records import NamedTuple
from natsvalues.text.secrets import without_formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.lint.subject import Cluster

BASELINE_FORMAT = 1


class Ignored(NamedTuple):
    """A finding that does not count, and its reason, given in a comment (`in_text`), or in an overlay."""

    finding: Finding
    reason: str
    in_text: bool


class Report(NamedTuple):
    """What lint found. `known` are findings of the baseline; `rules` are those that could apply."""

    subject: Subject
    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...]
    known: tuple[Finding, ...]
    rules: tuple[Rule, ...]

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def reaches(self, threshold: str) -> bool:
        """Whether a finding is at least as severe as the threshold; no finding reaches `never`."""
        if threshold not in SEVERITIES:
            return False
        counted = SEVERITIES[: SEVERITIES.index(threshold) + 1]
        return any(finding.severity in counted for finding in self.findings)


def lint(
    subject: Subject,
    severities: dict[str, Severity] | None = None,
    baseline: Counter[str] | None = None,
    region: str | None = None,
) -> Report:
    """All findings, in the order of files and lines; with `region`, those that concern it.

    `severities` by rule id override those of the overlays. Raises NatsvaluesError for two renderings of one
    region, and for invalid ignores and severities.
    """
    require_distinct(list(subject.clusters))
    chosen = choices(subject.overlays)
    in_text = comments(subject.texts)
    remaining = Counter(baseline or {})
    findings: list[Finding] = []
    ignored: list[Ignored] = []
    known: list[Finding] = []
    rules = tuple(rule for rule in RULES if _applies(rule, subject))
    every = [item for rule in rules for item in _findings(rule, subject)]
    for finding in sorted(_together(every) if subject.files else every, key=_order):
        if region is not None and region not in finding.regions:
            continue
        settled = finding._replace(severity=_severity(finding, chosen, severities or {}))
        commented = ignored_by_comment(settled, in_text)
        reason = commented or _reason(settled, chosen)
        if reason is not None:
            ignored.append(Ignored(settled, reason, commented is not None))
        elif remaining[settled.fingerprint] > 0:
            remaining[settled.fingerprint] -= 1
            known.append(settled)
        else:
            findings.append(settled)
    return Report(subject, tuple(findings), tuple(ignored), tuple(known), rules)


def _applies(rule: Rule, subject: Subject) -> bool:
    if rule.applies_to == "rehearsal":
        return bool(subject.rehearsed)
    if rule.applies_to == "server":
        return bool(subject.answers)
    if subject.files and rule.needs != "configuration":
        return False
    if rule.applies_to == "regions":
        return True
    return subject.overlays is not None if rule.applies_to == "overlays" else bool(subject.clusters)


def _findings(rule: Rule, subject: Subject) -> Iterator[Finding]:
    for target in _targets(rule, subject):
        for problem in rule.check(target):
            severity = problem.severity or rule.severity
            yield Finding(rule, severity, without_formats(problem.message), problem.where, problem.regions, problem.fix)


def _targets(rule: Rule, subject: Subject) -> Iterable[Cluster | Subject]:
    if rule.applies_to == "cluster":
        return subject.servers
    return subject.rounds() if rule.applies_to == "supercluster" else (subject,)


def _together(every: list[Finding]) -> list[Finding]:
    """The findings, with the same one of several servers of a region as one that has all their places."""
    merged: dict[tuple[str, Severity, str, tuple[str, ...]], Finding] = {}
    for item in every:
        same = (item.rule.id, item.severity, item.message, item.regions)
        first = merged.setdefault(same, item)
        if first is not item:
            merged[same] = first._replace(where=tuple(dict.fromkeys((*first.where, *item.where))))
    return list(merged.values())


def _order(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.where[0]
    return place.file, place.line or 0, place.column or 0, finding.rule.id


def _severity(finding: Finding, chosen: dict[str, Choices], severities: dict[str, Severity]) -> Severity:
    code = finding.rule.id
    layers = [chosen[name].severities for name in (finding.regions[0], "") if name in chosen]
    return next((layer[code] for layer in (severities, *layers) if code in layer), finding.severity)


def _reason(finding: Finding, chosen: dict[str, Choices]) -> str | None:
    """The reason in the file of the finding's first region, else in the supercluster's."""
    layers = [chosen[name].reasons for name in (finding.regions[0], "") if name in chosen]
    return next((layer[finding.rule.id] for layer in layers if finding.rule.id in layer), None)


# --- taking over an existing setup -------------------------------------------------------------------------


def baseline_text(report: Report) -> str:
    """The findings as a baseline file: later runs ignore as many of each as there are now."""
    listed = sorted(finding.fingerprint for finding in (*report.findings, *report.known))
    return json.dumps({"format": BASELINE_FORMAT, "findings": listed}, indent=1) + "\n"


def read_baseline(text: str, file: str) -> Counter[str]:
    """The fingerprints of a baseline file and their counts. Raises NatsvaluesError for another file."""
    try:
        content = json.loads(text)
        listed = content["findings"] if content["format"] == BASELINE_FORMAT else None
    except (ValueError, KeyError, TypeError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise NatsvaluesError(
            "NV-L005", "not a baseline of this version", where=(Where(file),), hint="write it with --write-baseline"
        )
    return Counter(listed)
