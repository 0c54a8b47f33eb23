"""The values of a change as characters, the same in every report of a diff.

What is not printable is shown escaped: nothing in a value can move a cursor, reorder what people read, or end a line.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal

from natsvalues.records import NamedTuple
from natsvalues.report.plain_values import plain
from natsvalues.text.paths import dotted
from natsvalues.text.scalars import meaning
from natsvalues.text.yamlwrite import block, flow

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change

SIGNS = {"add": "+", "remove": "-", "replace": "~", "reorder": "~", "change": "~", "rename": "~"}
_CONTEXT = 3
_ONE_LINE = 160
_SHORTEST = 28
_MARK = re.compile(r"\(redacted [a-z]+(?: [0-9a-f]+)?\)")
_UNENDED = "(no newline at the end)"
_BARE = re.compile(r"[^\s\[\]{}\"'>|&*!%@`#-](?:(?! -> ).)*(?<! )\Z")


class Line(NamedTuple):
    """A line of a comparison: added, removed, kept, or (`@`) where the next ones stand or how many are left out."""

    sign: Literal["+", "-", " ", "@"]
    text: str


def visible(text: str) -> str:
    r"""`text` on one line, with all that is not printable as `\n`, `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def spans(message: str) -> list[tuple[bool, str]]:
    """A sentence in pieces: whether each was between backticks, and its text. A single backtick stays."""
    pieces = message.split("`")
    if len(pieces) % 2 == 0:
        pieces[-2:] = ["`".join(pieces[-2:])]
    return [(bool(number % 2), piece) for number, piece in enumerate(pieces) if piece]


def shown(value: Any) -> str:
    """A plain value on one line, as YAML in flow style; a text without quotes if YAML reads it as that text."""
    content = plain(value)
    if isinstance(content, str) and _BARE.match(content) and content.isprintable() and meaning(content) == content:
        return content
    return visible(flow(content))


def place(change: Change) -> str:
    """Where the change is: its path, for people."""
    return visible(dotted(change.path)) or "the whole file"


def file_of(change: Change) -> str:
    """The key of the object's data that holds the changed file, or an empty text."""
    return visible(change.file)


def shortened(text: str, room: int) -> str:
    """`text`, cut in the middle to `room` characters; the mark of a secret is kept or removed as a whole."""
    if len(text) <= room:
        return text
    head = (room - 1) // 2
    tail = len(text) - (room - 1 - head)
    return f"{text[: _mark_around(text, head)[0]]}…{text[_mark_around(text, tail)[1] :]}"


def _mark_around(text: str, index: int) -> tuple[int, int]:
    """Start and end of the mark of a secret that a cut at `index` would split; else `index`, twice."""
    for match in _MARK.finditer(text):
        if match.start() < index < match.end():
            return match.span()
    return index, index


def pair(before: str, after: str, room: int) -> tuple[str, str]:
    """Two different texts, each cut to `room` characters (at least 28) so that their difference stays visible."""
    room = max(room, _SHORTEST)
    if max(len(before), len(after)) <= room:
        return before, after
    same = _mark_around(before, _common(before, after))[0]
    start = _mark_around(before, max(0, same - room // 4))[0]
    same_end = _common(before[same:][::-1], after[same:][::-1])
    same_end = len(before) - _mark_around(before, len(before) - same_end)[1]
    cut = len(before) - _mark_around(before, len(before) - max(0, same_end - room // 4))[1]
    return _window(before, start, cut, room), _window(after, start, cut, room)


def _window(text: str, start: int, cut: int, room: int) -> str:
    head = "…" if start else ""
    tail = "…" if cut else ""
    inner = text[start : len(text) - cut]
    if start and len(text) - cut <= room - len(tail):
        head, inner = "", text[: len(text) - cut]  # all before it fits as well
    return head + shortened(inner, room - len(head) - len(tail)) + tail


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    most = min(len(one), len(other))
    return next((index for index in range(most) if one[index] != other[index]), most)


def is_long(change: Change) -> bool:
    """Whether the values want lines of their own: a text of several lines, or a large structure."""
    return any(_is_long(plain(value)) for value in (change.before, change.after))


def _is_long(value: Any) -> bool:
    if isinstance(value, str):
        return "\n" in value
    return isinstance(value, (dict, list)) and len(flow(value)) > _ONE_LINE


def in_short(change: Change, room: int) -> str:
    """`before -> after` on one line, each side at most `room` characters; for long values how many lines differ."""
    if is_long(change) and change.op != "reorder":
        return _counted(change)
    return " -> ".join(line.text for line in sides(change, room)) + (" (order)" if change.op == "reorder" else "")


def sides(change: Change, room: int) -> list[Line]:
    """What was and what is, one line for each that exists, at most `room` characters (at least 28)."""
    before, after = shown(change.before), shown(change.after)
    if change.op == "add":
        return [Line("+", shortened(after, max(room, _SHORTEST)))]
    if change.op == "remove":
        return [Line("-", shortened(before, max(room, _SHORTEST)))]
    before, after = pair(before, after, room)
    return [Line("-", before), Line("+", after)]


def _counted(change: Change) -> str:
    lines = compared(change, _ONE_LINE)
    counts = [(sign, sum(line.sign == sign for line in lines)) for sign in "+-"]
    return "(lines: " + " ".join(f"{sign}{count}" for sign, count in counts if count) + ")"


def compared(change: Change, room: int) -> list[Line]:
    """The two values line by line, with three lines around what differs; where one is missing, the other whole.

    No line is longer than `room` characters.
    """
    before = [] if change.op == "add" else _lines(change.before)
    after = [] if change.op == "remove" else _lines(change.after)
    if before and after and isinstance(change.before, str) and isinstance(change.after, str):
        ends = [text.endswith("\n") for text in (change.before, change.after)]
        if any(ends) and not all(ends):
            (after if ends[0] else before).append(_UNENDED)
    if before and after:
        return _differing(before, after, room)
    return _signed("-", before, room) + _signed("+", after, room)


def content(value: Any, sign: Literal["+", "-"], room: int) -> list[Line]:
    """A whole object as YAML, every line with the sign."""
    return _signed(sign, _lines(value), room)


def limited(lines: list[Line], most: int) -> list[Line]:
    """The first lines, and how many more there are."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], Line("@", f"{len(lines) - most + 1} more lines")]


def _lines(value: Any) -> list[str]:
    """A text's own lines, without an empty one after the last line end; anything else as YAML."""
    content = plain(value)
    if isinstance(content, str):
        lines = content.split("\n")
        return lines if lines[-1] else lines[:-1]
    return [line for text in block(content) for line in text.split("\n")]


def _signed(sign: Literal["+", "-", " "], lines: list[str], room: int) -> list[Line]:
    return [Line(sign, shortened(visible(line), room)) for line in lines]


def _differing(before: list[str], after: list[str], room: int) -> list[Line]:
    lines: list[Line] = []
    matcher = SequenceMatcher(None, before, after)
    for number, hunk in enumerate(matcher.get_grouped_opcodes(_CONTEXT)):
        if number or hunk[0][1] or hunk[0][3]:
            lines.append(Line("@", f"line {hunk[0][1] + 1}, now {hunk[0][3] + 1}"))
        for tag, start, end, new_start, new_end in hunk:
            old, new = before[start:end], after[new_start:new_end]
            if tag == "equal":
                lines += _signed(" ", old, room)
            elif len(old) == len(new):
                pairs = [pair(visible(one), visible(other), room) for one, other in zip(old, new, strict=True)]
                lines += [Line("-", one) for one, _ in pairs] + [Line("+", other) for _, other in pairs]
            else:
                lines += _signed("-", old, room) + _signed("+", new, room)
    return lines
