"""Read a YAML file into typed named tuples, with every mistake named by file, line and field.

The classes of `model` (and of provider profiles) are the only description: this module fills them, `schema`
publishes them. It is not a validation library because it works on nodes with positions, reports
all mistakes together, and costs no import on the post-render path.
"""

from __future__ import annotations

import re
import types
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.records import NamedTuple
from natsvalues.text.composer import MappingNode, Node, ScalarNode, SequenceNode
from natsvalues.text.yamltree import Tree, is_plain, key_text, scalar, value

T = TypeVar("T")
Path = tuple[str | int, ...]


class Doc(NamedTuple):
    """What a field is for, in words; becomes the schema's description and the reference page."""

    text: str


class Matches(NamedTuple):
    """A rule for text: the whole of it must match `pattern`; `meaning` says so in words."""

    pattern: str
    meaning: str


class Between(NamedTuple):
    """A rule for numbers: both ends included."""

    low: int
    high: int


class Positions(NamedTuple):
    """Where each field of a read file stands: its path to the line, from 1."""

    file: str
    lines: dict[Path, int]

    def where(self, *path: str | int) -> Where:
        """The place of a field; of the nearest field around it when it was left out."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Where(self.file, self.lines.get(known, 1), field=dotted(path) or None)


class _Form(NamedTuple):
    """A field's type, taken apart once."""

    kind: Any
    origin: Any
    arguments: tuple[Any, ...]
    optional: bool
    rules: tuple[Any, ...]

    @property
    def words(self) -> str:
        """What the field is for."""
        return next((rule.text for rule in self.rules if isinstance(rule, Doc)), "")


@cache
def _form(kind: Any) -> _Form:
    rules: tuple[Any, ...] = ()
    optional = False
    if get_origin(kind) is Annotated:
        kind, *marks = get_args(kind)
        rules = tuple(marks)
    if get_origin(kind) in (Union, types.UnionType):
        optional = True
        kind = next(part for part in get_args(kind) if part is not type(None))
    return _Form(kind, get_origin(kind), get_args(kind), optional, rules)


class Reading:
    """One pass over one file; collects mistakes instead of stopping at the first."""

    def __init__(self, tree: Tree, file: str, code: str, first_line: int = 1) -> None:
        self.tree = tree
        self.code = code
        self.first_line = first_line
        self.positions = Positions(file, {})
        self.errors: list[NatsvaluesError] = []

    def read(self, kind: type[T]) -> T | None:
        """The whole file as `kind`, or None when `errors` says why not."""
        root = self.tree.root
        if root is None:
            self._wrong((), None, f"an empty file where a {kind.__name__} is expected")
            return None
        result = self._value(root, kind, ())
        return None if self.errors else result

    def _wrong(self, path: Path, node: Node | None, message: str, hint: str = "") -> None:
        if any(isinstance(part, str) and _SECRET.search(part) for part in path) and isinstance(node, ScalarNode):
            message = message.replace(_described(node), "a value")  # it could be the secret itself
        line = self._line(node) if node is not None else self.first_line
        column = int(node.start_mark.column) + 1 if node is not None else None
        where = Where(self.positions.file, line, column, dotted(path) or None)
        self.errors.append(NatsvaluesError(self.code, message, where=(where,), hint=hint))

    def _line(self, node: Node) -> int:
        return self.first_line + self.tree.line(node) - 1

    def _value(self, node: Node, kind: Any, path: Path) -> Any:
        self.positions.lines[path] = self._line(node)
        form = _form(kind)
        if form.optional and isinstance(node, ScalarNode) and scalar(node) is None:
            return None
        if form.kind is Any:
            return value(node)
        if form.origin is tuple:
            return self._items(node, form, path)
        if form.origin is dict:
            return self._table(node, form, path)
        if hasattr(form.kind, "_fields"):
            return self._section(node, form, path)
        return self._scalar(node, form, path)

    def _items(self, node: Node, form: _Form, path: Path) -> Any:
        if not isinstance(node, SequenceNode):
            return self._wrong(path, node, f"{_described(node)} where a list is expected")
        item = form.arguments[0]
        return tuple(self._value(part, item, (*path, index)) for index, part in enumerate(node.value))

    def _table(self, node: Node, form: _Form, path: Path) -> Any:
        entries = self._entries(node, path)
        item = form.arguments[1]
        return {key: self._value(part, item, (*path, key)) for key, (_, part) in entries.items()}

    def _entries(self, node: Node, path: Path, hint: str = "") -> dict[str, tuple[Node, Node]]:
        if not isinstance(node, MappingNode):
            self._wrong(path, node, f"{_described(node)} where fields are expected", hint)
            return {}
        entries: dict[str, tuple[Node, Node]] = {}
        for key, part in node.value:
            name = key_text(key)
            if name in entries:
                first = self._line(entries[name][0])
                self._wrong((*path, name), key, f"`{name}` is given twice, first on line {first}")
            entries[name] = (key, part)
        return entries

    def _section(self, node: Node, form: _Form, path: Path) -> Any:
        kind = form.kind
        entries = self._entries(node, path, form.words)
        if not isinstance(node, MappingNode):
            return None
        types_by_name = {spelled(field): (field, kind.__annotations__[field]) for field in kind._fields}
        filled: dict[str, Any] = {}
        for name, (key, part) in entries.items():
            if name in types_by_name and isinstance(part, ScalarNode) and scalar(part) is None:
                self.positions.lines[*path, name] = self._line(key)  # left blank is left out
            elif name in types_by_name:
                field, field_kind = types_by_name[name]
                filled[field] = self._value(part, field_kind, (*path, name))
            else:
                known = ", ".join(types_by_name)
                self._wrong(
                    (*path, name),
                    key,
                    f"unknown field `{name}`",
                    nearest(name, types_by_name) or f"fields here: {known}",
                )
        for name, (field, _) in types_by_name.items():
            if field not in filled and field not in kind._field_defaults:
                self._wrong((*path, name), node, f"`{name}` is missing", field_doc(kind, field))
                filled[field] = None
        return kind(**filled)

    def _scalar(self, node: Node, form: _Form, path: Path) -> Any:
        content = scalar(node) if isinstance(node, ScalarNode) else None
        kind = form.kind
        if form.origin is Literal:
            choices = form.arguments
            if content not in choices:
                hint = nearest(str(content), choices) if isinstance(content, str) else ""
                self._wrong(path, node, f"{_described(node)} where one of {', '.join(choices)} is expected", hint)
            return content
        if not isinstance(content, kind) or (kind is int and isinstance(content, bool)):
            hint = ""
            if isinstance(node, ScalarNode) and node.value:
                hint = "put it in quotes" if kind is str else "" if is_plain(node) else "take the quotes away"
            return self._wrong(path, node, f"{_described(node)} where {_NAMES[kind]} is expected", hint)
        for rule in form.rules:
            if isinstance(rule, Matches) and not re.fullmatch(rule.pattern, str(content)):
                self._wrong(path, node, f"{_described(node)} is not {rule.meaning}")
            elif isinstance(rule, Between) and isinstance(content, int) and not rule.low <= content <= rule.high:
                self._wrong(path, node, f"{_described(node)} is not between {rule.low} and {rule.high}")
        return content


_SECRET = re.compile(r"password|token|secret|seed|credential", re.IGNORECASE)
_NAMES = {str: "text", int: "a whole number", bool: "true or false", float: "a number"}


def _described(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    meant = scalar(node) if isinstance(node, ScalarNode) else None
    if meant is None:
        return "nothing"
    if isinstance(meant, str):
        return f"`{node.value}`" if is_plain(node) else f'`"{node.value}"`'
    name = "true or false" if isinstance(meant, bool) else "a number"
    return f"`{node.value}` ({name} in YAML)"


def field_doc(kind: Any, field: str) -> str:
    """The words of a field's Doc mark, or nothing."""
    annotation = kind.__annotations__[field]
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return next((mark.text for mark in marks if isinstance(mark, Doc)), "")


@cache
def spelled(field: str) -> str:
    """A Python field's name as the YAML has it: `source_ranges` is `sourceRanges`, `class_` is `class`."""
    first, *rest = field.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def dotted(path: Path) -> str:
    """A field's path for people: `loadBalancer.sourceRanges[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def nearest(word: str, known: Any) -> str:
    """A remark that names the closest known word, or nothing."""
    from difflib import get_close_matches  # costs 2 ms and is needed in an error only

    lowered = {str(name).lower(): str(name) for name in known}
    close = get_close_matches(word.lower(), lowered, n=1)
    return f"did you mean `{lowered[close[0]]}`?" if close else ""
