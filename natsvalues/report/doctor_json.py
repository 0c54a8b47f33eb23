"""What is effective in live regions as JSON, format 1, and its schema. A change of meaning gets a new number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from natsvalues import __version__
from natsvalues.doctor.items import ITEMS, Status
from natsvalues.lint.rule import SEVERITIES
from natsvalues.report.findings_json import finding_json
from natsvalues.report.json_v1 import place

if TYPE_CHECKING:
    from natsvalues.doctor.examination import Examination

FORMAT = 1
_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


def doctor_json(examination: Examination) -> str:
    """The whole report."""
    report = examination.report
    statuses = [item.status for item in examination.items]
    content = {
        "format": FORMAT,
        "natsvalues": __version__,
        "at": examination.live.seen.at,
        "regions": [
            {
                "name": region.name,
                "context": region.context,
                "namespace": region.namespace,
                "release": region.release,
                "revision": region.revision,
                "cluster": region.about.get("version"),
            }
            for region in examination.live.seen.regions
        ],
        "summary": {severity: report.count(severity) for severity in SEVERITIES}
        | {status: statuses.count(status) for status in get_args(Status)},
        "items": [
            {
                "item": item.id,
                "title": item.title,
                "region": item.region,
                "status": item.status,
                "effective": item.effective,
                "where": place(item.where),
                "reason": item.reason,
            }
            for item in examination.items
        ],
        "findings": [finding_json(finding) for finding in report.findings],
        "following": [finding_json(finding) for finding in examination.following],
        "advice": [finding_json(finding) for finding in examination.advice],
        "unseen": [item._asdict() for item in examination.unseen],
        "commands": [item._asdict() for item in examination.commands],
    }
    return json.dumps(content, indent=1) + "\n"


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12. Further properties may come; those that are there keep their meaning."""
    counts = dict.fromkeys((*SEVERITIES, *get_args(Status)), _COUNT)
    region = dict.fromkeys(("name", "context", "namespace", "release"), _TEXT)
    about = {
        "revision": {"type": ["integer", "null"], "description": "The one that is deployed, where it was seen."},
        "cluster": {"type": ["string", "null"]},
    }
    item = {
        "item": {"enum": [declared.id for declared in ITEMS]},
        "title": _TEXT,
        "region": _TEXT,
        "status": {"enum": list(get_args(Status))},
        "effective": {**_TEXT, "description": "What is there, whether that is right or not."},
        "where": {"$ref": "#/$defs/place"},
        "reason": {**_TEXT, "description": "Why it fails, or is unknown; else empty."},
    }
    finding = {
        "rule": {**_TEXT, "description": "DR…: doctor's own; others: `natsvalues rules ID` explains them."},
        "name": _TEXT,
        "severity": {"enum": list(SEVERITIES)},
        "message": _TEXT,
        "regions": {"type": "array", "items": _TEXT, "minItems": 1},
        "where": {"type": "array", "items": {"$ref": "#/$defs/place"}, "minItems": 1},
        "help": _TEXT,
        "fix": {"type": ["string", "null"]},
        "fingerprint": {**_TEXT, "description": "The same as long as the finding is."},
    }
    findings = {"type": "array", "items": {"$ref": "#/$defs/finding"}}
    unseen = {"region": _TEXT, "question": _TEXT, "reason": _TEXT}
    command = {
        "region": _TEXT,
        "command": _TEXT,
        "reason": {**_TEXT, "description": "Why there is no answer; or empty."},
    }
    content = {
        "format": {"const": FORMAT},
        "natsvalues": {**_TEXT, "description": "The version that wrote it."},
        "at": {**_TEXT, "description": "When the regions were looked at, in UTC."},
        "regions": {"type": "array", "items": _object({**region, **about})},
        "summary": _object(counts),
        "items": {"type": "array", "items": _object(item)},
        "findings": findings,
        "following": {**findings, "description": "What the findings explain: no faults of their own."},
        "advice": {**findings, "description": "What lint says of other things than the nine items."},
        "unseen": {"type": "array", "items": _object(unseen), "description": "What was not looked at, and why."},
        "commands": {"type": "array", "items": _object(command), "description": "What clouds were asked with --cloud."},
    }
    where = {
        "type": "object",
        "properties": {"file": _TEXT, "line": _COUNT, "column": _COUNT, "field": _TEXT},
        "required": ["file"],
        "description": "The file is CONTEXT/NAMESPACE; a line counts in the objects as doctor shows them.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What natsvalues doctor --output json prints",
        **_object(content),
        "$defs": {"place": where, "finding": _object(finding)},
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}
