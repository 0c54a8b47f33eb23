"""The lines around a finding: each line that contains a secret or a part of one is hidden completely.

Secrets are recognized by their path in the document and in nats.conf, as in every report, and by their format.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.plain import is_plain
from natsvalues.records import NamedTuple
from natsvalues.report.redaction import HIDDEN, redacted, without_secrets
from natsvalues.text.composer import MappingNode, Node, ScalarNode, SequenceNode
from natsvalues.text.natsconf import ConfArray, ConfMap, Entry, read
from natsvalues.text.natsconf import Scalar as ConfScalar
from natsvalues.text.stream import split
from natsvalues.text.yamltree import Tree, find, key_text, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where

AROUND = 1
LONGEST = 160
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


class Line(NamedTuple):
    """One line of a file, as a report may show it."""

    number: int
    text: str


def excerpt(texts: dict[str, str], where: Where) -> list[Line]:
    """The line of a place and its neighbours in the same document; nothing where the place has no line."""
    text = texts.get(where.file)
    if text is None or where.line is None:
        return []
    chunk = next((item for item in reversed(split(text)) if item.line <= where.line), None)
    if chunk is None:
        return []
    lines = safe_lines(chunk.text, where.file)
    at = where.line - chunk.line
    first, last = max(at - AROUND, 0), min(at + AROUND, len(lines) - 1)
    shown = [Line(chunk.line + number, lines[number]) for number in range(first, last + 1)]
    while shown and not shown[-1].text.strip() and shown[-1].number != where.line:
        shown.pop()
    return [line for line in shown if not line.text.startswith("---") or line.number == where.line]


def safe_lines(document: str, file: str = "") -> list[str]:
    """The lines of one document, or of a plain nats.conf, those with secrets hidden; all of them if it cannot be read.

    `file` is its file's name.
    """
    text = document.replace("\r\n", "\n")
    lines = text.split("\n")
    try:
        hidden = set(_of_plain(text) if is_plain(text, file) else _of_yaml(text))
    except NatsvaluesError:
        hidden = set(range(len(lines)))
    for match in _KEY_BLOCK.finditer(text):
        first = text.count("\n", 0, match.start())
        hidden |= set(range(first, first + match[0].count("\n") + 1))
    return [
        HIDDEN if number in hidden or without_secrets(line) != line else _short(line)
        for number, line in enumerate(lines)
    ]


def _of_yaml(text: str) -> Iterator[int]:
    tree = Tree(text)
    kind = find(tree.root, "kind")
    name = str(scalar(kind)) if isinstance(kind, ScalarNode) else ""
    return _hidden(tree, tree.root, "", name, tree.value)


def _of_plain(text: str) -> Iterator[int]:
    """An included file may stand in any block: `key` is hidden as if it stood in that of JetStream."""
    return _secrets(text, read(text).root, "jetstream")


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _hidden(tree: Tree, node: Node | None, path: str, kind: str, meant: Any) -> Iterator[int]:
    """The lines, from 0, of values that a report would not show."""
    if isinstance(node, MappingNode):
        safe = redacted(meant, path, kind)
        for key, item in node.value:
            name = key_text(key)
            known = isinstance(meant, dict) and name in meant and isinstance(safe, dict)
            if known and isinstance(item, ScalarNode) and safe[name] != meant[name]:
                yield from _lines(tree, item)
            elif known:
                yield from _hidden(tree, item, f"{path}.{name}".lstrip("."), kind, meant[name])
            if isinstance(item, ScalarNode) and item.style == "|" and "\n" in item.value:
                yield from (tree.line(item) + line for line in _hidden_in_conf(item.value))
    elif isinstance(node, SequenceNode):
        safe = redacted(meant, path, kind)
        for index, item in enumerate(node.value):
            if isinstance(item, ScalarNode) and (not isinstance(safe, list) or safe[index] != meant[index]):
                yield from _lines(tree, item)
            else:
                yield from _hidden(tree, item, f"{path}[{index}]", kind, meant[index])
    elif isinstance(node, ScalarNode) and redacted(meant, path, kind) != meant:
        yield from _lines(tree, node)


def _lines(tree: Tree, node: Node) -> range:
    if isinstance(node, ScalarNode) and node.style == "|" and _reads_as_conf(node.value):
        return range(0)  # checked line by line
    first = tree.line(node) - 1
    return range(first, tree.text.count("\n", 0, tree.end(node)) + 1)


def _reads_as_conf(text: str) -> bool:
    try:
        return bool(read(text).root.entries)
    except NatsvaluesError:
        return False


def _hidden_in_conf(text: str) -> Iterator[int]:
    """The lines, from 0, of secrets in a server's configuration file."""
    if _reads_as_conf(text):
        yield from _secrets(text, read(text).root, "")


def _secrets(text: str, node: Any, path: str) -> Iterator[int]:
    if isinstance(node, ConfMap):
        for entry in node.entries:
            if isinstance(entry, Entry):
                yield from _secrets(text, entry.value, f"{path}.{entry.key}".lstrip("."))
    elif isinstance(node, ConfArray):
        for item in node.items:
            yield from _secrets(text, item, path)
    elif isinstance(node, ConfScalar) and node.kind != "variable" and redacted(node.value, path) != node.value:
        yield from range(text.count("\n", 0, node.span.start), text.count("\n", 0, node.span.end) + 1)
