"""What is effective in live regions as JUnit XML: a suite for each region, with the nine items and the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from natsvalues.lint.rule import SEVERITIES
from natsvalues.report.junit import document, text_of, without_control

if TYPE_CHECKING:
    from natsvalues.doctor.examination import Examination


def doctor_junit(examination: Examination, threshold: str) -> str:
    """The XML document: failed items are failures, unknown ones skipped; findings fail from the threshold on."""
    counted = SEVERITIES[: SEVERITIES.index(threshold) + 1] if threshold in SEVERITIES else ()
    root = ET.Element("testsuites", name="natsvalues doctor")
    for region in examination.live.seen.regions:
        suite = ET.SubElement(root, "testsuite", name=without_control(region.name))
        for item in examination.items:
            if item.region != region.name:
                continue
            case = ET.SubElement(suite, "testcase", {"classname": "natsvalues.items", "name": item.title})
            if item.status == "fail":
                ET.SubElement(case, "failure", message=without_control(item.reason), type="fail")
            elif item.status == "unknown":
                ET.SubElement(case, "skipped", message=without_control(item.reason))
            ET.SubElement(case, "system-out").text = without_control(f"{item.effective}\n --> {item.where}")
        for finding in examination.report.findings:
            if finding.regions[0] != region.name:
                continue
            name = f"{finding.rule.id} {finding.rule.name}"
            case = ET.SubElement(suite, "testcase", {"classname": "natsvalues.findings", "name": name})
            if finding.severity in counted:
                failure = ET.SubElement(
                    case, "failure", message=without_control(finding.message), type=finding.severity
                )
                failure.text = text_of(finding)
            else:
                ET.SubElement(case, "system-out").text = text_of(finding)
    return document(root)
