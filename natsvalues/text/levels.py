"""How deep anything may be nested, in YAML and in values.

The C composer and all functions over values call themselves for each level: beyond some hundred they end the process.
"""

from __future__ import annotations

from typing import Any

MOST_LEVELS = 100
"""Aliases included. The deepest schemas of custom resources have about 60 levels."""
MOST_PARTS = 1_000_000
"""Values in one document, those that are repeated counted each time."""
TOO_DEEP = f"nested more than {MOST_LEVELS} levels deep"
TOO_DEEP_CODE = "NV-I010"


def levels(value: Any) -> int:
    """How many collections are inside each other in a value, itself included; MOST_PARTS if it has more parts.

    A variable or an alias can repeat what repeats others, so that a short text has no end in practice.
    """
    deepest = parts = 0
    pending = [(value, 1)]
    while pending:
        parts += 1
        if parts > MOST_PARTS:
            return MOST_PARTS
        item, level = pending.pop()
        if isinstance(item, (dict, list)):
            deepest = max(deepest, level)
            pending += [(part, level + 1) for part in (item.values() if isinstance(item, dict) else item)]
    return deepest
