"""Put a part into a map or array, or another value in the place of one, in the style of what is around."""

from __future__ import annotations

import re
from typing import Any

from natsvalues.text.natsconf.nodes import ConfMap, Entry, Include, Scalar
from natsvalues.text.natsconf.places import (
    Part,
    Place,
    begins_line,
    comment_end,
    inside,
    is_empty,
    line_end,
    margin,
    on_one_line,
    parts_of,
    place_of,
    put,
    terminator_behind,
)
from natsvalues.text.natsconf.writer import gap, write, write_entry, write_scalar
from natsvalues.text.spans import Edit


def insertion(place: Place, index: int, key: str | None, value: Any) -> list[Edit]:
    """Put a new part before the part at `index`, or behind all; `key` is None for an array item."""
    if not place.parts:
        return _fill(place, key, value)
    if place.inline:
        return _insert_inline(place, index, _write_part(place, key, value, None))
    indent = place.inner_margin()
    part = _write_part(place, key, value, indent)
    if index == 0:
        return _insert_first(place, part, indent)
    return _insert_line(place, index, part, indent)


def replacement(place: Place, index: int, value: Any) -> list[Edit]:
    """Put `value` in the place of the value at `index`, in its quoting style where that can hold it."""
    part = place.parts[index]
    if isinstance(part, Include):
        return []
    text, style, inline = place.conf.text, place.style, place.inline
    old = part.value if isinstance(part, Entry) else part
    if not isinstance(old, Scalar) and parts_of(old):
        inline = inline or on_one_line(text, old)
        style = place_of(place.conf, (*place.chain, old)).style
    if isinstance(value, (dict, list)):
        written = write(value, style, None if inline else margin(text, part.span.start))
    else:
        written = write_scalar(value, old if isinstance(old, Scalar) else None)
    return [Edit(old.span, written + gap(written, text[old.span.end : old.span.end + 1]))]


def _write_part(place: Place, key: str | None, value: Any, indent: str | None) -> str:
    if key is None:
        return write(value, place.style, indent)
    return write_entry(key, value, place.style, indent)


def _insert_inline(place: Place, index: int, part: str) -> list[Edit]:
    text, parts = place.conf.text, place.parts
    joint = f"{place.style.terminator or ','} "
    if index < len(parts):
        return [put(parts[index].span.start, part + joint)]
    last = parts[-1]
    mark = terminator_behind(text, last)
    if mark.end > mark.start:
        return [put(mark.end, f" {part}{text[mark.start : mark.end]}")]
    if isinstance(last, Include):
        joint = "; "  # a comma would become a part of the path
    added = joint + part + gap(part, text[last.span.end : last.span.end + 1])
    return [*_quoted(last), put(last.span.end, added)]


def _insert_first(place: Place, part: str, indent: str) -> list[Edit]:
    text, first, style = place.conf.text, place.parts[0], place.style
    end = comment_end(text, place.container.span.start + 1)
    if begins_line(text, first.span.start) and line_end(text, end):
        return [put(end, style.newline + indent + part + style.terminator)]
    return [put(first.span.start, f"{part}{style.terminator or ','} ")]


def _insert_line(place: Place, index: int, part: str, indent: str) -> list[Edit]:
    """Insert a separate line after the part before `index`, whose comment stays where it is."""
    text, style, before = place.conf.text, place.style, place.parts[index - 1]
    is_last = index == len(place.parts)
    mark = terminator_behind(text, before)
    edits = _quoted(before) if is_last and mark.end == mark.start else []
    # A line end of CRLF behind the `)` of a block string breaks it.
    line = ("\n" if _is_block(before) else style.newline) + indent + part
    if mark.end == mark.start:
        if is_empty(before):
            # Without a character of its own, the value would be looked for on the new line.
            edits.append(put(before.span.end, '""'))
        if style.terminator and not isinstance(before, Include) and not _is_block(before):
            edits.append(put(before.span.end, style.terminator))
    if not is_last:
        line += style.terminator
    elif not isinstance(before, Include):
        line += text[mark.start : mark.end]
    end = comment_end(text, mark.end)
    if line_end(text, end):
        return [*edits, put(end, line)]
    if not is_last and not style.terminator:
        line += ","
    return [*edits, put(mark.end, line + gap(line, text[mark.end : mark.end + 1]))]


def _quoted(last: Part) -> list[Edit]:
    """Quotes around a last item that is text only before its bracket: `[5k]`; in `[5k, 1 ]` it would be a number."""
    if isinstance(last, Scalar) and last.kind == "string" and re.match(r"-?\d", last.raw):
        return [Edit(last.span, write_scalar(last.value))]
    return []


def _is_block(part: Part) -> bool:
    """Whether the value is a block string, whose `)` a comma would break."""
    node = part.value if isinstance(part, Entry) else part
    return isinstance(node, Scalar) and node.raw.startswith("(")


def _fill(place: Place, key: str | None, value: Any) -> list[Edit]:
    """Put the first part into an empty container, or into a file of nothing but comments."""
    text, style, container = place.conf.text, place.style, place.container
    if isinstance(container, ConfMap) and not container.braced:
        fresh = not text or text[-1] in "\r\n"
        part = _write_part(place, key, value, "")
        return [put(len(text), ("" if fresh else style.newline) + part + style.newline)]
    span = inside(text, container)
    inner = text[span.start : span.end]
    if place.within_inline:
        part = _write_part(place, key, value, None)
        return [Edit(span, part + gap(part, "]") if key is None else f" {part} ")]
    outer = margin(text, container.span.start)
    indent = outer + style.indent
    part = style.newline + indent + _write_part(place, key, value, indent)
    at = span.start + len(inner.rstrip(" \t\r\n"))
    rest = text[at : span.end]
    if "\n" in rest or "\r" in rest:
        return [put(at, part)]
    return [Edit(span._replace(start=at), part + style.newline + outer)]
