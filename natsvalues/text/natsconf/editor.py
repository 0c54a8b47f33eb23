"""Edit a configuration by operations as in RFC 6902: no other characters change.

Every operation is checked: the new text is read again and must mean what the operation does to the plain
value. Variables stand for themselves here: an edit of what a variable refers to leaves the reference alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.errors import InternalError
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf.errors import ConfEditError, ConfSyntaxError
from natsvalues.text.natsconf.layout import insertion, replacement
from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Entry, Include, Node
from natsvalues.text.natsconf.places import Place, place_of
from natsvalues.text.natsconf.reader import MISLEADING, read
from natsvalues.text.natsconf.values import same, symbolic, value
from natsvalues.text.natsconf.writer import plain
from natsvalues.text.spans import Edit, line_column, splice

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
_OPS = ("add", "replace", "remove", "test")


class ConfOp(NamedTuple):
    """One operation. `path` has a str for each key, an int for each index, "-" for behind the last item."""

    op: Literal["add", "replace", "remove", "test"]
    path: Path
    value: Any = None


def edit(text: str, ops: Iterable[ConfOp]) -> str:
    """Apply `ops` in turn and return the new text, or `text` itself if nothing had to change.

    Of repeated keys the last is edited, and all are removed. Values are dict, list, str, int, float, bool,
    Variable and Raw. `test` distinguishes 1, 1.0 and true. Setting what is there already, as written or with
    the variables of the file resolved, changes nothing. Raises ConfSyntaxError if `text` cannot be read,
    ConfEditError if an operation does not fit it, InternalError if our own result is not what was requested.
    """
    conf = read(text)
    for offset, message in conf.findings:
        if message in MISLEADING:
            line, column = line_column(text, offset)
            raise ConfEditError(f"line {line}, column {column}: {message}", "fix this before any edit")
    for op in ops:
        conf = _applied(conf, op)
    return text if conf.text == text else conf.text  # an equal text read before may be another object


def dotted(path: Path) -> str:
    """Write a path for people: `gateway.gateways.0.name`."""
    return ".".join(str(segment) for segment in path)


def _applied(conf: Conf, op: ConfOp) -> Conf:
    if op.op not in _OPS:
        raise ConfEditError("an unknown operation", f"there are {', '.join(_OPS)}")
    if not op.path:
        raise ConfEditError("an operation on the whole configuration", "name a key")
    place = _walk(conf, op.path)
    index = _index(place, op)
    before = symbolic(conf)
    if op.op == "remove":
        from natsvalues.text.natsconf.removal import removal  # most edits add or replace

        conf = _without_repeats(conf, op, before)
        place = _walk(conf, op.path)
        edits = removal(place, _index(place, op))
        return _checked(conf, edits, _changed(before, op, None), op)
    new = plain(op.value)
    is_new = index == len(place.parts) or (op.op == "add" and isinstance(place.container, ConfArray))
    if not is_new and _holds(conf, before, op.path, new):
        return conf
    if op.op == "test":
        raise ConfEditError(f"{dotted(op.path)} does not have the value the test asks for")
    if not is_new:
        edits = replacement(place, index, op.value)
    elif isinstance(place.container, ConfMap):
        edits = insertion(place, index, str(op.path[-1]), op.value)
    else:
        edits = insertion(place, index, None, op.value)
    return _checked(conf, edits, _changed(before, op, new), op)


def _without_repeats(conf: Conf, op: ConfOp, before: dict[str, Any]) -> Conf:
    """Remove all but the last entry of a repeated key: the server ignores the others."""
    while True:
        place = _walk(conf, op.path)
        last = _index(place, op)
        repeats = (part for part in place.parts[:last] if isinstance(part, Entry) and part.key == op.path[-1])
        first = next(repeats, None)
        if first is None or isinstance(place.container, ConfArray):
            return conf
        from natsvalues.text.natsconf.removal import removal  # few files repeat a key

        conf = _checked(conf, removal(place, place.parts.index(first)), before, op)


def _checked(conf: Conf, edits: list[Edit], expected: dict[str, Any], op: ConfOp) -> Conf:
    try:
        after = read(splice(conf.text, edits))
    except (ConfSyntaxError, ValueError):
        after = None
    if after is None or not same(symbolic(after), expected):
        raise InternalError(
            "NV-C003",
            f"editing {dotted(op.path)} in the NATS configuration gave a wrong result",
            hint="nothing was written; please report it with the part of the configuration around that key",
        )
    return after


def _walk(conf: Conf, path: Path) -> Place:
    """Find the container that holds the last segment of `path`."""
    chain: list[ConfMap | ConfArray] = [conf.root]
    for depth, segment in enumerate(path[:-1], start=1):
        node = _child(chain[-1], segment, path[:depth])
        if not isinstance(node, (ConfMap, ConfArray)):
            kind = "a reference to a variable" if node.kind == "variable" else "a single value"
            raise ConfEditError(f"{dotted(path[:depth])} is {kind}: it has no {dotted(path[depth:])}")
        chain.append(node)
    return place_of(conf, tuple(chain))


def _child(container: ConfMap | ConfArray, segment: str | int, path: Path) -> Node:
    position = _find(container, segment)
    if position is None:
        raise _missing(container, path)
    part = container.items[position] if isinstance(container, ConfArray) else container.entries[position]
    if isinstance(part, Include):
        raise _missing(container, path)
    return part.value if isinstance(part, Entry) else part


def _find(container: ConfMap | ConfArray, segment: str | int) -> int | None:
    """Index of the part a segment names: of repeated keys the last, which the server uses."""
    if isinstance(container, ConfArray):
        if isinstance(segment, (str, bool)):
            return None
        return segment if 0 <= segment < len(container.items) else None
    indexed = enumerate(container.entries)
    return max((i for i, part in indexed if isinstance(part, Entry) and part.key == segment), default=None)


def _index(place: Place, op: ConfOp) -> int:
    """The index the last segment points to; the number of parts if `add` is to append."""
    container, segment = place.container, op.path[-1]
    position = _find(container, segment)
    if position is not None:
        return position
    if isinstance(container, ConfMap):
        appends = isinstance(segment, str)
    else:
        appends = segment == "-" or (segment == len(container.items) and not isinstance(segment, bool))
    if op.op == "add" and appends:
        return len(place.parts)
    raise _missing(container, op.path)


def _missing(container: ConfMap | ConfArray, path: Path) -> ConfEditError:
    message = f"nothing at {dotted(path)}"
    if isinstance(container, ConfArray):
        return ConfEditError(message, f"the array has {len(container.items)} items, counted from 0")
    keys = sorted({part.key for part in container.entries if isinstance(part, Entry)})
    hint = f"keys there: {', '.join(keys)}" if keys else "the map has no keys"
    if any(isinstance(part, Include) for part in container.entries):
        hint += "; what its includes bring in is edited in their own files"
    return ConfEditError(message, hint)


def _holds(conf: Conf, before: dict[str, Any], path: Path, expected: Any) -> bool:
    """Whether `expected` is at `path`, as written or with the variables of the file resolved."""
    if same(_at(before, path), expected):
        return True
    return "$" in conf.text and same(_at(value(conf), path), expected)


def _at(tree: Any, path: Path) -> Any:
    for segment in path:
        tree = tree[segment]
    return tree


def _changed(tree: Any, op: ConfOp, new: Any, depth: int = 0) -> Any:
    """Apply the operation to a plain value, which is left as it is."""
    segment = op.path[depth]
    copy = tree.copy()
    if depth < len(op.path) - 1:
        copy[segment] = _changed(tree[segment], op, new, depth + 1)
    elif op.op == "remove":
        del copy[segment]
    elif op.op == "add" and isinstance(copy, list):
        copy.insert(len(copy) if isinstance(segment, str) else segment, new)
    else:
        copy[segment] = new
    return copy
