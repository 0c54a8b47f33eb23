"""Read a configuration into a tree with spans, with what is unexpected in it as findings."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from natsvalues.text.natsconf import tokens
from natsvalues.text.natsconf.lexer import tokenize
from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Entry, Finding, Include, Node
from natsvalues.text.natsconf.scalars import DROPPED_NUMBER, OPEN_BLOCK, read_scalar
from natsvalues.text.spans import Span

NO_VALUE: Final = "this key has no value: the server gives it the value of the map around"
STRAY: Final = "the server ignores this character: remove it; comments begin with # or //"
INNER_BRACES: Final = "these braces hold no map: their content belongs to the top level"
# With one of these findings the text does not mean what it seems to, and an edit could go wrong.
UNCLOSED: Final = "this { is never closed"
MISLEADING: Final = frozenset((NO_VALUE, DROPPED_NUMBER, OPEN_BLOCK, STRAY, INNER_BRACES))

_PUNCTUATION = re.compile(r"[][{},;\"'#]")


class _Frame:
    """A container that is still open."""

    __slots__ = ("is_array", "items", "parts", "start")

    def __init__(self, start: int, *, is_array: bool) -> None:
        self.start = start
        self.is_array = is_array
        self.parts: list[Entry | Include] = []
        self.items: list[Node] = []


@lru_cache(maxsize=8)  # one text is read several times between two edits, and trees are immutable
def read(text: str) -> Conf:
    """Read the text of one file.

    Raises ConfSyntaxError where the server refuses it. What the server accepts but hardly anyone means (a
    number that overflows, a key that loses its value) is read as the server reads it, and reported as a finding.
    """
    return _Reader(text).read()


class _Reader:
    """Builds the tree token by token, with the stacks of the server's own parser."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.frames = [_Frame(0, is_array=False)]
        # As in the server: a key left over takes the value of an outer one.
        self.keys: list[tuple[str, Span]] = []
        self.findings: list[Finding] = []
        self.include_start = 0
        self.root_open = -1
        self.root_close = len(text)
        self.root_depth = 0

    def read(self) -> Conf:
        previous = tokens.GAP
        for token in tokenize(self.text):
            kind = token[0]
            if kind in _PASSED_OVER:
                continue
            if kind in _KEYS:
                self.key(token)
            elif kind in _SCALARS:
                node = read_scalar(self.text, token, self.findings)
                if node is not None:
                    self.place(node)
            elif kind in _OPENINGS:
                self.frames.append(_Frame(token.start, is_array=kind is tokens.ARRAY_OPEN))
            elif kind in _CLOSINGS:
                if previous in _KEYS:
                    self.find(self.keys[-1][1].start, NO_VALUE)
                self.close(token.end)
            else:
                self.rare(token)
            previous = kind
        if self.root_depth:
            self.find(self.root_open, UNCLOSED)
        root = self.frames[0]
        braced = self.root_open >= 0
        span = Span(self.root_open, self.root_close) if braced else Span(0, len(self.text))
        return Conf(self.text, ConfMap(span, tuple(root.parts), braced), tuple(self.findings))

    def find(self, offset: int, message: str) -> None:
        self.findings.append(Finding(offset, message))

    def key(self, token: tokens.Token) -> None:
        kind, start, end = token
        name = self.text[start:end] if kind is tokens.KEY else self.text[start + 1 : end - 1]
        if kind is tokens.KEY and _PUNCTUATION.search(name):
            self.find(
                start, "this key contains punctuation: a space or a value is missing, or there is a comma too many"
            )
        self.keys.append((name, Span(start, end)))

    def place(self, node: Node) -> None:
        """Put a value where the server puts it: into the array, or under the latest key without a value."""
        frame = self.frames[-1]
        if frame.is_array:
            frame.items.append(node)
            return
        name, key_span = self.keys.pop()
        start = min(key_span.start, node.span.start)
        frame.parts.append(Entry(name, key_span, node, Span(start, node.span.end)))

    def close(self, end: int) -> None:
        frame = self.frames.pop()
        span = Span(frame.start, end)
        if frame.is_array:
            self.place(ConfArray(span, tuple(frame.items)))
        else:
            self.place(ConfMap(span, tuple(frame.parts), braced=True))

    def rare(self, token: tokens.Token) -> None:
        kind, start, end = token
        if kind is tokens.INCLUDE:
            self.include_start = start
        elif kind is tokens.INCLUDE_PATH:
            path = self.text[start:end].removesuffix("'")
            path = path[1:-1] if path.startswith('"') else path.removeprefix("'")
            self.frames[-1].parts.append(Include(path, Span(self.include_start, end)))
        elif kind is tokens.ROOT_OPEN:
            if self.root_open >= 0 or self.frames[0].parts:
                self.find(start, INNER_BRACES)
            self.root_depth += 1
            if self.root_open < 0:
                self.root_open = start
            self.root_close = len(self.text)
        elif kind is tokens.ROOT_CLOSE:
            self.root_depth -= 1
            self.root_close = end
        elif kind is tokens.STRAY:
            self.find(start, STRAY)


_PASSED_OVER = frozenset((tokens.GAP, tokens.SEPARATOR, tokens.END))
_KEYS = frozenset((tokens.KEY, tokens.QUOTED_KEY))
_OPENINGS = frozenset((tokens.MAP_OPEN, tokens.ARRAY_OPEN))
_CLOSINGS = frozenset((tokens.MAP_CLOSE, tokens.ARRAY_CLOSE))
_SCALARS = frozenset(
    (
        tokens.DOUBLE,
        tokens.SINGLE,
        tokens.BLOCK,
        tokens.BARE,
        tokens.BARE_APOSTROPHE,
        tokens.INTEGER,
        tokens.FLOAT,
        tokens.DATETIME,
    )
)
