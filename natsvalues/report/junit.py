"""Findings as JUnit XML: a suite for each region, a test for each rule that was checked on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from natsvalues.lint.rule import SEVERITIES
from natsvalues.lint.rules import GROUPS

if TYPE_CHECKING:
    from natsvalues.lint.linter import Report
    from natsvalues.lint.rule import Finding

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report, threshold: str) -> str:
    """The whole report. A finding of the threshold's severity or above fails its test; others are its output."""
    counted = SEVERITIES[: SEVERITIES.index(threshold) + 1] if threshold in SEVERITIES else ()
    regions = dict.fromkeys([*report.subject.plans, *(cluster.region for cluster in report.subject.clusters)])
    root = ET.Element("testsuites", name="natsvalues lint")
    groups = {rule.id: group for group, rules in GROUPS.items() for rule in rules}
    for region in regions:
        suite = ET.SubElement(root, "testsuite", name=without_control(region))
        for rule in report.rules:
            about = {"classname": f"natsvalues.{groups[rule.id]}", "name": f"{rule.id} {rule.name}"}
            case = ET.SubElement(suite, "testcase", about)
            findings = [finding for finding in report.findings if finding.rule is rule and finding.regions[0] == region]
            passed_over = [item for item in report.ignored if item.finding.rule is rule]
            for finding in (finding for finding in findings if finding.severity in counted):
                failure = ET.SubElement(
                    case, "failure", message=without_control(finding.message), type=finding.severity
                )
                failure.text = text_of(finding)
            lesser = [text_of(finding) for finding in findings if finding.severity not in counted]
            reasons = [item.reason for item in passed_over if item.finding.regions[0] == region]
            if reasons and not findings:
                ET.SubElement(case, "skipped", message=without_control("; ".join(reasons)))
            if lesser:
                ET.SubElement(case, "system-out").text = "\n".join(lesser)
    return document(root)


def document(root: ET.Element) -> str:
    """The document with its tests counted, in each suite and in all."""
    for element in (*root.iter("testsuite"), root):
        _count(element, element)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _count(element: ET.Element, inside: ET.Element) -> None:
    cases = list(inside.iter("testcase"))
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", "0")
    element.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))


def text_of(finding: Finding) -> str:
    """A finding with its places and what to do."""
    places = "".join(f"\n --> {place}" for place in finding.where)
    return without_control(
        f"{finding.severity}[{finding.rule.id}] {finding.message}{places}\nhelp: {finding.rule.remedy}"
    )


def without_control(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return _NO_XML.sub("?", text)
