"""Take a part out of a map or array, with its line, its separator and the comment behind it."""

from __future__ import annotations

from natsvalues.text.natsconf.places import (
    Part,
    Place,
    begins_line,
    comment_end,
    inside,
    is_empty,
    line_end,
    line_start,
    terminator_behind,
)
from natsvalues.text.natsconf.writer import gap
from natsvalues.text.spans import Edit, Span

_APART = frozenset("\r\n{}")  # braces between two parts are those around the file


def removal(place: Place, index: int) -> list[Edit]:
    """Take out the part at `index`; comments on lines of their own stay."""
    text, parts = place.conf.text, place.parts
    part = parts[index]
    before = parts[index - 1] if index else None
    behind = parts[index + 1] if index + 1 < len(parts) else None
    if before is None and behind is None:
        return [_emptied(place, _own(text, part))]
    if behind is not None and _share_line(text, part, behind):
        return [Edit(Span(part.span.start, behind.span.start), "")]
    if before is not None and _share_line(text, before, part):
        kept = text[before.span.start : before.span.end]
        joint = '""' if is_empty(before) else gap(kept, text[part.span.end : part.span.end + 1])
        return [Edit(Span(before.span.end, part.span.end), joint)]
    edits = [Edit(_own(text, part), "")]
    own_mark = terminator_behind(text, part)
    if behind is None and before is not None and own_mark.end == own_mark.start:
        mark = terminator_behind(text, before)
        if text[mark.start : mark.end] == "," and not is_empty(before):
            edits.append(Edit(mark, gap(text[before.span.start : before.span.end], text[mark.end : mark.end + 1])))
    return edits


def _share_line(text: str, one: Part, other: Part) -> bool:
    between = text[one.span.end : other.span.start]
    return _APART.isdisjoint(between)


def _own(text: str, part: Part) -> Span:
    """Find the part with its separator and comment, and its whole line if nothing else is on it."""
    start, mark = part.span.start, terminator_behind(text, part)
    end = comment_end(text, mark.end)
    newline = line_end(text, end)
    if newline is None:
        return Span(start, mark.end)
    if begins_line(text, start):
        return Span(line_start(text, start), newline.end)
    return Span(len(text[:start].rstrip(" \t")), newline.start)


def _emptied(place: Place, own: Span) -> Edit:
    """Without its only part a container has nothing left, unless comments are in it."""
    text = place.conf.text
    within = inside(text, place.container)
    rest = text[within.start : own.start] + text[own.end : within.end]
    if rest.strip() or within == place.container.span:
        return Edit(own, "")
    return Edit(within, "")
