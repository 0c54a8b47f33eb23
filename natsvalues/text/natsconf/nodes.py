"""The tree of a configuration: immutable nodes, each with the span of its characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.text.spans import Span

ScalarKind = Literal["string", "boolean", "integer", "float", "datetime", "variable"]


class Scalar(NamedTuple):
    """A value without parts. `raw` is its text, quotes included; `value` the value that the server reads.

    The value of a variable is its name without `$`; a datetime stays the text it is.
    """

    span: Span
    kind: ScalarKind
    value: str | bool | int | float
    raw: str


class ConfArray(NamedTuple):
    """Items between `[` and `]`, both within the span."""

    span: Span
    items: tuple[Node, ...]


class Include(NamedTuple):
    """`include path`: the server reads the entries of another file here."""

    path: str
    span: Span


class Entry(NamedTuple):
    """A key with its value. `key` is decoded; `key_span` covers its quotes; `span` both key and value."""

    key: str
    key_span: Span
    value: Node
    span: Span


class ConfMap(NamedTuple):
    """Entries and includes in the order of the text; of entries with one key the server uses the last.

    `braced` is False for a file that has no braces around it: its span is then the whole text. With braces
    the span includes them, except that a file may lack the closing one (see the findings of `read`).
    """

    span: Span
    entries: tuple[Entry | Include, ...]
    braced: bool


Node = ConfMap | ConfArray | Scalar


class Finding(NamedTuple):
    """The server accepts the text at `offset`, but reads it as something unexpected."""

    offset: int
    message: str


class Conf(NamedTuple):
    """A configuration as read: `text[node.span.start:node.span.end]` is the source of every node."""

    text: str
    root: ConfMap
    findings: tuple[Finding, ...]
