"""Read a configuration into a tree with spans, keeping the surprises apart as findings."""

from __future__ import annotations

import re
from typing import NamedTuple

from natsvalues.text.natsconf import lexer
from natsvalues.text.natsconf.lexer import Token, tokenize
from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Entry, Finding, Include, Node
from natsvalues.text.natsconf.scalars import read_scalar
from natsvalues.text.spans import Span

_PUNCTUATION = re.compile(r"[][{},;\"'#]")


class _Key(NamedTuple):
    name: str
    span: Span


class _Frame(NamedTuple):
    """A container that is still open."""

    start: int
    parts: list[Entry | Include]
    items: list[Node]
    is_array: bool


def read(text: str) -> Conf:
    """Read the text of one file.

    Raises ConfSyntaxError where the server refuses it. What the server accepts but hardly anyone means (a
    number that overflows, a key that loses its value) is read as the server reads it, and is a finding.
    """
    return _Reader(text).read()


class _Reader:
    __slots__ = ("findings", "frames", "include_start", "keys", "root_close", "root_open", "root_depth", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.frames = [_Frame(0, [], [], is_array=False)]
        self.keys: list[_Key] = []  # as in the server: one left over takes the value of an outer key
        self.findings: list[Finding] = []
        self.include_start = 0
        self.root_open = -1
        self.root_close = len(text)
        self.root_depth = 0

    def read(self) -> Conf:
        previous = Token(lexer.GAP, 0, 0)
        for token in tokenize(self.text):
            kind = token.kind
            if kind is lexer.GAP or kind is lexer.SEPARATOR or kind is lexer.END:
                continue
            if kind in _KEYS:
                self.key(token)
            elif kind in _SCALARS:
                node = read_scalar(self.text, token, self.findings)
                if node is not None:
                    self.place(node)
            elif kind in _OPENINGS:
                self.frames.append(_Frame(token.start, [], [], is_array=kind is lexer.ARRAY_OPEN))
            elif kind in _CLOSINGS:
                if previous.kind in _KEYS:
                    self.find(previous.start, "this key has no value: the server gives it the value of the map around")
                self.close(token.end)
            else:
                self.rare(token)
            previous = token
        if self.root_depth:
            self.find(self.root_open, "this { is never closed")
        root = self.frames[0]
        braced = self.root_open >= 0
        span = Span(self.root_open, self.root_close) if braced else Span(0, len(self.text))
        return Conf(self.text, ConfMap(span, tuple(root.parts), braced), tuple(self.findings))

    def find(self, offset: int, message: str) -> None:
        self.findings.append(Finding(offset, message))

    def key(self, token: Token) -> None:
        kind, start, end = token
        name = self.text[start:end] if kind is lexer.KEY else self.text[start + 1 : end - 1]
        if kind is lexer.KEY and _PUNCTUATION.search(name):
            self.find(start, "this key takes in punctuation: a space or a value is missing, or a , or ; is one too many")
        self.keys.append(_Key(name, Span(start, end)))

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

    def rare(self, token: Token) -> None:
        kind, start, end = token
        if kind is lexer.INCLUDE:
            self.include_start = start
        elif kind is lexer.INCLUDE_PATH:
            path = self.text[start:end].removesuffix("'")
            path = path[1:-1] if path.startswith('"') else path.removeprefix("'")
            self.frames[-1].parts.append(Include(path, Span(self.include_start, end)))
        elif kind is lexer.ROOT_OPEN:
            self.root_depth += 1
            if self.root_open < 0:
                self.root_open = start
            self.root_close = len(self.text)
        elif kind is lexer.ROOT_CLOSE:
            self.root_depth -= 1
            self.root_close = end
        elif kind is lexer.BOM:
            self.find(start, "the server takes a byte order mark for a part of the first key: remove it")
        elif kind is lexer.STRAY:
            self.find(start, "the server passes over this character: remove it; comments begin with # or //")


_KEYS = frozenset((lexer.KEY, lexer.QUOTED_KEY))
_OPENINGS = frozenset((lexer.MAP_OPEN, lexer.ARRAY_OPEN))
_CLOSINGS = frozenset((lexer.MAP_CLOSE, lexer.ARRAY_CLOSE))
_SCALARS = frozenset(
    (
        lexer.DOUBLE,
        lexer.SINGLE,
        lexer.BLOCK,
        lexer.BARE,
        lexer.BARE_APOSTROPHE,
        lexer.INTEGER,
        lexer.FLOAT,
        lexer.DATETIME,
    )
)
