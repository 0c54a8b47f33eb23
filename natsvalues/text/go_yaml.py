"""Valid YAML that the C composer refuses, and Helm and kubectl read: composed as Go reads it.

Go's YAML reader is a port of the same C parser with some checks less (each text is compared with Helm 3 and 4):

- In a flow collection, too, a colon ends a plain scalar only before white space: `{image: alpine:3.20}`. Such a colon
  is parsed as a letter, and put back afterwards. So the C parser decides everything else, and positions stay the same.
- In double quotes an apostrophe may be escaped. Its backslash is parsed as another letter, and taken out afterwards.
- An anchor may be defined again; an alias means the last one before it.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from natsvalues.text.composer import (
    ESCAPE,
    FLOW_COLON,
    MappingNode,
    MarkedYAMLError,
    Node,
    ScalarNode,
    SequenceNode,
    too_deep,
)
from natsvalues.text.levels import MOST_LEVELS

_LETTERS = range(0xE000, 0xF8FF)
"""Characters without a meaning in Unicode, which the parser reads as letters."""

# A tag, which stays; or a colon that is part of a plain scalar wherever it is not in a quoted one or a comment.
_TAG_OR_COLON = re.compile(r"(?<![^\s\[\]{},])!\S*|(?<=[^\s\[\]{},\"']):(?=\S)")
_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def composed(text: str, parser: Any) -> Node | None:
    """The root node of the one document in `text`. Raises MarkedYAMLError for what Go refuses, and for too many levels.

    `parser` makes the C parser of a text.
    """
    letter, quoting = itertools.islice((char for char in map(chr, _LETTERS) if char not in text), 2)
    while True:
        try:
            return _Nodes(parser(text), letter, quoting).root()
        except MarkedYAMLError as error:
            at = error.problem_mark.index if error.problem_mark is not None else 0
            if error.problem == ESCAPE and text.startswith("\\'", at):
                at = error.context_mark.index  # where the scalar begins: all in it at once
                text = text[:at] + _DOUBLE_QUOTED.sub(
                    lambda match: _ESCAPED.sub(lambda one: quoting + "'" if one[1] == "'" else one[0], match[0]),
                    text[at:],
                    count=1,
                )
                continue
            if error.problem != FLOW_COLON:
                raise
        # Those behind it that are surely no indicators, too: many colons take one more pass, not many.
        text = text[:at] + letter + _TAG_OR_COLON.sub(lambda match: _masked(match[0], letter), text[at + 1 :])


def _masked(text: str, letter: str) -> str:
    return letter if text == ":" else text


class _Nodes:
    """Nodes from the events of the parser, as the C composer makes them, with the letters as colons again."""

    def __init__(self, parser: Any, letter: str, quoting: str) -> None:
        self.parser = parser
        self.letter = letter
        self.quoting = quoting
        self.anchors: dict[str, Node] = {}
        self.open: list[tuple[Node, list[Node]]] = []

    def root(self) -> Node | None:
        """The root node; None where there is no document."""
        root: Node | None = None
        while self.parser.check_event():
            event = self.parser.get_event()
            kind = type(event).__name__
            if kind == "DocumentStartEvent" and root is not None:
                said = ("expected a single document in the stream", root.start_mark, "but found another document")
                raise MarkedYAMLError(*said, event.start_mark)
            node = self._node(event, kind)
            if node is None:
                continue
            if self.open:
                self.open[-1][1].append(node)
            else:
                root = root or node
            if kind in ("MappingStartEvent", "SequenceStartEvent"):
                self.open.append((node, []))
                if len(self.open) > MOST_LEVELS:
                    raise too_deep(node)
        return root

    def _node(self, event: Any, kind: str) -> Node | None:
        """The node that begins here; None where none does."""
        if kind == "AliasEvent":
            if event.anchor not in self.anchors:
                raise MarkedYAMLError(None, None, "found undefined alias", event.start_mark)
            return self.anchors[event.anchor]
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            node, parts = self.open.pop()
            node.end_mark = event.end_mark
            mapping = isinstance(node, MappingNode)
            node.value = list(zip(parts[::2], parts[1::2], strict=True)) if mapping else parts
            return None
        made: Any = None
        marks = (event.start_mark, event.end_mark)
        if kind == "ScalarEvent":
            text = event.value.replace(self.letter, ":").replace(self.quoting, "")
            tag = self._tag(event, ScalarNode, text)
            made = ScalarNode(tag, text, *marks, style=event.style)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            form = MappingNode if kind == "MappingStartEvent" else SequenceNode
            made = form(self._tag(event, form, None), [], *marks, flow_style=event.flow_style)
        if made is not None and event.anchor is not None:
            self.anchors[event.anchor] = made
        return made  # type: ignore[no-any-return]  # nodes have no types

    def _tag(self, event: Any, kind: type, text: str | None) -> Any:
        given = event.tag
        return self.parser.resolve(kind, text, event.implicit) if given in (None, "!") else given
