"""Where each entry and item of a configuration stands, and which variables it refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Entry, Node, Scalar
from natsvalues.text.spans import line_column

if TYPE_CHECKING:
    from collections.abc import Iterator


class Position(NamedTuple):
    """An entry or an item: its path, where its key or the item begins, and its value."""

    path: tuple[str | int, ...]
    offset: int
    value: Node

    @property
    def variables(self) -> set[str]:
        """The names of the variables in its value, at any depth."""
        return set(_variables(self.value))


def positions(conf: Conf) -> Iterator[Position]:
    """All entries and items, in the order of the text; each before what is in it."""
    return _inside(conf.root, ())


def at_line(conf: Conf, line: int, column: int) -> Position | None:
    """What begins on a line, nearest to a column (both from 1); else the innermost that begins before; or nothing."""
    before: Position | None = None
    nearest: tuple[int, Position] | None = None
    for position in positions(conf):
        begins, beside = line_column(conf.text, position.offset)
        if begins == line and (nearest is None or abs(beside - column) < nearest[0]):
            nearest = abs(beside - column), position
        end, _ = line_column(conf.text, position.value.span.end)
        if begins < line <= end:
            before = position
    return nearest[1] if nearest is not None else before


def _inside(node: Node, path: tuple[str | int, ...]) -> Iterator[Position]:
    if isinstance(node, ConfMap):
        for entry in node.entries:
            if isinstance(entry, Entry):
                yield Position((*path, entry.key), entry.key_span.start, entry.value)
                yield from _inside(entry.value, (*path, entry.key))
    elif isinstance(node, ConfArray):
        for index, item in enumerate(node.items):
            yield Position((*path, index), item.span.start, item)
            yield from _inside(item, (*path, index))


def _variables(node: Node) -> Iterator[str]:
    if isinstance(node, Scalar):
        if node.kind == "variable":
            yield str(node.value)
        return
    for position in _inside(node, ()):
        if isinstance(position.value, Scalar):
            yield from _variables(position.value)
