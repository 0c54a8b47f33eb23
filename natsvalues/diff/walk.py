"""Walk two values side by side: mappings key by key, named items with their namesakes, other lists by position.

It is our own, because the libraries that do this know no names of items, and cost more at import than all of `diff`.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import Change
from natsvalues.diff.equality import equal
from natsvalues.diff.identities import identify

if TYPE_CHECKING:
    from natsvalues.text.paths import Path

ABSENT = object()
_MAPS = frozenset(("labels", "annotations"))


class Walk:
    """The changes between two values, in the order of the old one; `reorders` are of lists by name.

    With `file` the values are those of a configuration file. In an object of Kubernetes null is as good as absent.
    """

    def __init__(self, file: str, *, of_object: bool) -> None:
        self.file = file
        self.of_object = of_object
        self.changes: list[Change] = []
        self.reorders: list[Change] = []

    def values(self, before: Any, after: Any, path: Path) -> None:
        """Collect what differs between two values that stand at this path."""
        if before is after:
            return
        if isinstance(before, dict) and isinstance(after, dict):
            self._mappings(before, after, path)
        elif isinstance(before, list) and isinstance(after, list):
            self._lists(before, after, path)
        elif not equal(before, after, path, in_conf=bool(self.file)):
            self.changes.append(Change(path, "replace", before, after, file=self.file))

    def _mappings(self, before: dict[Any, Any], after: dict[Any, Any], path: Path) -> None:
        added = []
        for key in [*before, *(key for key in after if key not in before)]:
            old, new = before.get(key, ABSENT), after.get(key, ABSENT)
            if self.of_object:
                old, new = _as_kubernetes_reads(key, old, new)
            if old is new:
                continue
            if old is ABSENT:
                added.append(Change((*path, key), "add", None, new, file=self.file))
            elif new is ABSENT:
                self.changes.append(Change((*path, key), "remove", old, None, file=self.file))
            else:
                self.values(old, new, (*path, key))
        self.changes += added

    def _lists(self, before: list[Any], after: list[Any], path: Path) -> None:
        identities = identify(before, after)
        if identities is None:
            if not self._same_items(before, after, path):
                self.changes += _by_position(before, after, path, self.file)
            return
        old, new = identities
        common = [item for item in old if item in new]
        if common != [item for item in new if item in old]:
            orders = [[str(item.value) for item in side] for side in identities]
            self.reorders.append(Change(path, "reorder", orders[0], orders[1], file=self.file))
        self._mappings(old, new, path)

    def _same_items(self, before: list[Any], after: list[Any], path: Path) -> bool:
        if len(before) != len(after):
            return False
        inner = Walk(self.file, of_object=self.of_object)
        for index, pair in enumerate(zip(before, after, strict=True)):
            inner.values(*pair, (*path, index))
            if inner.changes or inner.reorders:
                return False
        return True


def _as_kubernetes_reads(key: Any, old: Any, new: Any) -> tuple[Any, Any]:
    """Null is absent; labels and annotations that are absent are empty, so that they come and go one by one."""
    old, new = (ABSENT if side is None else side for side in (old, new))
    if key in _MAPS:
        if old is ABSENT and isinstance(new, dict):
            old = {}
        elif new is ABSENT and isinstance(old, dict):
            new = {}
    return old, new


def _by_position(before: Any, after: Any, path: Path, file: str) -> list[Change]:
    """What differs between lists whose items have no names, and all inside them."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        pairs = [(key, before.get(key, ABSENT), after.get(key, ABSENT)) for key in keys]
    elif isinstance(before, list) and isinstance(after, list):
        pairs = _aligned(before, after)
    elif equal(before, after, path, in_conf=bool(file)):
        return []
    else:
        return [Change(path, "replace", before, after, file=file)]
    changes = []
    for step, old, new in pairs:
        if old is ABSENT:
            changes.append(Change((*path, step), "add", None, new, file=file))
        elif new is ABSENT:
            changes.append(Change((*path, step), "remove", old, None, file=file))
        else:
            changes += _by_position(old, new, (*path, step), file)
    return changes


def _aligned(before: list[Any], after: list[Any]) -> list[tuple[int, Any, Any]]:
    """The items of two lists side by side; of texts and numbers with as few differences as possible.

    What is replaced or removed has its index in the old list, what is added that in the new one.
    """
    by_index = [(index, *pair) for index, pair in enumerate(zip_longest(before, after, fillvalue=ABSENT))]
    if any(isinstance(item, (dict, list, tuple)) for item in (*before, *after)):
        return by_index
    from difflib import SequenceMatcher  # few lists of this kind differ

    replaced: list[tuple[int, Any, Any]] = []
    removed: dict[int, Any] = {}
    added: dict[int, Any] = {}
    typed = [[(isinstance(item, bool), item) for item in items] for items in (before, after)]  # true is not 1
    for kind, start, end, from_, to in SequenceMatcher(None, typed[0], typed[1], autojunk=False).get_opcodes():
        if kind != "equal":
            both = min(end - start, to - from_)
            replaced += [(start + index, before[start + index], after[from_ + index]) for index in range(both)]
            removed |= {index: before[index] for index in range(start + both, end)}
            added |= {index: after[index] for index in range(from_ + both, to)}
    if len(replaced) + len(removed) + len(added) >= sum(old != new for _, old, new in by_index):
        return by_index
    lone = [(index, removed.get(index, ABSENT), added.get(index, ABSENT)) for index in removed | added]
    return sorted([*replaced, *lone], key=lambda item: item[0])
