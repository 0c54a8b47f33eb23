"""What differs between two values, and what stands beside each difference and names it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from natsvalues.diff.walk import Walk
from natsvalues.text.paths import Item
from natsvalues.text.paths import field_of as named_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.diff.changes import Change


def compare(before: Any, after: Any, *, file: str = "", of_object: bool = False) -> tuple[Change, ...]:
    """Every difference between two plain values, in the order of the old one. Equal values give none.

    With `file` the values are those of a configuration file of that name. In an object of Kubernetes null is as
    good as absent, and so are empty labels and annotations.
    """
    walk = Walk(file, of_object=of_object)
    walk.values(before, after, ())
    changes = (change._replace(named=names_beside(change, before, after)) for change in walk.changes)
    return (*changes, *walk.reorders)


def names_beside(change: Change, *sides: Any) -> str:
    """What stands beside a value on either side, and names it, with spaces between; empty where nothing does."""
    return " ".join(dict.fromkeys(name for side in sides for name in _names_beside(change, side)))


def _names_beside(change: Change, value: Any) -> Iterator[str]:
    last = change.path[-1] if change.path else None
    for depth, part in enumerate(change.path):
        if isinstance(value, dict) and value.get("kind") == "Secret" and part == "data":
            yield "Secret"
        if depth == len(change.path) - 1:
            break
        value = at(value, part)
    if isinstance(value, dict) and last == "value":
        yield from (str(name) for name in (value.get("name"), value.get("path")) if name)
    if isinstance(value, list) and isinstance(last, int):
        for before, item in pairwise(value):  # wherever the value stands: its index is that of one side only
            if item in (change.before, change.after) and isinstance(before, str) and before.startswith("-"):
                yield before


def at(value: Any, part: Any) -> Any:
    """What is at one step of a path; None where there is nothing."""
    if isinstance(part, Item) and isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        return next((item for item in items if named_item(item, part.key) == part.value), None)
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None
