"""A diff as JSON Patch: for each object the operations that make the new one of the old, checked when they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonpatch

from natsvalues import __version__
from natsvalues.report.plain_values import plain
from natsvalues.text.secrets import HIDDEN
from natsvalues.text.yamledit import same

if TYPE_CHECKING:
    from natsvalues.diff.changes import ObjectDiff, ReleaseDiff

FORMAT = 1
_MARKED = HIDDEN.rstrip(")")


def patches(diffs: tuple[ReleaseDiff, ...]) -> dict[str, Any]:
    """Every object with its patch. Where a secret stands there is its mark, in the patch and in what it applies to.

    `redacted` names the operations that carry such a mark: those cannot be applied as they are.
    """
    return {
        "format": FORMAT,
        "natsvalues": __version__,
        "regions": [
            {"region": diff.region or None, "objects": [_object(item) for item in diff.objects]} for diff in diffs
        ],
    }


def _object(item: ObjectDiff) -> dict[str, Any]:
    before, after = plain(item.before), plain(item.after)
    if item.op == "add":
        operations: list[dict[str, Any]] = [{"op": "add", "path": "", "value": after}]
    elif item.op == "remove":
        operations = [{"op": "remove", "path": ""}]
    else:
        operations = operations_between(before, after)
    return {
        "object": item.key._asdict(),
        "was": item.was._asdict() if item.was else None,
        "patch": operations,
        "redacted": [number for number, op in enumerate(operations) if _MARKED in str(op.get("value", ""))],
    }


def operations_between(before: Any, after: Any) -> list[dict[str, Any]]:
    """The operations from one value to the other, applied to be sure that they lead there."""
    operations: list[dict[str, Any]] = jsonpatch.make_patch(before, after).patch
    if same(jsonpatch.apply_patch(before, operations), after):
        return operations
    return [{"op": "replace", "path": "", "value": after}]
