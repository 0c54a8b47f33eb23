"""A diff for a terminal or a log: the headline first, then what it rests on, worst first.

Signs carry the meaning (`+` added, `-` removed, `~` changed, `!` take care); colour only repeats it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.report import diff_headline as words
from natsvalues.report import diff_values as values
from natsvalues.report.diff_outline import outline
from natsvalues.report.essentials import MOST_LINES, whole_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.diff.changes import Change, Impact, ReleaseDiff
    from natsvalues.report.diff_outline import Group, Outline, Reasoned, Row, Section, SharedNote

_NARROWEST = 40
_WIDEST_LINE = 240
# From the sixteen colours that every theme sets, those that can be read on light and on dark.
_STYLES = {"error": "1;31", "warning": "1;35", "notice": "1;36", "": "1", "bold": "1", "+": "32", "-": "31", "@": "36"}
# What a runner of GitHub or Azure would obey at the start of a line of its log.
_COMMAND = re.compile(r"^((?:\x1b\[[0-9;]*m)?\s*)(?=::|##)")


def text(diffs: tuple[ReleaseDiff, ...], *, color: bool, width: int, full: bool = False) -> str:
    """The report; `width` in columns, of which at least 40 are used. Only words longer than a line stick out.

    With `full` no object and no value is shortened to the lines that matter.
    """
    contents = outline(diffs)
    page = _Page(color, max(width, _NARROWEST), contents.regions, full)
    return "".join(_COMMAND.sub(r"\1\\", line.rstrip()) + "\n" for line in page.lines(contents))


def columns(line: str) -> int:
    """How many columns of a terminal a printable text takes."""
    if line.isascii():
        return len(line)
    from unicodedata import combining, east_asian_width  # 4 ms: a table of all characters

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in line)


def wrapped(message: str, width: int, first: str, indent: str = "") -> list[str]:
    """`message` in lines of `width` columns, behind `first` and then `indent`; words are never broken."""
    indent = indent or " " * columns(first)
    lines: list[str] = []
    start = first
    for paragraph in message.split("\n"):
        line, is_empty = start, True
        for word in values.visible(paragraph).split(" "):
            if not is_empty and columns(line) + 1 + columns(word) > width:
                lines.append(line)
                line, is_empty = indent, True
            line += word if is_empty else " " + word
            is_empty = False
        lines.append(line)
        start = indent
    return lines


class _Page(NamedTuple):
    """Lines for one width, painted or not."""

    color: bool
    width: int
    regions: tuple[str, ...]
    full: bool

    def lines(self, contents: Outline) -> Iterator[str]:
        yield from self._painted(
            words.SEVERITIES[contents.worst], wrapped(words.headline(contents), self.width, "", "  ")
        )
        yield from wrapped(below, self.width, "  ", "  ") if (below := words.summary_below(contents)) else []
        yield ""
        yield from self._sides(contents)
        for shared in contents.notes:
            yield ""
            yield from self._note(shared)
        for group in contents.groups:
            yield from self._group(group, contents)
        yield from self._beside(contents)

    def _beside(self, contents: Outline) -> Iterator[str]:
        """What is not an effect of the upgrade, or none of its own."""
        if contents.drift:
            yield from self._title("warning", f"DRIFT: {words.DRIFT}")
            for section in contents.drift:
                yield ""
                yield from self._section(section, brief=False)
        if contents.hooks:
            yield from self._title("", "HOOKS: without effect on what runs")
            for section in contents.hooks:
                yield from self._section(section, brief=True)
        if contents.folds:
            yield from self._title("", "FOLDED")
            for fold in contents.folds:
                yield from wrapped(words.fold_line(fold), self.width, "  = ")
        if contents.values:
            yield from self._title("", "HELM VALUES")
            for setting in contents.values:
                yield from self._change(setting.change, setting.regions, "  ", brief=False)

    def _painted(self, style: str, lines: list[str]) -> list[str]:
        code = _STYLES[style]
        return [f"\x1b[{code}m{line.rstrip()}\x1b[0m" if self.color and line.strip() else line for line in lines]

    def _title(self, severity: str, title: str) -> list[str]:
        mark = {"error": "! ", "warning": "! "}.get(severity, "")
        return ["", *self._painted(severity, wrapped(title, self.width, mark))]

    def _sides(self, contents: Outline) -> Iterator[str]:
        for diff in contents.diffs:
            old, new = words.side(diff.old), words.side(diff.new)
            if contents.regions:
                title = f"{diff.region}: {words.state(diff)}"
                yield from self._painted("bold", wrapped(title, self.width, ""))
            indent = "  " if contents.regions else ""
            yield from wrapped(old, self.width, f"{indent}old: ")
            yield from wrapped(new, self.width, f"{indent}new: ")

    def _note(self, shared: SharedNote) -> Iterator[str]:
        severity = words.SEVERITIES[shared.note.level]
        where = words.in_regions(shared.regions, self.regions)
        message = f"{where} {words.message_of(shared.note)}".lstrip()
        label = f"{words.name_of(shared.note.level)}: " if severity else "note: "
        mark = "! " if severity in ("error", "warning") else ""
        yield from self._painted(severity or "bold", wrapped(message, self.width, mark + label, "  "))
        if shared.note.remedy:
            yield from wrapped(shared.note.remedy, self.width, "  help: ")

    def _group(self, group: Group, contents: Outline) -> Iterator[str]:
        yield from self._title(words.SEVERITIES[group.level], ": ".join(words.title_of(group, contents)))
        for section in group.sections:
            if group.level != "none":
                yield ""
            yield from self._section(section, brief=group.level == "none")

    def _section(self, section: Section, *, brief: bool) -> Iterator[str]:
        yield from self._painted("bold", ["  " + words.object_title(section.item)])
        for reasoned in section.reasons:
            for row in reasoned.rows:
                yield from self._row(row, brief=brief)
            if not brief:
                yield from self._impact(reasoned)

    def _row(self, row: Row, *, brief: bool) -> Iterator[str]:
        if row.change:
            yield from self._change(row.change, row.regions, "    ", brief=brief)
            return
        where = words.in_regions(row.regions, self.regions)
        yield f"    {words.object_line(row.item)} {where}"
        if not brief:
            yield from self._lines(whole_object(row.item, _WIDEST_LINE, full=self.full), "      ")

    def _change(self, change: Change, regions: tuple[str, ...], indent: str, *, brief: bool) -> Iterator[str]:
        where = words.aside(change, regions, self.regions)
        start = f"{indent}{values.SIGNS[change.op]} {words.change_place(change)}"
        if values.is_long(change) and not brief:
            yield f"{start} {where}"
            yield from self._body(values.compared(change, _WIDEST_LINE), indent + "  ")
            return
        room = self.width - columns(f"{start}:  -> {where}")
        room = room // 2 if change.op in ("replace", "reorder") else room
        line = f"{start}: {values.in_short(change, room)} {where}"
        tells = len({side.text for side in values.sides(change, room)}) > 1 or change.op not in ("replace", "reorder")
        if brief or (tells and columns(line.rstrip()) <= self.width):  # a mark is cut out as a whole, on both sides
            yield line
            return
        yield f"{start} {where}"
        yield from self._body(values.sides(change, self.width - len(indent) - 4), indent + "  ")

    def _body(self, lines: list[values.Line], indent: str) -> Iterator[str]:
        yield from self._lines(lines if self.full else values.limited(lines, MOST_LINES), indent)

    def _lines(self, lines: list[values.Line], indent: str) -> Iterator[str]:
        for sign, content in lines:
            line = f"{sign} {content}"
            yield from [indent + painted for painted in (self._painted(sign, [line]) if sign != " " else [line])]

    def _impact(self, reasoned: Reasoned) -> Iterator[str]:
        impact: Impact = reasoned.impact
        for label, message in (("", impact.reason), ("help: ", impact.remedy), ("source: ", words.source_of(impact))):
            if message:
                yield from wrapped(message, self.width, f"      {label}")
