"""Valid YAML that the C composer refuses, and Helm and kubectl read: composed as Go reads it.

Go's YAML reader is a port of the same C parser with two checks less (each text is compared with Helm 3 and 4):

- In a flow collection, too, a colon ends a plain scalar only before white space: `{image: alpine:3.20}`. Such a colon
  is parsed as a letter, and put back afterwards. So the C parser decides everything else, and positions stay the same.
- An anchor may be defined again; an alias means the last one before it.
"""

from __future__ import annotations

import re
from typing import Any

from natsvalues.text.composer import (
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


def composed(text: str, parser: Any) -> Node | None:
    """The root node of the one document in `text`. Raises MarkedYAMLError for what Go refuses, and for too many levels.

    `parser` makes the C parser of a text.
    """
    letter = next(chr(code) for code in _LETTERS if chr(code) not in text)
    while True:
        try:
            return _Nodes(parser(text), letter).root()
        except MarkedYAMLError as error:
            if error.problem != FLOW_COLON:
                raise
            at = error.problem_mark.index
        # Those behind it that are surely no indicators, too: many colons take one more pass, not many.
        text = text[:at] + letter + _TAG_OR_COLON.sub(lambda match: _masked(match[0], letter), text[at + 1 :])


def _masked(text: str, letter: str) -> str:
    return letter if text == ":" else text


class _Nodes:
    """Nodes from the events of the parser, as the C composer makes them, with the letters as colons again."""

    def __init__(self, parser: Any, letter: str) -> None:
        self.parser = parser
        self.letter = letter
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
            text = event.value.replace(self.letter, ":")
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
