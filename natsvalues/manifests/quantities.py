"""Resource quantities and durations by value: `1` is `1000m`, `1Gi` is `1024Mi`, `2m` is `120s`.

facts: the quantity grammar is that of apimachinery's resource package (read there); durations are Go's
`time.ParseDuration`. Both are exact here, so that no rounding makes two values equal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fractions import Fraction

_QUANTITY = r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?\Z"  # compiled when used
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DURATION = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+\Z", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
SECOND = 10**9
"""A second, in nanoseconds."""
_UNITS = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 10**6,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_MOST_EXPONENT = 40  # beyond any quantity; prevents the evaluation of a hostile 1e999999999


def quantity(given: Any) -> Fraction | None:
    """A resource quantity as a number; None for any other text."""
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        return None
    match = re.match(_QUANTITY, str(given), re.ASCII)
    if match is None:
        return None
    from fractions import Fraction  # imported here because it costs 5 ms

    number = Fraction(match[2]) * (-1 if match[1] == "-" else 1)
    suffix = match[3] or ""
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix])
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:] or 0) if suffix else 0
    return number * Fraction(10) ** exponent if abs(exponent) <= _MOST_EXPONENT else None


def duration(given: Any) -> Fraction | None:
    """A duration in seconds; None for any other text. A number without a unit is not a duration, except 0."""
    length = nanoseconds(given)
    if length is None:
        return None
    from fractions import Fraction  # imported here because it costs 5 ms

    return Fraction(length, 10**9)


def nanoseconds(given: Any) -> int | None:
    """A duration in nanoseconds, below which Go has none; None as for `duration`."""
    if given in ("0", 0) and not isinstance(given, bool):
        return 0
    if not isinstance(given, str) or not _DURATION.match(given):
        return None
    length: int = sum(_length(number, unit) for number, unit in _PART.findall(given))
    return -length if given.startswith("-") else length


def _length(number: str, unit: str) -> int:
    whole, _, decimals = number.partition(".")
    return int(f"{whole}{decimals}") * _UNITS[unit] // int("1" + "0" * len(decimals))
