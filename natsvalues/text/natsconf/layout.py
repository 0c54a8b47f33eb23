"""Where in the text a part of a map or array is put in, replaced or taken out, comments and style kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Entry, Include, Node, Scalar
from natsvalues.text.natsconf.writer import (
    Style,
    array_terminator,
    gap,
    style_of,
    write,
    write_entry,
    write_scalar,
)
from natsvalues.text.spans import Edit, Span

_TAIL = re.compile(r"(?:[ \t]*([,;]))?([ \t]*(?:#|//)[^\r\n]*|[ \t]*)")
_BLANK = re.compile(r"[ \t\r\n]*")
_LINE = re.compile(r"[\ufeff]?([ \t]*)")
_LINE_END = re.compile(r"\r\n|[\r\n]|\Z")


class Place(NamedTuple):
    """A container of parts; `chain` leads to it from the root. `inline` containers are kept on one line."""

    conf: Conf
    chain: tuple[ConfMap | ConfArray, ...]
    style: Style
    inline: bool
    within_inline: bool

    @property
    def container(self) -> ConfMap | ConfArray:
        return self.chain[-1]

    @property
    def parts(self) -> tuple[Entry | Include | Node, ...]:
        return parts_of(self.container)


def parts_of(container: ConfMap | ConfArray) -> tuple[Entry | Include | Node, ...]:
    return container.items if isinstance(container, ConfArray) else container.entries


def place_of(conf: Conf, chain: tuple[ConfMap | ConfArray, ...]) -> Place:
    inline = within = False
    for container in chain:
        within = inline
        inline = _one_line(conf.text, container) and bool(within or parts_of(container))
    style = style_of(conf, chain)
    innermost = chain[-1]
    if isinstance(innermost, ConfArray):
        style = style._replace(terminator=array_terminator(conf.text, innermost, style))
    return Place(conf, chain, style, inline, within)


def _one_line(text: str, container: Node) -> bool:
    if isinstance(container, Scalar) or (isinstance(container, ConfMap) and not container.braced):
        return False
    start, end = container.span
    return "\n" not in text[start:end] and "\r" not in text[start:end]


def insertion(place: Place, index: int, key: str | None, value: Any) -> list[Edit]:
    """Put a new part before the part at `index`, or at the end; `key` is None for an array item."""
    if not place.parts:
        return _fill(place, key, value)
    if place.inline:
        return _insert_inline(place, index, _part(place, key, value, None))
    margin = _inner_margin(place)
    part = _part(place, key, value, margin)
    if index == 0:
        return _insert_first(place, part, margin)
    return _insert_line(place, index, part, margin)


def _part(place: Place, key: str | None, value: Any, margin: str | None) -> str:
    if key is None:
        return write(value, place.style, margin)
    return write_entry(key, value, place.style, margin)


def _insert_inline(place: Place, index: int, part: str) -> list[Edit]:
    text, parts = place.conf.text, place.parts
    joint = f"{place.style.terminator or ','} "
    if index < len(parts):
        return [_put(parts[index].span.start, part + joint)]
    last = parts[-1]
    mark, at = _terminator_behind(text, last)
    if mark:
        return [_put(at, f" {part}{mark}")]
    if isinstance(last, Include):
        joint = "; "  # a comma would become a part of the path
    return [_put(last.span.end, joint + part + gap(part, text[last.span.end]))]


def _insert_first(place: Place, part: str, margin: str) -> list[Edit]:
    text, first = place.conf.text, place.parts[0]
    opening = place.container.span.start + 1
    tail = _TAIL.match(text, opening)
    end = tail.end() if tail else opening
    if _begins_line(text, first.span.start) and _ends_line(text, end):
        return [_put(end, place.style.newline + margin + part + place.style.terminator)]
    return [_put(first.span.start, f"{part}{place.style.terminator or ','} ")]


def _insert_line(place: Place, index: int, part: str, margin: str) -> list[Edit]:
    """A line of its own behind the part before `index`, whose comment stays on its line."""
    text, parts, style = place.conf.text, place.parts, place.style
    before = parts[index - 1]
    is_last = index == len(parts)
    mark, at = _terminator_behind(text, before)
    edits = []
    if style.terminator and not mark and _takes_comma(text, before):
        edits.append(_put(before.span.end, style.terminator))
    tail = _TAIL.match(text, before.span.end)
    end = tail.end() if tail else at
    line = style.newline + margin + part
    if is_last:
        line += mark if mark and not isinstance(before, Include) else ""
    else:
        line += style.terminator
    if _ends_line(text, end):
        return [*edits, _put(end, line)]
    if not is_last and not style.terminator:
        line += ","
    return [*edits, _put(at, line + gap(line, text[at : at + 1]))]


def _fill(place: Place, key: str | None, value: Any) -> list[Edit]:
    """The first part of an empty container, or of a file of nothing but comments."""
    text, style, container = place.conf.text, place.style, place.container
    if isinstance(container, ConfMap) and not container.braced:
        fresh = text[-1:] in ("", "\ufeff", "\n", "\r")
        part = _part(place, key, value, "")
        return [_put(len(text), ("" if fresh else style.newline) + part + style.newline)]
    start, end = container.span.start + 1, container.span.end
    if text[end - 1 : end] in ("}", "]") and end > start:
        end -= 1
    inner = text[start:end]
    if not inner.strip() and place.within_inline:
        part = _part(place, key, value, None)
        part = part + gap(part, "]") if key is None else f" {part} "
        return [Edit(Span(start, end), part)]
    outer = _margin(text, container.span.start)
    margin = outer + style.indent
    part = style.newline + margin + _part(place, key, value, margin)
    at = start + len(inner.rstrip())
    if "\n" not in text[at:end] and "\r" not in text[at:end]:
        return [Edit(Span(at, end), part + style.newline + outer)]
    return [_put(at, part)]


def replacement(place: Place, index: int, value: Any) -> list[Edit]:
    """Put `value` in the place of the value at `index`, in its quoting style where that can hold it."""
    text, part = place.conf.text, place.parts[index]
    if isinstance(part, Include):
        return []
    old = part.value if isinstance(part, Entry) else part
    style, margin = place.style, None
    inline = place.inline
    if not isinstance(old, Scalar) and parts_of(old):
        inline = inline or _one_line(text, old)
        style = place_of(place.conf, (*place.chain, old)).style
    if not inline:
        margin = _margin(text, part.span.start)
    if isinstance(old, Scalar) and not isinstance(value, (dict, list)) and not _is_raw(value):
        written = write_scalar(value, old)
    else:
        written = write(value, style, margin)
    following = text[old.span.end : old.span.end + 1]
    return [Edit(old.span, written + gap(written, following))]
