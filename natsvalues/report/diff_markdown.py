"""A diff as GitHub Flavored Markdown that fits a pull-request comment.

What comes from outside is text and nothing else: no HTML, no link, no mention, no reference to an issue. Where there
is too much, the harmless is left out first, and the comment says how much.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.report import diff_headline as words
from natsvalues.report import diff_values as values
from natsvalues.report.diff_outline import outline
from natsvalues.report.essentials import MOST_LINES, whole_object
from natsvalues.report.plain_values import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.diff.changes import Change, Impact, ReleaseDiff
    from natsvalues.report.diff_outline import Outline, Row, Section, SharedNote

LIMIT = 65_000
"""GitHub refuses a comment of more than 65,536 characters."""
LEAST = 8_000
_ROOM = 120
_LONGEST = 1_000
_SPECIAL = re.compile(r"[\\`*_\[\]|~]")
# Characters that GitHub gives a meaning after it has undone entities: a zero-width space behind keeps them text.
_REFERENCES = {"@": "@&#8203;", "#": "#&#8203;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;&#8203;"}


class Part(NamedTuple):
    """Something a comment shows whole, in brief, or not at all."""

    whole: str
    brief: str = ""


class Chapter(NamedTuple):
    """Parts under a title; `folded` hides them behind a click. `noun` is what they are counted as."""

    title: str
    parts: tuple[Part, ...]
    noun: str
    folded: bool = False


def markdown(diffs: tuple[ReleaseDiff, ...], *, limit: int = LIMIT) -> str:
    """The comment, of at most `limit` characters; a limit below 8,000 counts as 8,000."""
    contents = outline(diffs)
    below = words.summary_below(contents)
    head = f"### natsvalues diff\n\n**{prose(words.headline(contents))}**\n\n"
    head += (f"{prose(below)}\n\n" if below else "") + _table(contents)
    chapters = tuple(_chapters(contents))
    room = max(limit, LEAST) - len(head) - sum(len(_written(chapter, (), len(chapter.parts))) for chapter in chapters)
    texts: list[str] = []
    for chapter in chapters:
        kept: list[str] = []
        for part in chapter.parts:
            fitting = next((text for text in (part.whole, part.brief) if text and len(text) <= room), None)
            if fitting is None:
                break
            kept.append(fitting)
            room -= len(fitting)
        texts.append(_written(chapter, tuple(kept), len(chapter.parts) - len(kept)))
    return re.sub(r"\n{3,}", "\n\n", head + "".join(texts))  # no line of a block is empty: each has its sign


def code(text: str) -> str:
    """`text` as a code span: what is inside has no meaning to Markdown."""
    text = values.shortened(values.visible(text), _LONGEST)
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    padding = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) or not text else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def prose(text: str) -> str:
    """`text` as one paragraph in which nothing has a meaning, but what stands between backticks is code."""
    line = values.shortened(" ".join(values.visible(part) for part in text.split("\n")), _LONGEST)
    return "".join(code(piece) if is_code else _plain(piece) for is_code, piece in values.spans(line))


def _plain(text: str) -> str:
    escaped = "".join(_REFERENCES.get(char, f"\\{char}" if _SPECIAL.match(char) else char) for char in text)
    escaped = re.sub(r"^(?=[-+=])|(?<=^\d)(?=[.)])", r"\\", escaped)
    return re.sub(r"(?i)(:)(?=//)|(?<=www)(\.)|(?<=\bgh)(-)", r"&#8203;\g<0>", escaped)


def _fence(lines: list[values.Line]) -> str:
    """Lines as a block of its own that none of them can end."""
    shown = [f"@@ {line.text} @@" if line.sign == "@" else line.sign + line.text for line in lines]
    longest = max((len(run) for line in shown for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(["", f"{fence}diff", *shown, fence, "", ""])


def _table(contents: Outline) -> str:
    rows = [(*words.title_of(group, contents), group.size) for group in contents.groups]
    if not rows:
        return ""
    lines = ["| Impact | Changes | Meaning |", "| --- | ---: | --- |"]
    lines += [f"| {title} | {size} | {meaning} |" for title, meaning, size in rows]
    return "\n".join(lines) + "\n\n"


def _chapters(contents: Outline) -> Iterator[Chapter]:
    yield Chapter("", tuple(_sides(contents)), "region")
    if contents.notes:
        yield Chapter("", tuple(Part(_note(shared, contents)) for shared in contents.notes), "note")
    for group in contents.groups:
        title = ": ".join(words.title_of(group, contents))
        harmless = group.level == "none"
        parts = tuple(part for section in group.sections for part in _section(section, contents))
        yield Chapter(title, parts, "entry", folded=harmless)
    if contents.drift:
        parts = tuple(part for section in contents.drift for part in _section(section, contents))
        yield Chapter(f"DRIFT: {words.DRIFT}", parts, "entry")
    if contents.hooks:
        parts = tuple(part for section in contents.hooks for part in _section(section, contents))
        yield Chapter("Hooks, without effect on what runs", parts, "entry", folded=True)
    if contents.folds:
        parts = tuple(Part(f"- {prose(words.fold_line(fold))}\n") for fold in contents.folds)
        yield Chapter("What only follows from others", parts, "cause", folded=True)
    if contents.values:
        settings = tuple(_change(setting.change, setting.regions, contents) for setting in contents.values)
        yield Chapter("Helm values", settings, "value", folded=True)


def _sides(contents: Outline) -> Iterator[Part]:
    for diff in contents.diffs:
        region = f"**{prose(diff.region)}**, {words.state(diff)}: " if contents.regions else ""
        yield Part(f"- {region}{code(words.side(diff.old))} → {code(words.side(diff.new))}\n")


def _note(shared: SharedNote, contents: Outline) -> str:
    """A note as one of GitHub's alerts."""
    alert = {"error": "CAUTION", "warning": "WARNING"}.get(words.SEVERITIES[shared.note.level], "NOTE")
    where = words.in_regions(shared.regions, contents.regions)
    level = f"**{words.name_of(shared.note.level)}:** " if words.SEVERITIES[shared.note.level] else ""
    lines = [f"> [!{alert}]", f"> {level}{prose(f'{where} {words.message_of(shared.note)}'.strip())}"]
    lines += [">", f"> **Help:** {prose(shared.note.remedy)}"] if shared.note.remedy else []
    return "\n" + "\n".join(lines) + "\n"


def _section(section: Section, contents: Outline) -> Iterator[Part]:
    """The rows of an object, the first with its name, and the first of each reason with the reason."""
    preface = f"\n**{code(words.object_title(section.item))}**\n\n"
    for reasoned in section.reasons:
        preface += _impact(reasoned.impact)
        for row in reasoned.rows:
            part = _change(row.change, row.regions, contents) if row.change else _object(row, contents)
            yield Part(preface + part.whole, preface + part.brief)
            preface = ""


def _impact(impact: Impact) -> str:
    labelled = (("", impact.reason), ("**Help:** ", impact.remedy), ("Source: ", words.source_of(impact)))
    return "".join(f"\n{label}{prose(message)}\n" for label, message in labelled if message) + "\n"


def _object(row: Row, contents: Outline) -> Part:
    where = words.in_regions(row.regions, contents.regions)
    sign, _, what = words.object_line(row.item).partition(" ")
    brief = f"- {code(sign)} {prose(f'{what} {where}'.strip())}\n"
    lines = whole_object(row.item, _ROOM, full=False)
    return Part(brief + _fence(lines) if lines else brief, brief)


def _change(change: Change, regions: tuple[str, ...], contents: Outline) -> Part:
    where = words.aside(change, regions, contents.regions)
    start = f"- {code(values.SIGNS[change.op])} {code(words.change_place(change))}"
    end = f" {prose(where)}\n" if where else "\n"
    if values.is_long(change) and change.op != "reorder":
        brief = f"{start} {values.in_short(change, _ROOM)}{end}"
        return Part(brief + _fence(values.limited(values.compared(change, _ROOM), MOST_LINES)), brief)
    sides = " → ".join(code(line.text) for line in values.sides(change, _ROOM))
    brief = f"{start}: {sides}{' (order)' if change.op == 'reorder' else ''}{end}"
    return Part(brief, brief)


def _written(chapter: Chapter, kept: tuple[str, ...], left: int) -> str:
    """The chapter, and how many parts it leaves out."""
    noun = chapter.noun if left == 1 else {"entry": "entries"}.get(chapter.noun, f"{chapter.noun}s")
    rest = (
        f"\n*{left} {'more ' if kept else ''}{noun} left out: the whole is too long for a comment.*\n" if left else ""
    )
    body = "".join(kept) + rest
    if chapter.folded:
        count = counted(len(chapter.parts), "row")
        return f"\n<details><summary>{chapter.title} ({count})</summary>\n\n{body}\n</details>\n"
    return (f"\n#### {chapter.title}\n" if chapter.title else "") + body
