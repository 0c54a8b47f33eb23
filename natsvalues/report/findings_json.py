"""Findings as JSON, format 1. A change of meaning gets a new number; the types inside may change freely."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues import __version__
from natsvalues.lint.rule import SEVERITIES
from natsvalues.lint.rules.rehearsal import proves
from natsvalues.report.json_v1 import place

if TYPE_CHECKING:
    from natsvalues.lint.linter import Report
    from natsvalues.lint.rehearsed import Rehearsed
    from natsvalues.lint.rule import Finding

FORMAT = 1


def findings_json(report: Report) -> str:
    """The whole report."""
    counts: dict[str, int] = {severity: report.count(severity) for severity in SEVERITIES}
    content = {
        "format": FORMAT,
        "natsvalues": __version__,
        "regions": sorted({cluster.region for cluster in report.subject.clusters} | set(report.subject.plans)),
        "summary": {**counts, "ignored": len(report.ignored), "known": len(report.known)},
        "rehearsed": [_rehearsed(item, report) for item in report.subject.rehearsed],
        "asked": [
            {"region": item.region, "file": item.file, "version": item.asked}
            for item in report.subject.answers
            if item.asked
        ],
        "findings": [finding_json(finding) for finding in report.findings],
        "ignored": [{**finding_json(item.finding), "reason": item.reason} for item in report.ignored],
        "known": [finding_json(finding) for finding in report.known],
    }
    return json.dumps(content, indent=1) + "\n"


def _rehearsed(item: Rehearsed, report: Report) -> dict[str, Any]:
    """A scenario of the evidence; `proves` says whether it ran exactly these renderings. Times are in seconds."""
    return {
        "scenario": item.scenario,
        "converged": item.converged,
        "lossy": item.lossy,
        "seconds": item.seconds,
        "proves": proves(item, report.subject),
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "severity": finding.severity,
        "message": finding.message,
        "regions": list(finding.regions),
        "where": [place(where) for where in finding.where],
        "help": finding.rule.remedy,
        "fix": finding.fix.title if finding.fix is not None else None,
        "fingerprint": finding.fingerprint,
    }
