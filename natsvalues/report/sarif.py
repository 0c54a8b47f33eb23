"""Findings as SARIF 2.1.0, for code scanning services and editors."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from natsvalues import __version__
from natsvalues.lint.rules import RULES

if TYPE_CHECKING:
    from natsvalues.errors import Where
    from natsvalues.lint.linter import Report
    from natsvalues.lint.rule import Finding, Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
BASELINE = "known from the baseline"
_RESERVED = re.compile(r"[^A-Za-z0-9._~/-]")


def sarif(report: Report) -> str:
    """The whole report as one run; ignored and known findings are suppressed results."""
    rules = tuple(dict.fromkeys((*RULES, *report.rules)))
    results = [_result(finding, rules) for finding in report.findings]
    for item in report.ignored:
        kind = "inSource" if item.in_text else "external"
        results.append({**_result(item.finding, rules), "suppressions": [{"kind": kind, "justification": item.reason}]})
    in_baseline = {"suppressions": [{"kind": "external", "justification": BASELINE}]}
    results += [{**_result(finding, rules), **in_baseline} for finding in report.known]
    driver = {"name": "natsvalues", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.remedy, "markdown": f"{rule.remedy}\n\n{rule.why}\n\nSource: {rule.source}."},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": [rule.name], "holds": rule.versions},
    }


def _result(finding: Finding, rules: tuple[Rule, ...]) -> dict[str, Any]:
    first, *others = finding.where
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": rules.index(finding.rule),
        "level": finding.severity,
        "message": {"text": f"{finding.message}. {finding.rule.remedy}"},
        "locations": [_location(first)],
        "partialFingerprints": {"natsvalues/v1": finding.fingerprint},
        "properties": {"regions": list(finding.regions)},
    }
    if others:
        result["relatedLocations"] = [{"id": index, **_location(place)} for index, place in enumerate(others, 1)]
    return result


def _location(where: Where) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(where.file)}}
    if where.line is not None:
        physical["region"] = {"startLine": where.line} | ({"startColumn": where.column} if where.column else {})
    location: dict[str, Any] = {"physicalLocation": physical}
    if where.field:
        location["logicalLocations"] = [{"fullyQualifiedName": where.field}]
    return location


def uri(file: str) -> str:
    """A file's name as a URI reference: relative to the directory of the run, or file:// where it is absolute."""
    path = _RESERVED.sub(_percent, os.path.normpath(file).replace(os.sep, "/"))
    return f"file://{path}" if path.startswith("/") else path


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
