"""What differs between two values: equal parts are left out, named items meet namesakes, DeepDiff walks the rest."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import Change
from natsvalues.diff.equality import equal
from natsvalues.diff.identities import identify
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import Item
from natsvalues.text.paths import field_of as named_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.text.paths import Path

ABSENT = object()
_MAPS = frozenset(("labels", "annotations"))


def compare(before: Any, after: Any, *, file: str = "", of_object: bool = False) -> tuple[Change, ...]:
    """Every difference between two plain values, in the order of the old one. Equal values give none.

    With `file` the values are those of a configuration file of that name. In an object of Kubernetes null is as
    good as absent, and so are empty labels and annotations.
    """
    pairing = _Pairing(file, of_object=of_object)
    narrowed = pairing.narrow(before, after, ())
    if narrowed is None:
        return tuple(pairing.reorders)
    changes = (change._replace(named=names_beside(change, before, after)) for change in _walked(*narrowed, file))
    return (*changes, *pairing.reorders)


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


class _Pairing:
    """Takes equal parts out of two values, and puts named lists into mappings by name."""

    def __init__(self, file: str, *, of_object: bool) -> None:
        self.file = file
        self.of_object = of_object
        self.reorders: list[Change] = []

    def narrow(self, before: Any, after: Any, path: Path) -> tuple[Any, Any] | None:
        """What is left to be walked of two values; None where they are equal."""
        if before is after:
            return None
        if isinstance(before, dict) and isinstance(after, dict):
            return self._mappings(before, after, path)
        if isinstance(before, list) and isinstance(after, list):
            return self._lists(before, after, path)
        return None if equal(before, after, path, in_conf=bool(self.file)) else (before, after)

    def _mappings(self, before: dict[Any, Any], after: dict[Any, Any], path: Path) -> tuple[Any, Any] | None:
        left: dict[Any, Any] = {}
        right: dict[Any, Any] = {}
        for key in [*before, *(key for key in after if key not in before)]:
            old, new = before.get(key, ABSENT), after.get(key, ABSENT)
            if self.of_object:
                old, new = _as_kubernetes_reads(key, old, new)
            if old is new:
                continue
            if old is ABSENT:
                right[key] = new
            elif new is ABSENT:
                left[key] = old
            else:
                narrowed = self.narrow(old, new, (*path, key))
                if narrowed is not None:
                    left[key], right[key] = narrowed
        return (left, right) if left or right else None

    def _lists(self, before: list[Any], after: list[Any], path: Path) -> tuple[Any, Any] | None:
        identities = identify(before, after)
        if identities is None:
            return None if self._same_items(before, after, path) else (before, after)
        old, new = identities
        common = [item for item in old if item in new]
        if common != [item for item in new if item in old]:
            orders = [[str(item.value) for item in side] for side in identities]
            self.reorders.append(Change(path, "reorder", orders[0], orders[1], file=self.file))
        return self._mappings(old, new, path)

    def _same_items(self, before: list[Any], after: list[Any], path: Path) -> bool:
        return len(before) == len(after) and all(
            _Pairing(self.file, of_object=self.of_object).narrow(*pair, (*path, index)) is None
            for index, pair in enumerate(zip(before, after, strict=True))
        )


def _as_kubernetes_reads(key: Any, old: Any, new: Any) -> tuple[Any, Any]:
    """Null is absent; labels and annotations that are absent are empty, so that they come and go one by one."""
    old, new = (ABSENT if side is None else side for side in (old, new))
    if key in _MAPS:
        if old is ABSENT and isinstance(new, dict):
            old = {}
        elif new is ABSENT and isinstance(old, dict):
            new = {}
    return old, new


def _walked(before: Any, after: Any, file: str) -> list[Change]:
    """The changes that DeepDiff finds. Its items carry the path and both values."""
    if not isinstance(before, (dict, list)) or type(before) is not type(after):
        return [Change((), "replace", before, after, file=file)]
    from deepdiff import DeepDiff  # 100 ms at import: only where something differs

    differences = DeepDiff(
        before,
        after,
        view="tree",
        ignore_private_variables=False,  # a key may begin with __
        threshold_to_diff_deeper=0,  # differences one by one, however many
    )
    changes = [_change(kind, level, file) for kind, levels in differences.items() for level in levels]
    order = {id(change): _place(change.path, before, after) for change in changes if change is not None}
    return sorted((change for change in changes if change is not None), key=lambda change: order[id(change)])


def _change(kind: str, level: Any, file: str) -> Change | None:
    """One item of DeepDiff's as a change; None for what only looks different."""
    if level.up is not None and isinstance(level.up.t1, Variable):
        level = level.up  # a variable is one value, whatever its class looks like
    path: Path = tuple(level.path(output_format="list"))
    if kind.endswith("_added"):
        return Change(path, "add", None, plain(level.t2), file=file)
    if kind.endswith("_removed"):
        return Change(path, "remove", plain(level.t1), None, file=file)
    if equal(level.t1, level.t2, path, in_conf=bool(file)):
        return None  # inside lists without names, which are walked whole
    return Change(path, "replace", plain(level.t1), plain(level.t2), file=file)


def _place(path: Path, before: Any, after: Any) -> tuple[int, ...]:
    """Where a path stands among its siblings, old ones first: the order in which people read."""
    places = []
    for part in path:
        keys = [*before] if isinstance(before, dict) else []
        keys += [key for key in after if key not in keys] if isinstance(after, dict) else []
        places.append(keys.index(part) if part in keys else part if isinstance(part, int) else 0)
        before, after = (at(side, part) for side in (before, after))
    return tuple(places)


def plain(value: Any) -> Any:
    """A value with lists by name turned into lists again."""
    if isinstance(value, dict):
        if value and all(isinstance(key, Item) for key in value):
            return [plain(item) for item in value.values()]
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
