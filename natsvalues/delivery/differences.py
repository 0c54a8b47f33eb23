"""The RFC 6902 operations that change one object into another.

Lists whose items have names are compared by name: their order has no meaning to Kubernetes. The reloader's arguments
are options with values, whose order and number have no meaning. Everything else is compared exactly: null, a missing
field and an empty collection are different.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.text.paths import Item, Op, Path
from natsvalues.text.yamledit import same

if TYPE_CHECKING:
    from collections.abc import Iterator

Steps = tuple[str | int, ...]

NAMED = {"containers": "name", "env": "name", "ports": "name", "volumeMounts": "mountPath", "volumes": "name"}
"""Lists whose items have an identity, and the field with that identity."""


def differences(old: Any, new: Any, at: Steps = ()) -> Iterator[Op]:
    """The operations that change `old` into `new`, in this order; none if they mean the same."""
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _in_mapping(old, new, at)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_list(old, new, at)
    elif not same(old, new):
        yield Op("replace", at, new)


def named_path(path: Steps, document: Any) -> Path:
    """The path with the items of such lists by their names, for people: `containers[name=nats]`."""
    steps: list[str | int | Item] = []
    for step in path:
        field = NAMED.get(str(steps[-1])) if steps else None
        if isinstance(document, list):
            document = document[step] if isinstance(step, int) else None
        else:
            document = document.get(step) if isinstance(document, dict) else None
        name = document.get(field) if isinstance(document, dict) and field else None
        steps.append(Item(field, name) if isinstance(step, int) and field and isinstance(name, str) else step)
    return tuple(steps)


def _in_mapping(old: dict[str, Any], new: dict[str, Any], at: Steps) -> Iterator[Op]:
    for key, item in new.items():
        if key in old:
            yield from differences(old[key], item, (*at, key))
        else:
            yield Op("add", (*at, key), item)
    yield from (Op("remove", (*at, key)) for key in old if key not in new)


def _in_list(old: list[Any], new: list[Any], at: Steps) -> Iterator[Op]:
    field = NAMED.get(str(at[-1])) if at else None
    before, after = _by_name(old, field), _by_name(new, field)
    if field is None or before is None or after is None:
        before, after = _by_pair(old), _by_pair(new)
    if before is None or after is None:
        if not same(old, new):
            yield Op("replace", at, new)
        return
    for name, (index, item) in before.items():
        if name in after:
            yield from differences(item, after[name][1], (*at, index))
    removed = {name: item for name, item in before.items() if name not in after}
    added = {name: item for name, item in after.items() if name not in before}
    for name, (index, item) in reversed(removed.items()):
        yield from (Op("remove", (*at, index + offset)) for offset in reversed(range(len(_entries(name, item)))))
    for name, (_, item) in added.items():
        yield from (Op("add", (*at, "-"), entry) for entry in _entries(name, item))


def _entries(name: Any, item: Any) -> tuple[Any, ...]:
    """The entries of the list that a name stands for: an option and its value, or a single item."""
    return name if isinstance(name, tuple) else (item,)


def _by_name(items: list[Any], field: str | None) -> dict[Any, tuple[int, Any]] | None:
    """The items by their names, with their places; None if an item has no name, or two have the same."""
    if not all(isinstance(item, dict) and isinstance(item.get(field), str) for item in items):
        return None
    by_name = {item[field]: (index, item) for index, item in enumerate(items)}
    return by_name if len(by_name) == len(items) else None


def _by_pair(items: list[Any]) -> dict[Any, tuple[int, Any]] | None:
    """The reloader's arguments as pairs of option and value; None for another list."""
    if len(items) % 2 or items[:1] != ["-pid"]:
        return None
    pairs = zip(items[::2], items[1::2], strict=True)
    return {pair: (2 * index, pair) for index, pair in reversed(list(enumerate(pairs)))}
