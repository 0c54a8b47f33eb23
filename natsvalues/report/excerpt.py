"""The lines around a finding: each line that contains a secret or a part of one is hidden completely.

Secrets are recognized by their path in the document and in nats.conf, as in every report, and by their format.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.plain import is_plain
from natsvalues.overlays.starter import starter_comments
from natsvalues.records import NamedTuple
from natsvalues.report.redaction import Place, conf_secrets, entry_place, item_place, redacted_at
from natsvalues.text.composer import MappingNode, Node, ScalarNode, SequenceNode
from natsvalues.text.natsconf import read
from natsvalues.text.secrets import HIDDEN, PLAIN, Hiding, without_secrets
from natsvalues.text.stream import split
from natsvalues.text.yamltree import Tree, key_text

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


def excerpt(texts: dict[str, str], where: Where, how: Hiding = PLAIN) -> list[Line]:
    """The line of a place and its neighbours in the same document; nothing where the place has no line."""
    text = texts.get(where.file)
    if text is None or where.line is None:
        return []
    chunk = next((item for item in reversed(split(text)) if item.line <= where.line), None)
    if chunk is None:
        return []
    lines = safe_lines(chunk.text, where.file, how)
    at = where.line - chunk.line
    first, last = max(at - AROUND, 0), min(at + AROUND, len(lines) - 1)
    shown = [Line(chunk.line + number, lines[number]) for number in range(first, last + 1)]
    while shown and not shown[-1].text.strip() and shown[-1].number != where.line:
        shown.pop()
    return [line for line in shown if not line.text.startswith("---") or line.number == where.line]


def safe_lines(document: str, file: str = "", how: Hiding = PLAIN) -> list[str]:
    """The lines of one document, or of a plain nats.conf, those with secrets hidden; all of them if it cannot be read.

    `file` is its file's name.
    """
    text = document.replace("\r\n", "\n")
    lines = text.split("\n")
    try:
        hidden = set(_of_plain(text, how) if is_plain(text, file) else _of_yaml(text, how))
    except NatsvaluesError:
        hidden = set(range(len(lines)))
    for match in _KEY_BLOCK.finditer(text):
        first = text.count("\n", 0, match.start())
        hidden |= set(range(first, first + match[0].count("\n") + 1))
    return [HIDDEN if number in hidden or _has_secret(line, how) else _short(line) for number, line in enumerate(lines)]


def _has_secret(line: str, how: Hiding) -> bool:
    """Whether a line may have a secret, by its words alone; what `init` wrote has none, though it says `seed`."""
    return without_secrets(line, how) != line and line.strip() not in starter_comments()


def _of_yaml(text: str, how: Hiding) -> Iterator[int]:
    tree = Tree(text)
    return _hidden(tree, tree.root, Place(), tree.value, how)


def _of_plain(text: str, how: Hiding) -> Iterator[int]:
    """An included file may stand in any block: `key` is hidden as if it stood in that of JetStream."""
    return _hidden_in_conf(text, Place(keys=("jetstream",)), how)


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _hidden(tree: Tree, node: Node | None, place: Place, meant: Any, how: Hiding) -> Iterator[int]:
    """The lines, from 0, of values that a report would not show."""
    if isinstance(node, MappingNode) and isinstance(meant, dict):
        for key, item in node.value:
            name = key_text(key)
            if name in meant:
                yield from _hidden(tree, item, entry_place(meant, name, place, how), meant[name], how)
    elif isinstance(node, SequenceNode) and isinstance(meant, list):
        for index, item in enumerate(node.value):
            yield from _hidden(tree, item, item_place(meant, index, place), meant[index], how)
    elif isinstance(node, ScalarNode):
        if node.style == "|" and not place.hides() and _reads_as_conf(node.value):
            yield from (tree.line(node) + line for line in _hidden_in_conf(node.value, Place(), how))
        elif redacted_at(meant, place, how) != meant:
            yield from range(tree.line(node) - 1, tree.text.count("\n", 0, tree.end(node)) + 1)


def _reads_as_conf(text: str) -> bool:
    try:
        return bool(read(text).root.entries)
    except NatsvaluesError:
        return False


def _hidden_in_conf(text: str, place: Place, how: Hiding) -> Iterator[int]:
    """The lines, from 0, of secrets in a server's configuration file."""
    for span, _ in conf_secrets(read(text).root, place, how):
        yield from range(text.count("\n", 0, span.start), text.count("\n", 0, span.end) + 1)
