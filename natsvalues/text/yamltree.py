"""Compose YAML into nodes with the positions of their characters; text is changed by splicing, never by dumping.

The C composer of ruamel.yaml gives every scalar an exact span. Four of its properties matter here: the end
of a block collection runs over trailing comments up to the next token (`content_end` does not); an alias
composes to the very node of its anchor; duplicate keys pass silently; a byte order mark must be cut off
before composing.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.text.composer import (
    DUPLICATE_ANCHOR,
    ESCAPE,
    FLOW_COLON,
    PLAIN,
    STRING,
    Composer,
    MappingNode,
    MarkedYAMLError,
    Node,
    ScalarNode,
    SequenceNode,
    YAMLError,
    too_deep,
)
from natsvalues.text.levels import MOST_LEVELS, MOST_PARTS, TOO_DEEP, TOO_DEEP_CODE
from natsvalues.text.scalars import meaning
from natsvalues.text.spans import line_column
from natsvalues.text.stream import BOM

Value: TypeAlias = Any
"""What a document means: dict, list, str, int, float, bool, None."""

_UNREAD = object()
_ALIAS = re.compile(r"(?<=[\s:-])\*[^\s,\[\]{}]+")
_MAY_HAVE_MEANING = frozenset("yYnNtTfFoO+-.0123456789")
# What may be a tag without a name, or an escape that Go does not know.
_MAY_DIFFER = re.compile(r"!(?=\s)|!\Z|\\/")
# A byte order mark that is not the first character, which the C parser takes for nothing and Go's for a letter.
_LATE_BOM = re.compile("(?:[\r\n\x85\u2028\u2029]|\\A)\ufeff")
NO_STRING = "a key that is null, a mapping or a list, which Helm refuses"
NO_JSON = "`.inf` or `.nan`, a number that JSON does not have, and Helm refuses"
BY_CHANCE = 'two keys that are one in JSON, such as 1 and "1": Kubernetes takes one of them by chance'
LATE_BOM = "a byte order mark that is not the first character"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))


class YamlSyntaxError(NatsvaluesError):
    """The text is not YAML, not one document, or too deep (NV-I010). `line` is that in the composed text, from 1."""

    def __init__(
        self, message: str, line: int, column: int, context: str | None = None, begun: int | None = None
    ) -> None:
        super().__init__("NV-I002", message, hint="fix the text there")
        self.line = line
        self.column = column
        self.context = context
        self.begun = begun


class Tree:
    """One composed document: its text, its root node (None for a document without content), what it means."""

    __slots__ = ("_shared", "_value", "offset", "root", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = len(BOM) if text.startswith(BOM) else 0
        self.root: Node | None = compose(text)
        self._shared: frozenset[int] | None = None
        self._value: Value = _UNREAD

    @property
    def value(self) -> Value:
        """What the document means. Shared, so not to be changed."""
        if self._value is _UNREAD:
            self._value = value(self.root)
        return self._value

    def span(self, node: Node) -> tuple[int, int]:
        """The characters of a scalar or flow collection; of a block collection without trailing comments."""
        return self.start(node), self.end(node)

    def start(self, node: Node) -> int:
        """Where the node's own characters begin (after an anchor or a tag)."""
        return int(node.start_mark.index) + self.offset

    def end(self, node: Node) -> int:
        """Where the node's content ends: a block collection ends with its last entry."""
        while isinstance(node, (MappingNode, SequenceNode)) and not node.flow_style and node.value:
            last = node.value[-1]
            inner = last[1] if isinstance(last, tuple) else last
            begun = last[0] if isinstance(last, tuple) else node
            if inner.start_mark.index < begun.start_mark.index:  # an alias, which has the place of its anchor
                return self._alias_end(node)
            node = inner
        return int(node.end_mark.index) + self.offset

    def _alias_end(self, node: MappingNode | SequenceNode) -> int:
        """Where a block collection ends whose last value is an alias: the name behind what stands before it."""
        if isinstance(node, MappingNode):
            at = self.end(node.value[-1][0])
        else:
            at = self.start(node)
            for item in node.value[:-1]:
                is_alias = item.start_mark.index < node.start_mark.index
                at = self._next_alias(at) if is_alias else self.end(item)
        return self._next_alias(at)

    def _next_alias(self, at: int) -> int:
        match = _ALIAS.search(self.text, at)
        return match.end() if match else len(self.text)

    def line(self, node: Node) -> int:
        """The node's line within the text, from 1."""
        return int(node.start_mark.line) + 1

    def shared_ids(self) -> frozenset[int]:
        """The identities of nodes that an alias makes stand at more than one place."""
        if self._shared is None:
            self._shared = _shared_nodes(self.root) if self.root is not None and "*" in self.text else frozenset()
        return self._shared

    def is_shared(self, node: Node) -> bool:
        """Whether an alias makes this node, or one inside it, stand at more than one place."""
        return bool(self.shared_ids()) and _contains_any(node, self.shared_ids())


def compose(text: str) -> Node | None:
    """The root node of the one document in `text`; None if it has no content.

    Raises YamlSyntaxError for text that is not YAML, and for more than one document.
    """
    try:
        node = _composed(text[1:] if text.startswith(BOM) else text)
        if node is not None and "*" in text and _expanded(node, {}, ())[0] > MOST_PARTS:
            raise YamlSyntaxError("an alias that contains itself, or aliases that expand without end", 1, 1)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        if error.problem == TOO_DEEP:
            deep = YamlSyntaxError(TOO_DEEP, line, column)
            deep.code, deep.hint = TOO_DEEP_CODE, "no object of Kubernetes is nested that deep: see what wrote it"
            raise deep from None
        begun = error.context_mark.line + 1 if error.context and error.context_mark is not None else None
        refused = YamlSyntaxError(f"not YAML: {error.problem or error.context}", line, column, error.context, begun)
        if line > text.rstrip().count("\n"):
            refused.hint += "; if the stream ends there, it was cut off"
        raise refused from None
    except YAMLError as error:
        position = getattr(error, "position", 0)
        line, column = line_column(text, position if isinstance(position, int) else 0)
        raise YamlSyntaxError(f"not YAML: {getattr(error, 'reason', error)}", line, column) from None
    except UnicodeEncodeError as error:
        line, column = line_column(text, error.start)
        raise YamlSyntaxError("not YAML: a character that is not valid Unicode", line, column) from None
    return node


def _composed(text: str) -> Node | None:
    late = _LATE_BOM.search(text) if BOM in text else None
    if late is not None:
        raise YamlSyntaxError(LATE_BOM, *line_column(text, late.end() - 1))
    try:
        node: Node | None = Composer(text).get_single_node()
    except MarkedYAMLError as error:
        if error.problem not in (FLOW_COLON, DUPLICATE_ANCHOR, ESCAPE):
            raise
        from natsvalues.text.go_yaml import composed  # few documents need it

        node = composed(text, Composer)
    if node is not None and _MAY_DIFFER.search(text):
        from natsvalues.text.go_scalars import as_go  # hardly a document needs it

        odd = as_go(node, text)
        if odd is not None:
            raise _refused("the escape \\/ in double quotes, which Helm refuses", odd)
    return node


def parts(node: Node) -> list[Node]:
    """The nodes directly inside a node: keys and values, or items."""
    if isinstance(node, MappingNode):
        return [part for entry in node.value for part in entry]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _expanded(node: Node, known: dict[int, tuple[int, int]], above: tuple[int, ...]) -> tuple[int, int]:
    """How many nodes and levels a node has with its aliases written out. Raises MarkedYAMLError if it is too deep."""
    if id(node) in above:
        return MOST_PARTS + 1, 1
    if id(node) not in known:
        inside = (*above, id(node))
        sizes = [_expanded(part, known, inside) for part in parts(node)]
        known[id(node)] = 1 + sum(size for size, _ in sizes), 1 + max((levels for _, levels in sizes), default=0)
    if len(above) + known[id(node)][1] > MOST_LEVELS:
        raise too_deep(node)
    return known[id(node)]


def _shared_nodes(root: Node) -> frozenset[int]:
    seen: set[int] = set()
    shared: set[int] = set()
    pending = [root]
    while pending:
        node = pending.pop()
        if id(node) in seen:
            shared.add(id(node))
        else:
            seen.add(id(node))
            pending += parts(node)
    return frozenset(shared)


def _contains_any(node: Node, wanted: frozenset[int]) -> bool:
    return id(node) in wanted or any(_contains_any(part, wanted) for part in parts(node))


def scalar(node: ScalarNode) -> str | int | float | bool | None:
    """The meaning of one scalar node, explicit tags included. Raises YamlSyntaxError for a tag that does not fit."""
    text: str = node.value
    if node.ctag is PLAIN:
        return meaning(text)
    if node.ctag is STRING:
        return text
    from natsvalues.text.go_scalars import tagged  # few documents have tags

    try:
        return tagged(str(node.tag), text)
    except ValueError:
        raise _refused("a value that does not fit its tag", node) from None


def is_plain(node: Node) -> bool:
    """Whether the scalar stands unquoted, on one line or several."""
    return not getattr(node, "style", None)


def value(node: Node | None) -> Value:
    """What the node means to Kubernetes. Keys become strings, as in JSON; the last of duplicate keys counts.

    So does a merge key `<<`: what it merges counts over the keys before it. Go's reader differs there from YAML 1.1.
    """
    if node is None:
        return None
    if isinstance(node, ScalarNode):
        meant = scalar(node)
        if isinstance(meant, float) and meant - meant != 0:
            raise _refused(NO_JSON, node)
        return meant
    if isinstance(node, SequenceNode):
        return [value(item) for item in node.value]
    result: dict[str, Value] = {}
    for key, item in node.value:
        name = key_text(key)
        if not isinstance(key, ScalarNode) or (name in _NULLS and scalar(key) is None):
            raise _refused(NO_STRING, key)
        if is_merge(key):
            result.update(_merged(key, item))
        else:
            if name in result:
                _refuse_two_kinds([entry[0] for entry in node.value], key, name)
            result[name] = value(item)
    return result


def _merged(key: ScalarNode, item: Node) -> dict[str, Value]:
    """What a merge key brings in: of a list the first mapping counts. An alias of a list is refused, as by Go."""
    is_alias = item.start_mark.index < key.start_mark.index
    result: dict[str, Value] = {}
    for source in reversed(item.value if isinstance(item, SequenceNode) and not is_alias else [item]):
        if not isinstance(source, MappingNode):
            raise _refused("a merge key `<<` whose value is no mapping", source)
        result.update(value(source))
    return result


def is_merge(key: Node) -> bool:
    """Whether a key is a `<<` that merges; a quoted one does not."""
    return key.value == "<<" and (key.ctag is PLAIN or str(key.tag) in ("tag:yaml.org,2002:merge", "!"))


def _refuse_two_kinds(keys: list[Node], key: ScalarNode, name: str) -> None:
    """Raise for keys such as `1` and `"1"`: two to the reader of YAML, one in JSON, and Go takes either by chance."""
    meant = scalar(key)
    for other in keys:
        if other is not key and isinstance(other, ScalarNode) and key_text(other) == name:
            same = scalar(other)
            if type(same) is not type(meant) or same != meant:
                raise _refused(BY_CHANCE, key)


def _refused(message: str, node: Node) -> YamlSyntaxError:
    return YamlSyntaxError(message, int(node.start_mark.line) + 1, int(node.start_mark.column) + 1)


def key_text(key: Node) -> str:
    """A mapping key as the string that JSON would have: `0x10` is 16, `yes` is true."""
    text = str(key.value)
    if text and text[0] not in _MAY_HAVE_MEANING and key.ctag is PLAIN:
        return text
    meant = scalar(key) if isinstance(key, ScalarNode) else text
    if isinstance(meant, bool):
        return "true" if meant else "false"
    if isinstance(meant, (int, float)):
        from natsvalues.text.go_scalars import number_key  # few keys are numbers

        try:
            return number_key(meant)
        except ValueError:
            raise _refused("a key that is a number beyond 63 bits, which Helm refuses", key) from None
    return meant if isinstance(meant, str) else text


def find(node: Node | None, *keys: str | int) -> Node | None:
    """Follow keys and indices; None where one is missing. The last of duplicate keys counts, as for readers."""
    for key in keys:
        if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
        elif isinstance(node, MappingNode):
            node = next((item for name, item in reversed(node.value) if key_text(name) == key), None)
        else:
            return None
    return node


def at(file: str, first_line: int, error: YamlSyntaxError) -> NatsvaluesError:
    """The same error with its place in a file whose composed text began at `first_line`."""
    error.where = (Where(file, first_line + error.line - 1, error.column),)
    if error.begun is not None:
        error.where += (Where(file, first_line + error.begun - 1, field=error.context),)
    return error
