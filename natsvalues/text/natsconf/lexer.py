"""Tokens of the NATS configuration language, exactly as nats-server 2.14 cuts them.

Every character belongs to one token: `"".join(text[t.start:t.end] for t in tokenize(text)) == text`.
The language cannot be cut without knowing where one is: `#` opens a comment between values but is a
letter within one, and a number ends at `}` yet swallows `]`. So the lexer walks the states of the
server's own lexer, with regular expressions doing the work within a state. Two departures: a byte order
mark at the start is a token of its own, and a NUL character or a quote left open by the end of the file
is always an error (the server takes some of them for the end of the file).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from natsvalues.text.natsconf.errors import ConfSyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable

    State = Callable[[], Any] | None

DEPTH_LIMIT: Final = 200

GAP: Final = "gap"  # white space and comments
BOM: Final = "byte order mark"
KEY: Final = "key"
QUOTED_KEY: Final = "quoted key"
SEPARATOR: Final = "separator"  # between key and value: white space, at most one `:` or `=`
END: Final = "end"  # `,` or `;` after a value
STRAY: Final = "stray"  # a `/` or `}` that the server passes over
INCLUDE: Final = "include"
INCLUDE_PATH: Final = "include path"
DOUBLE: Final = "double-quoted string"
SINGLE: Final = "single-quoted string"
BLOCK: Final = "block string"
BARE: Final = "bare value"
BARE_APOSTROPHE: Final = "bare value ended by an apostrophe"
INTEGER: Final = "integer"
FLOAT: Final = "float"
DATETIME: Final = "datetime"
ROOT_OPEN, ROOT_CLOSE = "root open", "root close"  # braces around the whole file hold no map of their own
MAP_OPEN, MAP_CLOSE = "map open", "map close"
ARRAY_OPEN, ARRAY_CLOSE = "array open", "array close"
_CLOSING = {ROOT_OPEN: ROOT_CLOSE, MAP_OPEN: MAP_CLOSE, ARRAY_OPEN: ARRAY_CLOSE}

SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # Go's unicode.IsSpace
_COMMENT = r"#[^\r\n]*+|//[^\r\n]*+"
_GAP = re.compile(rf"(?:[{SPACE}]++|{_COMMENT})*+")
_LINE_GAP = re.compile(rf"(?:[ \t]++|{_COMMENT})*+")
_LINE_BLANK = re.compile(r"[ \t]++")
_BLANK = re.compile(r"[ \t\r\n]++")
_BARE_KEY = re.compile(rf"(?s:.)[^{SPACE}:=]*+")
_IS_SPACE = re.compile(f"[{SPACE}]")
_SEPARATOR = re.compile(rf"[{SPACE}]*+(?:([:=])[ \t]*+)?+")
_MAP_SEPARATOR = re.compile(rf"[{SPACE}]*+(?:([:=])[{SPACE}]*+)?+")
_QUOTED = {'"': re.compile(r'"[^"]*+"'), "'": re.compile(r"'[^']*+'")}
_ESCAPED = r"\\(?:[tnr\"\\]|x[0-9a-fA-F]{2})"
_DOUBLE_BODY = re.compile(rf'"(?:[^"\\]++|{_ESCAPED})*+')
_BARE_BODY = re.compile(rf"(?:[^\r\n;,\]}} \t'\\]++|{_ESCAPED})*+")
_INCLUDE_BARE = re.compile(r"[^\r\n;} \t']*+'?+")
_BLOCK_END = re.compile(r"\n\)(?=\n|\Z)")
_DIGITS = re.compile(r"-?+\d++")
_FRACTION = re.compile(r"\.\d++")
_ADDRESS = re.compile(r"[\d.:-]*+")
_SUFFIX = re.compile(r"[kKmMgGtTpPeE][bBiI]*+")
_NUMBER_END = re.compile(r"[\r\n};, \t]|\Z")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

_NOT_A_PATH = re.compile(r"[\[{(\\\r\n-]|\d")
_ESCAPES_HINT = 'in "double quotes" and bare values only \\t \\n \\r \\" \\\\ and \\xNN are escapes; \'single quotes\' have none'


class Token(NamedTuple):
    """Characters `start` up to but not including `end`, of one of the kinds above."""

    kind: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """All of `text` as tokens. Raises ConfSyntaxError where the server would."""
    return _Lexer(text).run()


class _Lexer:
    """A state is a method that adds tokens and returns the next state, or None at the end of the text."""

    __slots__ = ("open", "pos", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.tokens: list[Token] = []
        self.open: list[str] = []  # kinds of the opening tokens not closed yet

    def run(self) -> list[Token]:
        nul = self.text.find("\0")
        if nul >= 0:
            self.pos = nul
            raise self.error("a NUL character", "remove it")
        if self.text.startswith("\ufeff"):
            self.take(BOM, 1)
        state: State = self.entry
        while state is not None:
            state = state()
        return self.tokens

    def error(self, found: str, hint: str = "") -> ConfSyntaxError:
        return ConfSyntaxError(self.text, self.pos, f"found {found}", hint)

    def take(self, kind: str, end: int) -> None:
        self.tokens.append(Token(kind, self.pos, end))
        self.pos = end

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Take a gap; return the character behind it, "" at the end of the text."""
        match = pattern.match(self.text, self.pos)
        if match and match.end() > self.pos:
            self.take(GAP, match.end())
        return self.text[self.pos : self.pos + 1]

    def inside(self) -> str:
        return self.open[-1] if self.open else ""

    def opened(self, kind: str) -> None:
        if len(self.open) >= DEPTH_LIMIT:
            raise self.error(f"more than {DEPTH_LIMIT} nested maps and arrays", "flatten the configuration")
        self.take(kind, self.pos + 1)
        self.open.append(kind)

    def close(self) -> State:
        kind = self.open.pop()
        self.take(_CLOSING[kind], self.pos + 1)
        if kind is not ROOT_OPEN:
            return self.after
        return self.after_inner_root if self.open else self.entry

    def entry(self) -> State:
        """Before a key, in a map or at the top."""
        char = self.skip(_GAP)
        inside = self.inside()
        if not char:
            if inside is MAP_OPEN:
                raise self.error("the end of the text inside a map", "close the map with }")
            return None
        if char == "{" and inside is not MAP_OPEN:
            self.opened(ROOT_OPEN)
            return self.entry
        if char == "}" and inside:
            return self.close()
        if char in ":=" or (char == "]" and inside is MAP_OPEN):
            raise self.error(f"{char} where a key belongs", "write: key: value")
        if char == "/":
            if inside is not MAP_OPEN:
                raise self.error("a single / where a key belongs", "comments begin with # or //")
            self.take(STRAY, self.pos + 1)
            return self.key
        if char in _QUOTED:
            match = _QUOTED[char].match(self.text, self.pos)
            if match is None:
                raise self.error("a quoted key that is never closed", f"close it with {char}")
            self.take(QUOTED_KEY, match.end())
            return self.separator
        return self.key

    def key(self) -> State:
        match = _BARE_KEY.match(self.text, self.pos)
        if match is None:
            raise self.error("the end of the text where a key belongs", "close the map with }")
        if _IS_SPACE.match(self.text, match.end()) and match.group().lower() == "include":
            self.take(INCLUDE, match.end())
            return self.include
        self.take(KEY, match.end())
        return self.separator

    def include(self) -> State:
        char = self.skip(_LINE_BLANK)
        if _NOT_A_PATH.match(char):
            raise self.error("no file name after include", 'write: include "file.conf"')
        match = _QUOTED.get(char, _INCLUDE_BARE).match(self.text, self.pos)
        if match is None:
            raise self.error("an include whose quote is never closed", f"close it with {char}")
        self.take(INCLUDE_PATH, match.end())
        return self.after

    def separator(self) -> State:
        """Between a key and its value."""
        in_map = self.inside() is MAP_OPEN
        match = (_MAP_SEPARATOR if in_map else _SEPARATOR).match(self.text, self.pos)
        sign = match and match.group(1)
        if match and match.end() > self.pos:
            self.take(SEPARATOR, match.end())
        char = self.text[self.pos : self.pos + 1]
        if in_map:
            if char == ",":
                raise self.error("a comma where a value belongs", "give the key a value or remove it")
            return self.close() if char == "}" else self.value
        if not char and not sign:
            return self.lonely_key()
        return self.value

    def lonely_key(self) -> None:
        """The text ends after a key: fine for the server if the key is a surplus `}`."""
        at = max(i for i, token in enumerate(self.tokens) if token.kind in (KEY, QUOTED_KEY))
        kind, start, end = self.tokens[at]
        if self.text[start:end] not in (("}",) if kind is KEY else ('"}"', "'}'")):
            self.pos = start
            raise self.error("a key without a value at the end of the text", "write: key: value")
        self.tokens[at] = Token(STRAY, start, end)

    def item(self) -> State:
        """Before a value of an array."""
        char = self.skip(_GAP)
        if char == "]":
            return self.close()
        if char in ("", ",", "/"):
            found = {"": "the end of the text", ",": "a comma", "/": "a single /"}[char]
            raise self.error(f"{found} where an array item belongs", "items are separated by one comma or a new line")
        return self.value

    def value(self) -> State:
        char = self.text[self.pos : self.pos + 1]
        if char == "[":
            self.opened(ARRAY_OPEN)
            return self.item
        if char == "{":
            self.opened(MAP_OPEN)
            return self.entry
        if char == '"':
            return self.double_quoted()
        if char == "'":
            return self.taken(SINGLE, _QUOTED["'"].match(self.text, self.pos), "close it with '")
        if char == "(":
            return self.taken(
                BLOCK,
                _BLOCK_END.search(self.text, self.pos),
                "close the block with a ) alone at the start of a line; it does not work with CRLF line ends",
            )
        if char == "-" or char.isdecimal():
            return self.number()
        if char == ".":
            raise self.error("a number that begins with a point", "write 0.5 instead of .5")
        if char in ("\r", "\n"):
            raise self.error("the end of the line where a value belongs", "write the value behind its key")
        return self.bare(self.pos)

    def taken(self, kind: str, match: re.Match[str] | None, hint: str) -> State:
        if match is None:
            raise self.error(f"a {kind} that is never closed", hint)
        self.take(kind, match.end())
        return self.after

    def double_quoted(self) -> State:
        match = _DOUBLE_BODY.match(self.text, self.pos)
        end = match.end() if match else self.pos
        if self.text.startswith("\\", end):
            self.pos = end
            raise self.error("an unknown escape in a double-quoted string", _ESCAPES_HINT)
        if end >= len(self.text):
            raise self.error("a double-quoted string that is never closed", 'close it with "')
        self.take(DOUBLE, end + 1)
        return self.after

    def bare(self, start: int) -> State:
        """A bare value, whose characters before `start` are known to belong to it."""
        match = _BARE_BODY.match(self.text, start)
        end = match.end() if match else start
        if self.text.startswith("\\", end):
            self.pos = end
            raise self.error("an unknown escape in a bare value", _ESCAPES_HINT)
        if self.text.startswith("'", end):
            self.take(BARE_APOSTROPHE, end + 1)
        else:
            self.take(BARE, end)
        return self.after

    def number(self) -> State:
        """A number, or what only begins like one: an address, a date, a duration, a name."""
        text, start = self.text, self.pos
        match = _DIGITS.match(text, start)
        if match is None:
            raise self.error("a minus without a digit", "quote the value if it is a string")
        end = match.end()
        char = text[end : end + 1]
        if char == ".":
            return self.fraction(end)
        suffix = _SUFFIX.match(text, end)
        if suffix:
            end = suffix.end()
            if not _NUMBER_END.match(text, end) and not text[end].isdecimal():
                return self.bare(end)
        elif text[start] != "-":
            if char == "-":
                return self.datetime()
            if not _NUMBER_END.match(text, end):
                return self.bare(end + 1)
        self.take(INTEGER, end)
        return self.after

    def datetime(self) -> State:
        match = _DATETIME.match(self.text, self.pos)
        if match is None:
            raise self.error("digits and a minus that make no date", "write 2006-01-02T15:04:05Z, or quote the value")
        self.take(DATETIME, match.end())
        return self.after

    def fraction(self, point: int) -> State:
        match = _FRACTION.match(self.text, point)
        if match is None:
            raise self.error("a number without a digit after its point", "quote the value if it is a string")
        if self.text.startswith(".", match.end()):
            address = _ADDRESS.match(self.text, match.end())
            self.take(BARE, address.end() if address else match.end())
        else:
            self.take(FLOAT, match.end())
        return self.after

    def after(self) -> State:
        """After a value: to the next one, or out of the container."""
        char = self.skip(_LINE_GAP)
        inside = self.inside()
        following = self.item if inside is ARRAY_OPEN else self.entry
        if char in ("\r", "\n") or (not char and not inside):
            return following
        if char == "," or (char == ";" and inside is not ARRAY_OPEN):
            self.take(END, self.pos + 1)
            return following
        if inside and char == ("]" if inside is ARRAY_OPEN else "}"):
            return self.close()
        if char == "/":
            self.take(STRAY, self.pos + 1)
            return following if inside in (MAP_OPEN, ARRAY_OPEN) else self.after
        if char == "}" and not inside:
            self.take(STRAY, self.pos + 1)
            return self.entry
        raise self.unexpected(char)

    def unexpected(self, char: str) -> ConfSyntaxError:
        if not char:
            return self.error("the end of the text inside a map or array", "close it")
        found = char if not char.isalnum() and char.isprintable() and char.isascii() else "more text"
        hint = "a comma, a semicolon or a new line ends a value; quote a value that has spaces or punctuation in it"
        if self.inside() is ARRAY_OPEN:
            hint = 'a comma or a new line ends an item; a number needs a space or a new line before "]"'
        return self.error(f"{found} directly after a value", hint)

    def after_inner_root(self) -> State:
        """After a brace pair directly within the braces around the file."""
        self.skip(_BLANK)
        before = self.pos
        char = self.skip(_LINE_GAP)
        if self.pos > before:  # a comment lets the next key follow
            return self.entry
        if char == "/":
            self.take(STRAY, self.pos + 1)
            return self.after_inner_root
        if char in (",", ";"):
            self.take(END, self.pos + 1)
            return self.entry
        if char == "}":
            return self.close()
        raise self.unexpected(char)

