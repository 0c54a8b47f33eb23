"""A diff as one self-contained HTML page: it asks the network for nothing, and is whole without scripts.

Everything from outside is escaped; besides, the page's own policy lets no script run but the one whose hash it states.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from natsvalues.report import diff_headline as words
from natsvalues.report import diff_values as values
from natsvalues.report.diff_outline import outline

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
    style, script = (
        files("natsvalues.report").joinpath(f"page/diff.{name}").read_text("utf-8") for name in ("css", "js")
    )
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    title = _text(words.headline(contents).replace("`", ""))
    form = list(_form(contents))
    body = "\n".join([*_header(contents), *form, '<main id="changes" tabindex="-1">', *_main(contents), "</main>"])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#changes">Skip to the changes</a>
{body}
{f"<script>{script}</script>" if form else ""}
</body>
</html>
"""


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def _text(text: str) -> str:
    return escape(values.visible(text))


def _prose(text: str) -> str:
    """A sentence; what stands between backticks is code."""
    marked = (f"<code>{_text(piece)}</code>" if is_code else _lines(piece) for is_code, piece in values.spans(text))
    return "".join(marked)


def _lines(text: str) -> str:
    return "<br>".join(_text(line) for line in text.split("\n"))


def _tone(level: Level) -> str:
    return words.SEVERITIES[level] or "plain"


def _header(contents: Outline) -> Iterator[str]:
    yield f'<header class="{_tone(contents.worst)}">\n<p class="brand">natsvalues diff</p>'
    rest = words.summary_below(contents)
    yield f"<h1>{_prose(words.headline(contents))}{f'<span>{_text(rest)}</span>' if rest else ''}</h1>"
    names = ("Region", "Worst") if contents.regions else ()
    titles = "".join(f'<th scope="col">{name}</th>' for name in (*names, "Old, and new below"))
    yield f"<table><caption>What is compared</caption>\n<thead><tr>{titles}</tr></thead>\n<tbody>"
    for diff in contents.diffs:
        region = f'<th scope="row">{_text(diff.region)}</th><td>{words.state(diff)}</td>' if names else ""
        sides = "<br>".join(f"<code>{_text(words.side(side))}</code>" for side in (diff.old, diff.new))
        yield f"<tr>{region}<td>{sides}</td></tr>"
    yield "</tbody></table>\n</header>"


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
    remedy = f"<p><b>Help:</b> {_prose(shared.note.remedy)}</p>" if shared.note.remedy else ""
    message = f"<p><strong>{level}:</strong> {_prose(f'{where} {words.message_of(shared.note)}'.strip())}</p>"
    return f'<li class="note {_tone(shared.note.level)}">{message}{remedy}</li>'


def _section(section: Section, contents: Outline, *, is_open: bool) -> Iterator[str]:
    yield f"<article>\n<h3><code>{_text(words.object_title(section.item))}</code></h3>"
    for reasoned in section.reasons:
        yield '<div class="reasoned"><ul>'
        yield from (_row(row, contents, is_open=is_open) for row in reasoned.rows)
        yield f"</ul>{_why(reasoned)}</div>"
    yield "</article>"


def _why(reasoned: Reasoned) -> str:
    impact: Impact = reasoned.impact
    parts = [f"<p>{_prose(impact.reason)}</p>"] if impact.reason else []
    parts += [f"<p><b>Help:</b> {_prose(impact.remedy)}</p>"] if impact.remedy else []
    parts += [f'<p class="source">Source: {_prose(words.source_of(impact))}</p>'] if impact.source else []
    return f'<div class="why">{"".join(parts)}</div>' if parts else ""


def _row(row: Row, contents: Outline, *, is_open: bool) -> str:
    if row.change:
        return _change(row.change, row.regions, contents, is_open=is_open)
    sign, _, what = words.object_line(row.item).partition(" ")
    head = f"{_sign(sign, '')}{_text(what)} {_aside(words.in_regions(row.regions, contents.regions))}"
    lines: list[values.Line] = []
    if row.item.op == "add":
        lines = values.content(row.item.after, "+", _ROOM)
    elif row.item.op == "remove":
        lines = values.content(row.item.before, "-", _ROOM)
    return _item(head, lines, row.regions, contents, is_open=is_open)


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
    start = f'<li class="row"{_regions(regions, contents)}>'
    if not lines:
        return f"{start}{head.rstrip()}</li>"
    details = "<details open>" if is_open else "<details>"
    shown = "".join(_line(line) for line in values.limited(lines, _MOST_LINES))
    return f"{start}{details}<summary>{head.rstrip()}</summary><pre>{shown}</pre></details></li>"


def _line(line: values.Line) -> str:
    return f'<span class="line-{_LINES[line.sign]}">{escape(line.sign)} {escape(line.text)}</span>'
