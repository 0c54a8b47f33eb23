"""Spans of characters, and edits that replace them without touching any other character."""

from __future__ import annotations

from natsvalues.records import NamedTuple


class Span(NamedTuple):
    """Characters `start` up to but not including `end`, counted from 0."""

    start: int
    end: int


class Edit(NamedTuple):
    """Replace the characters of `span` by `text`; an empty span inserts."""

    span: Span
    text: str


def splice(text: str, edits: list[Edit]) -> str:
    """Apply `edits`, whose spans all refer to `text`. No edits: the same object comes back.

    Insertions at one place keep the order in which they were given. Raises ValueError if two spans overlap.
    """
    if not edits:
        return text
    pieces: list[str] = []
    at = 0
    for span, replacement in sorted(edits, key=lambda edit: edit.span):
        if span.start < at or span.end < span.start:
            raise ValueError(f"edits overlap at character {span.start}")
        pieces += (text[at : span.start], replacement)
        at = span.end
    pieces.append(text[at:])
    return "".join(pieces)


def line_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of a character offset."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, start) + 1, offset - start + 1
