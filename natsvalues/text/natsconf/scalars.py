"""What the server makes of a value without parts: strings, numbers, booleans, dates, variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from natsvalues.text.natsconf import tokens
from natsvalues.text.natsconf.errors import ConfSyntaxError
from natsvalues.text.natsconf.nodes import Finding, Scalar
from natsvalues.text.spans import Span

if TYPE_CHECKING:
    from natsvalues.text.natsconf.tokens import Token

BOOLEANS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
INTEGER_LIMIT: Final = 2**63
BEFORE_2_15_1: Final = "servers before 2.15.1 refuse digits behind a suffix, as in 2m30s: quote the value"
OPEN_BLOCK: Final = "the server reads this ) as a part of the string: end the file with a new line"
DROPPED_NUMBER: Final = "the server drops a number with this suffix, and its key takes a later value"

_BCRYPT = "$2a$"
_POWERS = "kmgtpe"
_ESCAPE = re.compile(rb"\\(?:x(..)|(.))")
_ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b'"': b'"', b"\\": b"\\"}
_NUMBER = re.compile(r"(-?\d+)([a-z]*)")
_DIGITS_AND_ONE = re.compile(r"\d+.")
_DIGIT_BEHIND_SUFFIX = re.compile(r"-?\d+[kmgtpe][bi]*\d", re.IGNORECASE)
_TIME = re.compile(r"\d\d:[0-5]\d:[0-5]\d")


def read_scalar(text: str, token: Token, findings: list[Finding]) -> Scalar | None:
    """Read the value of a token; None where the server drops it (noted in `findings`).

    Raises ConfSyntaxError for numbers and dates out of range.
    """
    kind, start, end = token
    span = Span(start, end)
    raw = text[start:end]
    if kind is tokens.DOUBLE:
        return Scalar(span, "string", unescape(raw[1:-1]), raw)
    if kind is tokens.BARE:
        if _DIGIT_BEHIND_SUFFIX.match(raw):
            findings.append(Finding(start, BEFORE_2_15_1))
        return _bare(span, raw)
    if kind is tokens.INTEGER:
        return _integer(text, span, raw, findings)
    if kind is tokens.SINGLE:
        return Scalar(span, "string", raw[1:-1], raw)
    if kind is tokens.FLOAT:
        return _float(text, span, raw)
    if kind is tokens.DATETIME:
        return _datetime(text, span, raw)
    if kind is tokens.BLOCK:
        return _block(text, span, raw, findings)
    findings.append(Finding(end - 1, "an apostrophe ends this value and is dropped: quote the value"))
    return Scalar(span, "string", _bare_text(raw[:-1]), raw)


def unescape(body: str) -> str:
    """Decode the escapes of a double-quoted or bare string; bytes that are no UTF-8 become surrogates."""
    if "\\" not in body:
        return body
    data = _ESCAPE.sub(_unescaped, body.encode("utf-8", "surrogatepass"))
    return data.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match[1].decode()) if match[1] else _ESCAPES[match[2]]


def _bare(span: Span, raw: str) -> Scalar:
    lowered = raw.lower()
    if lowered in BOOLEANS:
        return Scalar(span, "boolean", BOOLEANS[lowered], raw)
    if raw.startswith("$") and "\\" not in raw and not raw.startswith(_BCRYPT):
        return Scalar(span, "variable", raw[1:], raw)
    return Scalar(span, "string", _bare_text(raw), raw)


def _bare_text(raw: str) -> str:
    """Escapes count in a bare string, but not where the server was still reading a number."""
    number = _DIGITS_AND_ONE.match(raw)
    literal = number.end() if number else 0
    return raw[:literal] + unescape(raw[literal:])


def _integer(text: str, span: Span, raw: str, findings: list[Finding]) -> Scalar | None:
    match = _NUMBER.fullmatch(raw.lower())
    if match is None or not raw.isascii():
        raise ConfSyntaxError(text, span.start, "found digits that are not 0 to 9", "quote the value")
    number, suffix = int(match[1]), match[2]
    if not -INTEGER_LIMIT <= number < INTEGER_LIMIT:
        raise ConfSyntaxError(text, span.start, "found an integer beyond 64 bits", "quote it if it is a name")
    if suffix:
        if suffix[1:] not in ("", "b", "i", "ib"):
            findings.append(Finding(span.start, DROPPED_NUMBER))
            return None
        exact = number * (1024 if suffix[1:] else 1000) ** (_POWERS.index(suffix[0]) + 1)
        number = (exact + INTEGER_LIMIT) % (2 * INTEGER_LIMIT) - INTEGER_LIMIT
        if number != exact:
            findings.append(Finding(span.start, "this number does not fit 64 bits: the server wraps it around"))
    return Scalar(span, "integer", number, raw)


def _float(text: str, span: Span, raw: str) -> Scalar:
    number = float(raw)
    if not raw.isascii() or number in (float("inf"), float("-inf")):
        raise ConfSyntaxError(text, span.start, "found a number beyond 64 bits", "quote it if it is a name")
    return Scalar(span, "float", number, raw)


def _datetime(text: str, span: Span, raw: str) -> Scalar:
    if raw.isascii():
        date, time = raw[:-1].split("T")
        year, month, day = map(int, date.split("-"))
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        lengths = (0, 31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        if month < len(lengths) and 1 <= day <= lengths[month] and time < "24" and _TIME.fullmatch(time):
            return Scalar(span, "datetime", raw, raw)
    raise ConfSyntaxError(text, span.start, "found a date that does not exist", "quote it if it is no date")


def _block(text: str, span: Span, raw: str, findings: list[Finding]) -> Scalar:
    if span.end < len(text):
        return Scalar(span, "string", raw[1:-1], raw)
    findings.append(Finding(span.end - 1, OPEN_BLOCK))
    return Scalar(span, "string", raw[1:], raw)
