"""What must change in an object to make it another one, as RFC 6902 operations; and what does not count.

Kubernetes does not care for the order of containers' ports, variables, mounts and volumes, which all have names; the
reloader not for the order of its files. Null, nothing and an empty collection are one to the API server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.text.paths import Item, Op, Path
from natsvalues.text.yamledit import same

if TYPE_CHECKING:
    from collections.abc import Iterator

Steps = tuple[str | int, ...]

NAMED = {"containers": "name", "env": "name", "ports": "name", "volumeMounts": "mountPath", "volumes": "name"}
"""Lists whose items have an identity, and the field that is it."""


def differences(old: Any, new: Any, at: Steps = ()) -> Iterator[Op]:
    """The operations that make `new` of `old`, to be done in this order; none where they mean the same."""
    if _is_empty(old) and _is_empty(new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _in_mapping(old, new, at)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_list(old, new, at)
    elif not same(old, new):
        yield Op("replace", at, new)


def named_path(path: Steps, document: Any) -> Path:
    """The path with the items of such lists by their names, for people: `containers[name=nats]`."""
    found: list[str | int | Item] = []
    for step in path:
        field = NAMED.get(str(found[-1])) if found else None
        if isinstance(document, list):
            document = document[step] if isinstance(step, int) else None
        else:
            document = document.get(step) if isinstance(document, dict) else None
        name = document.get(field) if isinstance(document, dict) and field else None
        found.append(Item(field, name) if isinstance(step, int) and field and isinstance(name, str) else step)
    return tuple(found)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (dict, list)) and not value)


def _in_mapping(old: dict[str, Any], new: dict[str, Any], at: Steps) -> Iterator[Op]:
    for key, item in new.items():
        if key in old:
            yield from differences(old[key], item, (*at, key))
        elif not _is_empty(item):
            yield Op("add", (*at, key), item)
    for key, item in old.items():
        if key not in new and not _is_empty(item):
            yield Op("remove", (*at, key))


def _in_list(old: list[Any], new: list[Any], at: Steps) -> Iterator[Op]:
    field = NAMED.get(str(at[-1])) if at else None
    mine, theirs = _by_name(old, field), _by_name(new, field)
    if field is None or mine is None or theirs is None:
        mine, theirs = _by_pair(old), _by_pair(new)
    if mine is None or theirs is None:
        if not same(old, new):
            yield Op("replace", at, new)
        return
    for name, (index, item) in mine.items():
        if name in theirs:
            yield from differences(item, theirs[name][1], (*at, index))
    gone = {name: item for name, item in mine.items() if name not in theirs}
    come = {name: item for name, item in theirs.items() if name not in mine}
    for name, (index, item) in reversed(gone.items()):
        yield from (Op("remove", (*at, index + offset)) for offset in reversed(range(len(_words(name, item)))))
    for name, (_, item) in come.items():
        yield from (Op("add", (*at, "-"), word) for word in _words(name, item))


def _words(name: Any, item: Any) -> tuple[Any, ...]:
    """The entries of the list that a name stands for: an option and its value, or one item."""
    return name if isinstance(name, tuple) else (item,)


def _by_name(items: list[Any], field: str | None) -> dict[Any, tuple[int, Any]] | None:
    """The items by their names, with their places; None where they have none, or not one each."""
    if not all(isinstance(item, dict) and isinstance(item.get(field), str) for item in items):
        return None
    named = {item[field]: (index, item) for index, item in enumerate(items)}
    return named if len(named) == len(items) else None


def _by_pair(items: list[Any]) -> dict[Any, tuple[int, Any]] | None:
    """The reloader's arguments: options that all have a value; how often and in what order is all the same."""
    if len(items) % 2 or items[:1] != ["-pid"]:
        return None
    pairs = zip(items[::2], items[1::2], strict=True)
    return {pair: (2 * index, pair) for index, pair in reversed(list(enumerate(pairs)))}
