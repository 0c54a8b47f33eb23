"""What a plain YAML scalar means to Kubernetes, and how to write a value so that every reader reads the same.

Kubernetes and Helm read YAML with a Go reader that follows YAML 1.1 for booleans, octal numbers and the
like (`sigs.k8s.io/yaml`, resolve table of its yaml.v2 fork); other readers follow 1.2. What we write is
quoted whenever the two could disagree.
"""

from __future__ import annotations

import json
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {"": None, "~": None}
for _words, _meaning in (
    ("null Null NULL", None),
    ("y Y yes Yes YES true True TRUE on On ON", True),
    ("n N no No NO false False FALSE off Off OFF", False),
    (".nan .NaN .NAN", float("nan")),
    (".inf .Inf .INF +.inf +.Inf +.INF", float("inf")),
    ("-.inf -.Inf -.INF", float("-inf")),
):
    _WORDS.update(dict.fromkeys(_words.split(), _meaning))

_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_POINT_FIRST = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?\Z")  # `_` between digits only
_LEAST, _MOST = -(2**63), 2**64 - 1
_MAY_BE_NUMBER = frozenset("+-.0123456789")

# Safe unquoted in YAML 1.1 and 1.2, and never a number or a date; in flow style a `?` inside makes helm's
# reader fail, and readers disagree about `:`, so these are plain in block style only.
_PLAIN = re.compile(r"[A-Za-z/$][A-Za-z0-9_./$()@%+=?-]*(?::[A-Za-z0-9_./$()@%+=?-]+)*\Z")
# What JSON leaves as it is, and a YAML reader refuses or reads as a line end.
_UNREADABLE = "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
_NO_NUMBERS = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}
_FLOW_UNSAFE = frozenset("?:")


def meaning(plain: str) -> Scalar:
    """The value of an unquoted scalar, as the API server would see it."""
    if plain in _WORDS:
        return _WORDS[plain]
    if plain[0] not in _MAY_BE_NUMBER:
        return plain
    digits = plain.replace("_", "") if plain[0] != "." or _POINT_FIRST.match(plain) else plain
    if _INTEGER.match(digits):
        number = _integer(digits)
        if _LEAST <= number <= _MOST:
            return number
    if _FLOAT.match(digits):
        size = float(digits)
        return plain if size in (float("inf"), float("-inf")) else size
    return plain


def _integer(digits: str) -> int:
    sign = -1 if digits[0] == "-" else 1
    digits = digits.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567":
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def written(value: Scalar, *, flow: bool = False) -> str:
    """`value` as one line of YAML that means the same in every reader."""
    if isinstance(value, str):
        if _PLAIN.match(value) and value not in _WORDS and not (flow and not _FLOW_UNSAFE.isdisjoint(value)):
            return value
        if '"' in value and not {"'", "\\"} & set(value) and value.isprintable():
            return f"'{value}'"
        return double_quoted(value)
    if isinstance(value, float):
        return _float(value)
    return json.dumps(value)  # null, true, 12 and 1.5 are spelled alike in JSON and YAML


def double_quoted(value: str) -> str:
    """`value` as a double-quoted scalar on one line: JSON's escapes are YAML's."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isascii() and "\x7f" not in text:  # most are, and the pattern is slow to compile
        return text
    return re.sub(_UNREADABLE, lambda match: f"\\u{ord(match[0]):04x}", text)


def _float(value: float) -> str:
    """A number that every reader accepts: `1.0e+22`, because YAML 1.1 requires the decimal point, and `.inf`."""
    text = repr(value)
    if text in _NO_NUMBERS:
        return _NO_NUMBERS[text]
    mantissa, exponent, power = text.partition("e")
    return mantissa + ("" if "." in mantissa else ".0") + exponent + power if exponent else mantissa
