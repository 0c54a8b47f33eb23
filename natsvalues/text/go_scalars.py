"""Scalars in which Kubernetes' Go reader differs from the C parser: with tags, as keys, with escapes.

Source: `resolve` and `scalar` of go.yaml.in/yaml/v2 2.4, `convertToJSONableObject` of sigs.k8s.io/yaml 1.6.
"""

from __future__ import annotations

import binascii
import re
import struct
from datetime import date

from natsvalues.text.composer import Node, ScalarNode, Tag
from natsvalues.text.scalars import Scalar, meaning

_PREFIX = "tag:yaml.org,2002:"
_OF_TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,), "int": (int,), "float": (float, int), "null": (type(None),), "timestamp": (str,), "str": (),
}  # fmt: skip
_LONE = Tag(suffix="!")
_LONE_TAG = re.compile(r"(?:&\S+\s+)?!(?!\S)")
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_LARGE = 2**63
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
_BREAKS = str.maketrans("", "", "\r\n")
_REPLACED = dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")
_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d?-\d\d?)(?:[Tt](\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?:Z|[+-](\d\d):(\d\d))"
    r"| (\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?)?\Z",
    re.ASCII,
)


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with this tag: text where the tag is unknown. Raises ValueError if they do not fit."""
    name = tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else ""
    if name == "binary":
        digits = text.translate(_BREAKS)
        if not _BASE64.match(digits):
            raise ValueError(name)
        # Go's JSON has a replacement for each byte that is no UTF-8.
        return binascii.a2b_base64(digits).decode("utf-8", "surrogateescape").translate(_REPLACED)
    if name == "str" or name not in _OF_TYPES:
        return text
    if name == "timestamp":
        if not _is_timestamp(text):
            raise ValueError(name)
        return text
    value = meaning(text)
    if type(value) not in _OF_TYPES[name] or (name == "float" and isinstance(value, int) and value >= _LARGE):
        raise ValueError(name)
    return float(value) if name == "float" and isinstance(value, int) else value


def _is_timestamp(text: str) -> bool:
    match = _TIMESTAMP.match(text)
    if match is None:
        return False
    year, month, day = map(int, match[1].split("-"))
    hour, minute, second = (int(part or 0) for part in (match.group(2, 3, 4) if match[2] else match.group(7, 8, 9)))
    try:
        date(year or 2000, month, day)  # the year 0 is a leap year
    except ValueError:
        return False
    zone = int(match[5] or 0) <= 24 and int(match[6] or 0) < 60  # noqa: PLR2004
    return hour < 24 and minute < 60 and second < 60 and zone  # noqa: PLR2004


def as_go(root: Node, text: str) -> ScalarNode | None:
    """Give scalars the tag `!` that have it, which the C parser forgets; return the first that Go refuses.

    That is a double-quoted one with an escaped slash.
    """
    pending, seen = [root], set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            written = text[node.start_mark.index : node.end_mark.index]
            if _LONE_TAG.match(written):
                node.ctag = _LONE
            if node.style == '"' and any(match[0] == "\\/" for match in _ESCAPE.finditer(written)):
                return node
        else:
            pending += [part for entry in node.value for part in (entry if isinstance(entry, tuple) else (entry,))]
    return None


def number_key(number: float) -> str:
    """The key that Go's reader makes of a number. Raises ValueError for an integer that it takes for none."""
    if isinstance(number, int):
        if number >= _LARGE:
            raise ValueError(number)
        return str(number)
    try:
        (single,) = struct.unpack("f", struct.pack("f", number))
    except OverflowError:
        single = float("inf") if number > 0 else float("-inf")
    if single - single != 0:
        return ".nan" if single != single else ".inf" if single > 0 else "-.inf"  # noqa: PLR0124
    return _shortest(single)


def _shortest(single: float) -> str:
    """The fewest digits that are this number with 32 bits: with an exponent below -4 and from 6, as Go writes `%g`."""
    written = next(
        text
        for text in (f"{single:.{digits}e}" for digits in range(10))
        if struct.pack("f", float(text)) == struct.pack("f", single)
    )
    mantissa, _, exponent = written.partition("e")
    if -5 < int(exponent) < 21 - 15:  # noqa: PLR2004
        places = max(0, len(mantissa.lstrip("-").replace(".", "")) - 1 - int(exponent))
        return f"{float(written):.{places}f}"
    return written
