"""Values and numbers as reports have them: a module of its own, because a diff needs nothing else of those who edit."""

from __future__ import annotations

from typing import Any

from natsvalues.text.natsconf import Raw, Variable


def plain(value: Any) -> Any:
    """A value for reports: variables and raw text as they are written."""
    if isinstance(value, Variable):
        return f"${value.name}"
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def counted(number: int, noun: str) -> str:
    """`1 change`, `2 changes`; for nouns that only take an s."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
