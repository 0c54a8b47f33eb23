"""A diff as annotations of a GitHub workflow: lines that the runner shows beside files and in the summary of a job.

GitHub shows at most ten errors, ten warnings and ten notices of one step, so the worst come first, and changes of one
object with one reason share a line. Escapes are those of `actions/toolkit` (packages/core/src/command.ts).
"""
# No `from __future__ import annotations`: here that name is the function's.

import re
from collections.abc import Iterator

from natsvalues.diff.changes import LEVELS, About, Level, ReleaseDiff
from natsvalues.report import diff_headline as words
from natsvalues.report import diff_values as values
from natsvalues.report.diff_outline import Reasoned, Row, Section, SharedNote, outline

_ROOM = 60
_MOST_ROWS = 10
_FILE = re.compile(r"(?!release:)[^\s].*\.(?:ya?ml|json)\Z", re.IGNORECASE)


def annotations(diffs: tuple[ReleaseDiff, ...]) -> str:
    """The lines: the headline, then notes and reasons worst first; nothing is said of changes without effect."""
    contents = outline(diffs)
    said = "\n".join(filter(None, (words.headline(contents), words.summary_below(contents))))
    lines = [_command(contents.worst, "natsvalues diff", said)]
    entries = [entry for diff in diffs for entry in _entries(diff)]
    entries.sort(key=lambda entry: -LEVELS.index(entry[0]))
    return "".join(f"{line}\n" for line in [*lines, *(line for _, line in entries)])


def _entries(diff: ReleaseDiff) -> Iterator[tuple[Level, str]]:
    contents = outline((diff,))
    region = f" in {values.visible(diff.region)}" if diff.region else ""
    for shared in contents.notes:
        yield shared.note.level, _note(shared, region)
    for group in contents.groups:
        if group.level == "none":
            continue
        title = f"{words.name_of(group.level)}{region}"
        for section in group.sections:
            for reasoned in section.reasons:
                yield group.level, _reasoned(diff, section, reasoned, title)


def _note(shared: SharedNote, region: str) -> str:
    title = f"{words.name_of(shared.note.level)}{region}" if shared.note.level != "none" else f"natsvalues diff{region}"
    help_line = f"\nhelp: {shared.note.remedy}" if shared.note.remedy else ""
    return _command(shared.note.level, title, words.message_of(shared.note) + help_line)


def _reasoned(diff: ReleaseDiff, section: Section, reasoned: Reasoned, title: str) -> str:
    impact = reasoned.impact
    lines = [words.object_title(section.item) + (f": {impact.reason}" if impact.reason else "")]
    lines += [_row(row) for row in reasoned.rows[:_MOST_ROWS]]
    more = len(reasoned.rows) - _MOST_ROWS
    lines += [f"and {more} more"] if more > 0 else []
    lines += [f"help: {impact.remedy}"] if impact.remedy else []
    lines += [f"source: {words.source_of(impact)}"] if impact.source else []
    return _command(impact.level, title, "\n".join(lines), _where(diff, reasoned.rows[0]))


def _row(row: Row) -> str:
    if row.change is None:
        return words.object_line(row.item)
    sign = values.SIGNS[row.change.op]
    aside = words.aside(row.change, row.regions, ())
    return f"{sign} {words.change_place(row.change)}: {values.in_short(row.change, _ROOM)} {aside}".rstrip()


def _where(diff: ReleaseDiff, row: Row) -> str:
    """`file=…,line=…` of the new side, or of the old one for what is removed; empty where that is no file."""
    is_gone = row.item.op == "remove" or (row.change is not None and row.change.op == "remove")
    about, lines = (diff.old, "before_line") if is_gone else (diff.new, "after_line")
    if not _is_file(about):
        return ""
    line = getattr(row.change, lines) if row.change else None
    line = line or getattr(row.item, lines)
    return f"file={_property(about.label)}" + (f",line={line}" if line else "")


def _is_file(about: About) -> bool:
    """Whether the label is a file of manifests, whose lines are those of the changes; an exported release is not."""
    return about.revision is None and bool(_FILE.match(about.label))


def _command(level: Level, title: str, message: str, where: str = "") -> str:
    name = words.SEVERITIES[level] or "notice"
    properties = ",".join(part for part in (where, f"title={_property(title)}") if part)
    return f"::{name} {properties}::" + "%0A".join(_data(line) for line in message.split("\n"))


def _data(text: str) -> str:
    return values.visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
