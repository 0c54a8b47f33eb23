"""Tokens of the NATS configuration language, exactly as nats-server 2.15 cuts them.

Every character belongs to one token: `"".join(text[t.start:t.end] for t in tokenize(text)) == text`.
The language cannot be tokenized without a state: `#` opens a comment between values but is a
letter within one, and a number ends at `}` yet swallows `]`. So the lexer walks the states of the
server's own lexer, with regular expressions within a state. Two differences: a byte order mark at the start is an
error (the server reads it as a part of the first key), and so is a NUL character or a quote left open by the end of the
file (the server takes some of them for the end of the file).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from natsvalues.text.natsconf import patterns, tokens
from natsvalues.text.natsconf.errors import ConfSyntaxError
from natsvalues.text.natsconf.tokens import Token

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    State = Callable[[], Any] | None

DEPTH_LIMIT: Final = 200
BYTE_ORDER_MARK: Final = "a byte order mark, which the server reads as a part of the first key"
_CLOSING = {
    tokens.ROOT_OPEN: tokens.ROOT_CLOSE,
    tokens.MAP_OPEN: tokens.MAP_CLOSE,
    tokens.ARRAY_OPEN: tokens.ARRAY_CLOSE,
}

_NEW_LINE = frozenset("\r\n")
_AFTER = frozenset("\r\n,;")  # no gap to skip before these
_ESCAPES_HINT = 'only \\t \\n \\r \\" \\\\ and \\xNN are escapes; a string in single quotes has none'


def tokenize(text: str) -> list[Token]:
    """Cut all of `text` into tokens. Raises ConfSyntaxError where the server would."""
    return _Lexer(text).run()


class _Lexer:
    """A state is a method that adds tokens and returns the next state, or None at the end of the text."""

    __slots__ = ("inside", "open", "pos", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.tokens: list[Token] = []
        self.open: list[str] = []  # kinds of the opening tokens not closed yet
        self.inside = ""  # the last of them

    def run(self) -> list[Token]:
        nul = self.text.find("\0")
        if nul >= 0:
            self.pos = nul
            raise self.error("a NUL character", "remove it")
        if self.text.startswith("\ufeff"):
            raise self.error(BYTE_ORDER_MARK, "save the file as UTF-8 without it")
        state: State = self.entry
        while state is not None:
            state = state()
        return self.tokens

    def error(self, what: str, hint: str = "") -> ConfSyntaxError:
        return ConfSyntaxError(self.text, self.pos, f"found {what}", hint)

    def take(self, kind: str, end: int) -> None:
        self.tokens.append(Token(kind, self.pos, end))
        self.pos = end

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Take a gap; return the character behind it, "" at the end of the text."""
        match = pattern.match(self.text, self.pos)
        if match and match.end() > self.pos:
            self.take(tokens.GAP, match.end())
        return self.text[self.pos : self.pos + 1]

    def opened(self, kind: str) -> None:
        if len(self.open) >= DEPTH_LIMIT:
            raise self.error(f"more than {DEPTH_LIMIT} nested maps and arrays", "flatten the configuration")
        self.take(kind, self.pos + 1)
        self.open.append(kind)
        self.inside = kind

    def close(self) -> State:
        kind = self.open.pop()
        self.inside = self.open[-1] if self.open else ""
        self.take(_CLOSING[kind], self.pos + 1)
        if kind is not tokens.ROOT_OPEN:
            return self.after
        return self.after_inner_root if self.open else self.entry

    def entry(self) -> State:
        """Before a key, in a map or at the top."""
        char = self.skip(patterns.ANY_GAP)
        inside = self.inside
        if not char:
            if inside is tokens.MAP_OPEN:
                raise self.error("the end of the text inside a map", "close the map with }")
            return None
        if char == "{" and inside is not tokens.MAP_OPEN:
            self.opened(tokens.ROOT_OPEN)
            return self.entry
        if char == "}" and inside:
            return self.close()
        if char in ":=" or (char == "]" and inside is tokens.MAP_OPEN):
            raise self.error(f"{char} where a key belongs", "write: key: value")
        if char == "/":
            if inside is not tokens.MAP_OPEN:
                raise self.error("a single / where a key belongs", "comments begin with # or //")
            self.take(tokens.STRAY, self.pos + 1)
            return self.key
        if char in patterns.QUOTED:
            match = patterns.QUOTED[char].match(self.text, self.pos)
            if match is None:
                raise self.error("a quoted key that is never closed", f"close it with {char}")
            self.take(tokens.QUOTED_KEY, match.end())
            return self.separator
        return self.key

    def key(self) -> State:
        match = patterns.WHOLE_BARE_KEY.match(self.text, self.pos)
        if match is None:
            raise self.error("the end of the text where a key belongs", "close the map with }")
        if match.group().lower() == "include" and self.text[match.end() : match.end() + 1] not in (
            "",
            ":",
            "=",
        ):
            self.take(tokens.INCLUDE, match.end())
            return self.include
        self.take(tokens.KEY, match.end())
        return self.separator

    def include(self) -> State:
        char = self.skip(patterns.LINE_BLANK)
        match = patterns.QUOTED.get(char, patterns.INCLUDE_BARE).match(self.text, self.pos)
        if match is None:
            hint = f"close it with {char}" if char in patterns.QUOTED else 'write: include "file.conf"'
            raise self.error("no file name after include", hint)
        self.take(tokens.INCLUDE_PATH, match.end())
        return self.after

    def separator(self) -> State:
        """Between a key and its value."""
        in_map = self.inside is tokens.MAP_OPEN
        match = patterns.KEY_SEPARATOR.match(self.text, self.pos)
        sign = match and match.group(1)
        end = match.end() if match else self.pos
        if in_map and self.text[end : end + 1].isspace():  # only within a map a value may begin on a later line
            spaces = patterns.SPACE.match(self.text, end)
            end = spaces.end() if spaces else end
        if end > self.pos:
            self.take(tokens.SEPARATOR, end)
        char = self.text[self.pos : self.pos + 1]
        if in_map:
            if char == ",":
                raise self.error("a comma where a value belongs", "give the key a value or remove it")
            return self.close() if char == "}" else self.value
        if not char and not sign:
            self.lonely_key()
            return None
        return self.value

    def lonely_key(self) -> None:
        """End the text after a key: fine for the server if the key is a surplus `}`."""
        at = max(i for i, token in enumerate(self.tokens) if token.kind in (tokens.KEY, tokens.QUOTED_KEY))
        kind, start, end = self.tokens[at]
        if self.text[start:end] not in (("}",) if kind is tokens.KEY else ('"}"', "'}'")):
            self.pos = start
            raise self.error("a key without a value at the end of the text", "write: key: value")
        self.tokens[at] = Token(tokens.STRAY, start, end)

    def item(self) -> State:
        """Before a value of an array."""
        char = self.skip(patterns.ANY_GAP)
        if char == "]":
            return self.close()
        if char in ("", ",", "/"):
            what = {"": "the end of the text", ",": "a comma", "/": "a single /"}[char]
            raise self.error(f"{what} where an array item belongs", "items are separated by one comma or a new line")
        return self.value

    def value(self) -> State:
        char = self.text[self.pos : self.pos + 1]
        if char == "[":
            self.opened(tokens.ARRAY_OPEN)
            return self.item
        if char == "{":
            self.opened(tokens.MAP_OPEN)
            return self.entry
        if char == '"':
            return self.double_quoted()
        if char == "'":
            return self.taken(tokens.SINGLE, patterns.QUOTED["'"].match(self.text, self.pos), "close it with '")
        if char == "(":
            return self.taken(
                tokens.BLOCK,
                patterns.BLOCK_END.search(self.text, self.pos),
                "close the block with a ) alone at the start of a line; it does not work with CRLF line ends",
            )
        if char == "-" or char.isdecimal():
            return self.number()
        if char == ".":
            raise self.error("a number that begins with a point", "write 0.5 instead of .5")
        if char in _NEW_LINE:
            raise self.error("the end of the line where a value belongs", "write the value behind its key")
        return self.bare(self.pos)

    def taken(self, kind: str, match: re.Match[str] | None, hint: str) -> State:
        if match is None:
            raise self.error(f"a {kind} that is never closed", hint)
        self.take(kind, match.end())
        return self.after

    def double_quoted(self) -> State:
        match = patterns.DOUBLE_BODY.match(self.text, self.pos)
        end = match.end() if match else self.pos
        if self.text.startswith("\\", end):
            self.pos = end
            raise self.error("an unknown escape in a double-quoted string", _ESCAPES_HINT)
        if end >= len(self.text):
            raise self.error("a double-quoted string that is never closed", 'close it with "')
        self.take(tokens.DOUBLE, end + 1)
        return self.after

    def bare(self, start: int) -> State:
        """Take a bare value, whose characters before `start` are known to belong to it."""
        match = patterns.BARE_BODY.match(self.text, start)
        end = match.end() if match else start
        if self.text.startswith("\\", end):
            self.pos = end
            raise self.error("an unknown escape in a bare value", _ESCAPES_HINT)
        if self.text.startswith("'", end):
            self.take(tokens.BARE_APOSTROPHE, end + 1)
        else:
            self.take(tokens.BARE, end)
        return self.after

    def number(self) -> State:
        """Take a number, or what only begins like one: an address, a date, a duration, a name."""
        text, start = self.text, self.pos
        match = patterns.DIGITS.match(text, start)
        if match is None:
            raise self.error("a minus without a digit", "quote the value if it is a string")
        end = match.end()
        char = text[end : end + 1]
        if char == ".":
            return self.fraction(end)
        suffix = patterns.SUFFIX.match(text, end)
        if suffix:
            end = suffix.end()
            if not patterns.NUMBER_END.match(text, end):
                return self.bare(end)
        elif text[start] != "-":
            if char == "-":
                return self.datetime()
            if not patterns.NUMBER_END.match(text, end):
                return self.bare(end + 1)
        self.take(tokens.INTEGER, end)
        return self.after

    def datetime(self) -> State:
        match = patterns.WHOLE_DATETIME.match(self.text, self.pos)
        if match is None:
            raise self.error("digits and a minus that make no date", "write 2006-01-02T15:04:05Z, or quote the value")
        self.take(tokens.DATETIME, match.end())
        return self.after

    def fraction(self, point: int) -> State:
        match = patterns.FRACTION.match(self.text, point)
        if match is None:
            raise self.error("a number without a digit after its point", "quote the value if it is a string")
        if self.text.startswith(".", match.end()):
            address = patterns.ADDRESS.match(self.text, match.end())
            self.take(tokens.BARE, address.end() if address else match.end())
        else:
            self.take(tokens.FLOAT, match.end())
        return self.after

    def after(self) -> State:
        """After a value: to the next one, or out of the container."""
        inside = self.inside
        following = self.item if inside is tokens.ARRAY_OPEN else self.entry
        char = self.text[self.pos : self.pos + 1]
        if char not in _AFTER:
            char = self.skip(patterns.LINE_GAP)
        if char in _NEW_LINE or (not char and not inside):
            return following
        if char == "," or (char == ";" and inside is not tokens.ARRAY_OPEN):
            self.take(tokens.END, self.pos + 1)
            return following
        if inside and char == ("]" if inside is tokens.ARRAY_OPEN else "}"):
            return self.close()
        if char == "/":
            self.take(tokens.STRAY, self.pos + 1)
            return following if inside in (tokens.MAP_OPEN, tokens.ARRAY_OPEN) else self.after
        if char == "}" and not inside:
            self.take(tokens.STRAY, self.pos + 1)
            return self.entry
        raise self.unexpected(char)

    def unexpected(self, char: str) -> ConfSyntaxError:
        if not char:
            return self.error("the end of the text inside a map or array", "close it")
        what = char if not char.isalnum() and char.isprintable() and char.isascii() else "more text"
        hint = "a comma, a semicolon or a new line ends a value; quote one that has spaces or punctuation in it"
        if self.inside is tokens.ARRAY_OPEN:
            hint = 'a comma or a new line ends an item; a number needs a space or a new line before "]"'
        return self.error(f"{what} directly after a value", hint)

    def after_inner_root(self) -> State:
        """After a brace pair directly within the braces around the file."""
        self.skip(patterns.BLANK)
        before = self.pos
        char = self.skip(patterns.LINE_GAP)
        if self.pos > before:  # a comment lets the next key follow
            return self.entry
        if char == "/":
            self.take(tokens.STRAY, self.pos + 1)
            return self.after_inner_root
        if char in (",", ";"):
            self.take(tokens.END, self.pos + 1)
            return self.entry
        if char == "}":
            return self.close()
        raise self.unexpected(char)
