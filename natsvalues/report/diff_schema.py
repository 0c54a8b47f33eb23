"""The JSON Schema of a diff in JSON, format 1."""

from __future__ import annotations

from typing import Any

from natsvalues.diff.changes import LEVELS

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE_TEXT: dict[str, Any] = {"type": ["string", "null"]}
_ID: dict[str, Any] = {**_MAYBE_TEXT, "description": "The declared impact: `natsvalues rules ID` explains it."}
_LINE: dict[str, Any] = {"type": ["integer", "null"], "minimum": 1}


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12. Further properties may come; those that are there keep their meaning."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What natsvalues diff --output json prints",
        **_object(
            {
                "format": {"const": 1},
                "natsvalues": {**_TEXT, "description": "The version that wrote it."},
                "differs": {"type": "boolean"},
                "worst": {"$ref": "#/$defs/level"},
                "headline": {
                    **_TEXT,
                    "description": "What the worst change does here; without differences it says so.",
                },
                "counts": {
                    "type": "object",
                    "description": "How many impacts there are of each level but none.",
                    "propertyNames": {"$ref": "#/$defs/level"},
                    "additionalProperties": {"type": "integer", "minimum": 1},
                },
                "regions": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/region"}},
            }
        ),
        "$defs": {
            "level": {"enum": list(LEVELS), "description": "From harmless to worst."},
            "impact": _object(
                {
                    "level": {"$ref": "#/$defs/level"},
                    "reason": _MAYBE_TEXT,
                    "source": _MAYBE_TEXT,
                    "remedy": _MAYBE_TEXT,
                    "id": _ID,
                }
            ),
            "key": _object({"group": _TEXT, "kind": _TEXT, "namespace": _TEXT, "name": _TEXT}),
            "lines": {**_object({"old": _LINE, "new": _LINE}), "description": "Lines in the files of either side."},
            "side": _object(
                {
                    "label": {**_TEXT, "description": "What the user named: a file, a release, a chart."},
                    "release": _TEXT,
                    "namespace": _TEXT,
                    "revision": {"type": ["integer", "null"]},
                    "chart": _TEXT,
                    "app_version": _TEXT,
                    "region": {**_TEXT, "description": "The region it was rendered for."},
                    "context": {**_TEXT, "description": "The kube context it was read in, or would go to."},
                }
            ),
            "note": _object({"level": {"$ref": "#/$defs/level"}, "message": _TEXT, "remedy": _MAYBE_TEXT, "id": _ID}),
            "change": _object(
                {
                    "file": {
                        **_MAYBE_TEXT,
                        "description": "The key of the data whose settings the path leads to.",
                    },
                    "path": {**_TEXT, "description": "For people: containers[name=nats].image"},
                    "pointer": {
                        **_MAYBE_TEXT,
                        "description": "JSON Pointer into the new object, into the old one for what is removed.",
                    },
                    "op": {"enum": ["add", "remove", "replace", "reorder"]},
                    "before": {
                        "description": "Null where it was added. A secret is a mark: (redacted token 3f9a2c41)."
                    },
                    "after": {"description": "Null where it was removed."},
                    "impact": {"$ref": "#/$defs/impact"},
                    "derived": {**_MAYBE_TEXT, "description": "What the change only follows from."},
                    "lines": {"$ref": "#/$defs/lines"},
                }
            ),
            "object": _object(
                {
                    "object": {"$ref": "#/$defs/key"},
                    "was": {"anyOf": [{"$ref": "#/$defs/key"}, {"type": "null"}], "description": "Before a rename."},
                    "op": {"enum": ["add", "remove", "change", "rename"]},
                    "hook": {"type": "boolean"},
                    "worst": {"$ref": "#/$defs/level"},
                    "impact": {"$ref": "#/$defs/impact"},
                    "lines": {"$ref": "#/$defs/lines"},
                    "content": {
                        "type": ["object", "null"],
                        "description": "The whole object where it was added or removed.",
                    },
                    "changes": {"type": "array", "items": {"$ref": "#/$defs/change"}},
                }
            ),
            "region": _object(
                {
                    "region": _MAYBE_TEXT,
                    "old": {"$ref": "#/$defs/side"},
                    "new": {"$ref": "#/$defs/side"},
                    "worst": {"$ref": "#/$defs/level"},
                    "firstInstallation": {"type": "boolean", "description": "Nothing is on the old side."},
                    "notes": {"type": "array", "items": {"$ref": "#/$defs/note"}},
                    "objects": {"type": "array", "items": {"$ref": "#/$defs/object"}},
                    "drift": {
                        "type": "array",
                        "description": "With --live: before is what the old side says, after what the cluster has.",
                        "items": {"$ref": "#/$defs/object"},
                    },
                    "values": {"type": "array", "items": {"$ref": "#/$defs/change"}},
                }
            ),
        },
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}
