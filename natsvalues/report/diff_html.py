"""A diff as an HTML page. Its script only filters: without it everything is there, and the controls stay hidden."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from natsvalues.report import diff_headline as words
from natsvalues.report import diff_values as values
from natsvalues.report.diff_outline import outline
from natsvalues.report.essentials import essentials, whole_object
from natsvalues.report.html_page import Page, prose, table, tone_of, written
from natsvalues.report.html_page import text as _text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.diff.changes import Change, Impact, Level, ReleaseDiff
    from natsvalues.report.diff_outline import Outline, Reasoned, Row, Section, SharedNote

_ROOM = 2_000
_MOST_LINES = 1_000
_OPS = {"add": "added", "remove": "removed", "replace": "changed", "reorder": "reordered", "rename": "renamed"}
_LINES = {"+": "add", "-": "remove", "@": "where", " ": "same"}


def html(diffs: tuple[ReleaseDiff, ...]) -> str:
    """The page, UTF-8 when written; it has no reference to anything outside itself."""
    contents = outline(diffs)
    form = list(_form(contents))
    return written(
        Page(
            "natsvalues diff",
            words.headline(contents),
            tuple(_main(contents)),
            lead=words.summary_below(contents),
            tone=_tone(contents.worst),
            head=(_compared(contents),),
            between=tuple(form),
            script=files("natsvalues.report").joinpath("page/diff.js").read_text("utf-8") if form else "",
        )
    )


def _tone(level: Level) -> str:
    return tone_of(words.SEVERITIES[level])


def _compared(contents: Outline) -> str:
    """The two sides of each region, each under its name."""
    sides = [
        tuple(f"<code>{_text(words.side(side))}</code>" for side in (diff.old, diff.new)) for diff in contents.diffs
    ]
    if not contents.regions:
        ((old, new),) = sides
        return table("What is compared", ("Side", "Release"), (("Old", old), ("New", new)))
    rows = [
        (_text(diff.region), _text(words.state(diff)), *pair) for diff, pair in zip(contents.diffs, sides, strict=True)
    ]
    return table("What is compared", ("Region", "Worst", "Old", "New"), rows)


def _form(contents: Outline) -> Iterator[str]:
    """The controls, hidden until the script that serves them runs; none where there is nothing to filter."""
    if not any(_chapters(contents)):
        return
    yield '<form id="filter" role="search" aria-label="Filter the changes" hidden>\n<fieldset><legend>Impact</legend>'
    for level, title, tone, size in _chapters(contents):
        yield f'<button type="button" class="{tone}" aria-pressed="true" data-level="{level}">{title} {size}</button>'
    yield '</fieldset>\n<label>Search <input type="search" id="search" autocomplete="off"></label>'
    if contents.regions:
        options = "".join(
            f'<option value="{index}">{_text(name)}</option>' for index, name in enumerate(contents.regions)
        )
        yield f'<label>Region <select id="region"><option value="">all</option>{options}</select></label>'
    yield '<button type="button" id="expand">Expand all</button>'
    yield '<button type="button" id="collapse">Collapse all</button>'
    yield '<p id="count" role="status" aria-live="polite"></p>\n</form>'


def _chapters(contents: Outline) -> Iterator[tuple[str, str, str, int]]:
    """What can be filtered: its id, title, tone and how many rows it has."""
    for group in contents.groups:
        yield group.level, words.title_of(group, contents)[0], _tone(group.level), group.size
    hooks, drift = (
        sum(len(reasoned.rows) for section in sections for reasoned in section.reasons)
        for sections in (contents.hooks, contents.drift)
    )
    others = (
        ("drift", "DRIFT", drift),
        ("hooks", "HOOKS", hooks),
        ("folded", "FOLDED", len(contents.folds)),
        ("values", "HELM VALUES", len(contents.values)),
    )
    for name, title, size in others:
        if size:
            yield name, title, "plain", size


def _main(contents: Outline) -> Iterator[str]:
    if contents.notes:
        yield '<section aria-labelledby="notes"><h2 id="notes">To know first</h2>\n<ul>'
        yield from (_note(shared, contents) for shared in contents.notes)
        yield "</ul></section>"
    if contents.is_empty:
        yield "<p>Nothing differs.</p>"
    for group in contents.groups:
        sections = (
            line for section in group.sections for line in _section(section, contents, is_open=group.level != "none")
        )
        title, meaning = words.title_of(group, contents)
        yield from _chapter(group.level, title, _tone(group.level), meaning, sections)
    if contents.drift:
        sections = (line for section in contents.drift for line in _section(section, contents, is_open=True))
        yield from _chapter("drift", "DRIFT", "warning", words.DRIFT, sections)
    if contents.hooks:
        sections = (line for section in contents.hooks for line in _section(section, contents, is_open=False))
        yield from _chapter("hooks", "HOOKS", "plain", "hooks that change without effect on what runs", sections)
    if contents.folds:
        regions = _regions((), contents)
        rows = [f'<li class="row"{regions}>{_text(words.fold_line(fold))}</li>' for fold in contents.folds]
        yield from _chapter(
            "folded", "FOLDED", "plain", "what only follows from other changes", ["<ul>", *rows, "</ul>"]
        )
    if contents.values:
        rows = [_change(setting.change, setting.regions, contents, is_open=True) for setting in contents.values]
        yield from _chapter("values", "HELM VALUES", "plain", "what was given to Helm", ["<ul>", *rows, "</ul>"])


def _chapter(name: str, title: str, tone: str, meaning: str, lines: Iterable[str]) -> Iterator[str]:
    yield f'<section class="group {tone}" data-level="{name}" aria-labelledby="group-{name}">'
    yield f'<h2 id="group-{name}">{title}</h2>\n<p class="meaning">{meaning}</p>'
    yield from lines
    yield "</section>"


def _note(shared: SharedNote, contents: Outline) -> str:
    level = words.name_of(shared.note.level) if words.SEVERITIES[shared.note.level] else "Note"
    where = words.in_regions(shared.regions, contents.regions)
    remedy = f"<p><b>Help:</b> {prose(shared.note.remedy)}</p>" if shared.note.remedy else ""
    message = f"<p><strong>{level}:</strong> {prose(f'{where} {words.message_of(shared.note)}'.strip())}</p>"
    return f'<li class="box {_tone(shared.note.level)}">{message}{remedy}</li>'


def _section(section: Section, contents: Outline, *, is_open: bool) -> Iterator[str]:
    yield f"<article>\n<h3><code>{_text(words.object_title(section.item))}</code></h3>"
    for reasoned in section.reasons:
        yield '<div class="reasoned"><ul>'
        yield from (_row(row, contents, is_open=is_open) for row in reasoned.rows)
        yield f"</ul>{_why(reasoned)}</div>"
    yield "</article>"


def _why(reasoned: Reasoned) -> str:
    impact: Impact = reasoned.impact
    parts = [f"<p>{prose(impact.reason)}</p>"] if impact.reason else []
    parts += [f"<p><b>Help:</b> {prose(impact.remedy)}</p>"] if impact.remedy else []
    parts += [f'<p class="source">Source: {prose(words.source_of(impact))}</p>'] if impact.source else []
    return f'<div class="why">{"".join(parts)}</div>' if parts else ""


def _row(row: Row, contents: Outline, *, is_open: bool) -> str:
    if row.change:
        return _change(row.change, row.regions, contents, is_open=is_open)
    sign, _, what = words.object_line(row.item).partition(" ")
    head = f"{_sign(sign, '')}{_text(what)} {_aside(words.in_regions(row.regions, contents.regions))}"
    lines = whole_object(row.item, _ROOM, full=True)
    chosen = essentials(row.item, _ROOM)
    if not chosen:
        return _item(head, lines, row.regions, contents, is_open=is_open)
    rest = _folded(f"all {len(lines)} lines", _block(lines))
    return _entry(_folded(head.rstrip(), _block(chosen) + rest, is_open=is_open), row.regions, contents)


def _change(change: Change, regions: tuple[str, ...], contents: Outline, *, is_open: bool) -> str:
    aside = _aside(words.aside(change, regions, contents.regions))
    head = f"{_sign(values.SIGNS[change.op], _OPS[change.op])}<code>{_text(words.change_place(change))}</code>"
    if values.is_long(change) and change.op != "reorder":
        lines = values.compared(change, _ROOM)
        return _item(
            f"{head} {_text(values.in_short(change, _ROOM))} {aside}", lines, regions, contents, is_open=is_open
        )
    tags = {"-": ("del", "was"), "+": ("ins", "now")}
    sides = []
    for sign, text in values.sides(change, _ROOM):
        tag, word = tags[sign]
        sides.append(f'<span class="unseen">{word} </span><{tag}><code>{_text(text)}</code></{tag}>')
    arrow = ' <span aria-hidden="true">→</span><span class="unseen">, </span> '
    order = " (order)" if change.op == "reorder" else ""
    return _item(f"{head}: {arrow.join(sides)}{order} {aside}", [], regions, contents, is_open=is_open)


def _sign(sign: str, word: str) -> str:
    spoken = f'<span class="unseen">{word} </span>' if word else ""
    return f'<span class="sign" aria-hidden="true">{sign}</span>{spoken}'


def _aside(text: str) -> str:
    return f'<span class="aside">{_text(text)}</span>' if text else ""


def _regions(regions: tuple[str, ...], contents: Outline) -> str:
    """The regions of a row as numbers, for the script; all of them where none is named."""
    numbers = [str(index) for index, name in enumerate(contents.regions) if not regions or name in regions]
    return f' data-regions="{" ".join(numbers)}"'


def _item(head: str, lines: list[values.Line], regions: tuple[str, ...], contents: Outline, *, is_open: bool) -> str:
    head = head.rstrip()
    return _entry(_folded(head, _block(lines), is_open=is_open) if lines else head, regions, contents)


def _entry(content: str, regions: tuple[str, ...], contents: Outline) -> str:
    return f'<li class="row"{_regions(regions, contents)}>{content}</li>'


def _folded(summary: str, content: str, *, is_open: bool = False) -> str:
    return f"<details{' open' if is_open else ''}><summary>{summary}</summary>{content}</details>"


def _block(lines: list[values.Line]) -> str:
    return f"<pre>{''.join(_line(line) for line in values.limited(lines, _MOST_LINES))}</pre>"


def _line(line: values.Line) -> str:
    return f'<span class="line-{_LINES[line.sign]}">{escape(line.sign)} {escape(line.text)}</span>'
