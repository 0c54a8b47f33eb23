"""What differs between two values, and what stands beside each difference and names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.walk import Walk
from natsvalues.text.paths import Item
from natsvalues.text.paths import field_of as named_item

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change
    from natsvalues.text.paths import Path


def compare(before: Any, after: Any, *, file: str = "", of_object: bool = False) -> tuple[Change, ...]:
    """Every difference between two plain values, in the order of the old one. Equal values give none.

    With `file` the values are those of a configuration file of that name. In an object of Kubernetes null is as
    good as absent, and so are empty labels and annotations.
    """
    walk = Walk(file, of_object=of_object)
    walk.values(before, after, ())
    changes = (change._replace(named=name_beside(change.path, before, after)) for change in walk.changes)
    return (*changes, *walk.reorders)


def name_beside(path: Path, *sides: Any) -> str:
    """What stands beside a value, on either side, and names it; empty where nothing does."""
    return next((name for name in (_name_beside(path, side) for side in sides) if name), "")


def _name_beside(path: Path, value: Any) -> str:
    last = path[-1] if path else None
    for depth, part in enumerate(path):
        if isinstance(value, dict) and value.get("kind") == "Secret" and part == "data":
            return "Secret"
        if depth == len(path) - 1:
            break
        value = at(value, part)
    if isinstance(value, dict) and last == "value":
        return str(value.get("name") or value.get("path") or "")
    if isinstance(value, list) and isinstance(last, int) and 0 < last <= len(value):
        before = value[last - 1]
        return before if isinstance(before, str) and before.startswith("-") and "=" not in before else ""
    return ""


def at(value: Any, part: Any) -> Any:
    """What is at one step of a path; None where there is nothing."""
    if isinstance(part, Item) and isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        return next((item for item in items if named_item(item, part.key) == part.value), None)
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None
