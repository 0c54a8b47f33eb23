"""A plan as JSON, format 1, and its JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues import __version__

if TYPE_CHECKING:
    from natsvalues.runbook.written import WrittenCheck, WrittenPlan, WrittenStep

FORMAT = 1


def document(plan: WrittenPlan) -> dict[str, Any]:
    """The whole plan; the first step is the next one, and the only one with answers to its checks."""
    return {
        "format": FORMAT,
        "natsvalues": __version__,
        "supercluster": plan.supercluster,
        "delivery": plan.delivery or None,
        "absent": [{"region": region, "reason": reason} for region, reason in plan.absent],
        "refused": [dict(zip(("region", "reason", "remedy"), item, strict=True)) for item in plan.refused],
        "done": list(plan.done),
        "unknown": list(plan.unknown),
        "steps": [_step(step) for step in plan.steps],
    }


def _step(step: WrittenStep) -> dict[str, Any]:
    return {
        "id": step.id,
        "region": step.region,
        "way": step.way,
        "title": step.title,
        "edits": [{"file": file, "content": text or None} for file, text in step.edits],
        "commands": list(step.commands),
        "effect": step.effect,
        "before": list(map(_check, step.before)),
        "after": list(map(_check, step.after)),
        "back": step.back or None,
        "back_until": step.back_until or None,
        "record": step.record or None,
    }


def _check(check: WrittenCheck) -> dict[str, Any]:
    return {
        "text": check.text,
        "command": check.command,
        "holds": check.holds,
        "seen": check.seen or None,
        "explained_by": check.explained_by or None,
    }


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12. Further properties may come; those that are there keep their meaning."""
    text, maybe = {"type": "string"}, {"type": ["string", "null"]}
    texts = {"type": "array", "items": text}
    checks = {"type": "array", "items": {"$ref": "#/$defs/check"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What natsvalues plan --output json prints",
        **_object(
            {
                "format": {"const": FORMAT},
                "natsvalues": text,
                "supercluster": text,
                "delivery": {**maybe, "description": "With --to: the delivery to which the steps lead."},
                "absent": {
                    "type": "array",
                    "description": "Regions without a release, and where it was looked for; empty if nobody looked.",
                    "items": _object({"region": text, "reason": text}),
                },
                "refused": {
                    "type": "array",
                    "description": "Moves without a way that is known to lose nothing; then there are no steps.",
                    "items": _object({"region": text, "reason": text, "remedy": text}),
                },
                "done": texts,
                "unknown": texts,
                "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
            }
        ),
        "$defs": {
            "step": _object(
                {
                    "id": text,
                    "region": text,
                    "way": text,
                    "title": text,
                    "edits": {
                        "type": "array",
                        "items": _object(
                            {"file": text, "content": {**maybe, "description": "null: remove the field `move`."}}
                        ),
                    },
                    "commands": texts,
                    "effect": text,
                    "before": checks,
                    "after": checks,
                    "back": maybe,
                    "back_until": maybe,
                    "record": maybe,
                }
            ),
            "check": _object(
                {
                    "text": text,
                    "command": text,
                    "holds": {"type": ["boolean", "null"], "description": "null: not looked at, or not known."},
                    "seen": maybe,
                    "explained_by": {**maybe, "description": "The command that says why it does not hold."},
                }
            ),
        },
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}
