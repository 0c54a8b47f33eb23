"""Durations as Go writes them."""

from __future__ import annotations

import re

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(text: object) -> float | None:
    """A duration such as `30s` or `1m30s` in seconds; None for anything else."""
    found = _PART.findall(str(text))
    if not found or "".join(number + unit for number, unit in found) != str(text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in found)
