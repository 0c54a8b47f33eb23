"""The supercluster as SVG: a card for each region, lines for gateways, a numbered colour for each meta group.

Readable in light and in dark, without a script, and as part of an HTML page.
"""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

from natsvalues.lint.rule import SEVERITIES
from natsvalues.records import NamedTuple
from natsvalues.report.diff_values import visible
from natsvalues.report.html_page import scrolling
from natsvalues.report.palette import style, variables
from natsvalues.report.plain_values import counted
from natsvalues.report.topology_layout import HEAD, HEIGHT, LEGEND_LINE, MARGIN, WIDTH, Layout, Place, layout, route
from natsvalues.report.topology_words import (
    LINES,
    SEED,
    WAITS,
    group_line,
    headline,
    jetstream,
    link_line,
    outages,
    subline,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.topology import Link, Node, Topology

MOST_LINES = 24
"""Up to this number of regions every gateway connection is drawn; above it, only those with problems."""
COLOURS = 8
LETTERS = 36
"""Characters in small type that fit on a card."""
CROWDED = 4
"""Above this number of regions lines cross, and are drawn fainter."""
LARGE = 1_300
"""A picture that is wider than this scrolls on a page: shrunk, its text would be too small."""
_LEGEND_LETTERS, _PHONE_LETTERS = 52, 44
_MARK = 50
"""The width of a mark in the legend."""


class _Entry(NamedTuple):
    """A line of the legend: its mark (a group's number, a kind of line, or `seed`), its lines of text, and more."""

    mark: str
    lines: list[str]
    about: str = ""


def topology_svg(picture: Topology) -> str:
    """The whole picture as a file."""
    rules = f"{variables('.topology')}{style('topology')}"
    drawn = _drawn(picture, "wide", head=HEAD, namespace=' xmlns="http://www.w3.org/2000/svg"')
    return drawn.replace(">\n", f">\n<style>\n{rules}</style>\n", 1)


def topology_figure(picture: Topology) -> str:
    """The picture as part of a page with `topology.css` and these colours: for a screen, and for a phone."""
    wide, narrow = (_drawn(picture, kind, head=0) for kind in ("wide", "narrow"))
    figure = f'<figure class="sizes">\n{wide}{narrow}</figure>'
    return scrolling("The picture", figure) if 'class="topology wide large"' in wide else figure


def _drawn(picture: Topology, kind: str, *, head: int, namespace: str = "") -> str:
    names = [*(node.name for node in picture.nodes), *picture.absent]
    shown = [link for link in picture.links if len(names) <= MOST_LINES or link.findings or link.ways != "both"]
    numbers = {name: index for index, group in enumerate(picture.groups) for name in group.regions}
    entries = list(_entries(picture, shown, _PHONE_LETTERS if kind == "narrow" else _LEGEND_LETTERS))
    drawn = layout(names, [len(entry.lines) for entry in entries], head=head, narrow=kind == "narrow")
    size = " large" if kind == "wide" and drawn.width > LARGE else ""
    box = f'viewBox="0 0 {drawn.width} {drawn.height}" width="{drawn.width}" height="{drawn.height}"'
    label = _escaped(f"{headline(picture)}; {subline(picture)}")
    tip = 'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse"'
    lines = [
        f'<svg{namespace} class="topology {kind}{size}" {box} role="img" aria-label="{label}">',
        f'<defs><marker id="tip-{kind}" {tip} orient="auto"><path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>',
        f'<rect class="ground" width="{drawn.width}" height="{drawn.height}"/>',
    ]
    if head:
        most = (drawn.width - 2 * MARGIN) // 10
        lines.append(_text("title", MARGIN, 34, headline(picture), most))
        lines.append(_text("dim", MARGIN, 54, subline(picture), most))
    lines += [_line(link, drawn, kind, picture.measured) for link in shown]
    for node in picture.nodes:
        lines += _card(node, drawn.places[node.name], numbers.get(node.name))
    for name in picture.absent:
        lines += _absent(name, drawn.places[name])
    lines += [_label(link, drawn) for link in shown if link.findings or link.ways in _SIGNS]
    for entry, at in zip(entries, drawn.legend, strict=True):
        lines += _legend(entry, at, kind)
    return "\n".join([*filter(None, lines), "</svg>"]) + "\n"


def _escaped(text: str) -> str:
    return escape(visible(text))


def _kind(link: Link, *, many: bool) -> str:
    """The classes of a line: an error is red, whatever else it is; many lines are fainter."""
    wrong = "wrong" if _worst_severity(link) == "error" else ""
    ways = "" if link.ways == "both" else link.ways
    return " ".join(filter(None, ["link", ways, wrong, "many" * (many and not wrong and not ways)]))


def _line(link: Link, drawn: Layout, kind: str, measured: bool) -> str:  # noqa: FBT001   # of the picture
    many = len(drawn.places) > CROWDED
    tip = f' marker-end="url(#tip-{kind})"' if link.ways == "one" else ""
    path = route(drawn, link.source, link.target).path
    about = _escaped(link_line(link, measured=measured))
    return f'<path class="{_kind(link, many=many)}" d="{path}"{tip}><title>{about}</title></path>'


def _worst_severity(link: Link) -> str:
    severities = {finding.severity for finding in link.findings}
    return next((severity for severity in SEVERITIES if severity in severities), "")


_SIGNS = {"none": "✕", "unknown": "?"}


def _label(link: Link, drawn: Layout) -> str:
    """On a line: that it is not connected, and the findings about its two regions."""
    at = route(drawn, link.source, link.target).label
    most = 1 if drawn.is_narrow else 2
    codes = [_codes([finding.rule.id for finding in link.findings], most)] if link.findings else []
    text = " ".join([*filter(None, [_SIGNS.get(link.ways)]), *codes])
    half = round(3.6 * len(text)) + 9
    x = min(at.x, drawn.width - half - 2)
    worst = _worst_severity(link) or ("error" if link.ways == "none" else "")
    about = "; ".join(finding.message for finding in link.findings)
    box = f'x="{x - half:.0f}" y="{at.y - 11:.0f}" width="{2 * half}" height="22" rx="11"'
    return (
        f'<g><title>{_escaped(about or text)}</title><rect class="label has-{worst}" {box}/>'
        f'<text class="code middle {worst}" x="{x:.0f}" y="{at.y + 4:.0f}">{text}</text></g>'
    )


def _codes(codes: list[str], most: int) -> str:
    distinct = list(dict.fromkeys(codes))
    return " ".join(distinct[:most]) + (f" +{len(distinct) - most}" if len(distinct) > most else "")


def _card(node: Node, place: Place, group: int | None) -> list[str]:
    left, top = place.x - WIDTH / 2, place.y - HEIGHT / 2
    by_severity = {severity: [item for item in node.findings if item.severity == severity] for severity in SEVERITIES}
    worst = next((severity for severity in SEVERITIES if by_severity[severity]), "")
    text_lines = [
        counted(node.servers, "server") if node.servers is not None else "",
        node.version,
        f"stage {node.stage}" if node.stage else "",
    ]
    rows = [
        ("dim", " · ".join(filter(None, text_lines)), 14, 44),
        ("code", node.address or "nothing advertised", 14, 63),
        ("code dim", node.balancer or "no load balancer", 14, 81),
        ("code", jetstream(node), 39, 100),  # behind the dot
    ]
    lines = [
        f"<g><title>{_escaped(node.name)}</title>",
        _box(f"card has-{worst}" if worst else "card", left, top),
        _text("name", left + 14, top + 24, node.name, 18 if node.is_seed else 24),
    ]
    if node.is_seed:
        lines += _seed(left + WIDTH - 62, top + 10)
    lines += [_text(kind, left + x, top + y, text, LETTERS - x // 8) for kind, text, x, y in rows]
    lines.append(_dot(left + 23, top + 96, group, waits=node.jetstream == "if rendered"))
    if worst:
        codes = [finding.rule.id for severity in SEVERITIES for finding in by_severity[severity]]
        lines.append(_text(f"code {worst}", left + 14, top + 119, f"{worst}: {_codes(codes, 3)}", LETTERS))
    else:
        lines.append(_text("good", left + 14, top + 119, "no findings", LETTERS))
    return [*lines, "</g>"]


def _seed(left: float, top: float) -> list[str]:
    return [
        f'<g><title>{SEED}</title><rect class="seed" x="{left:.0f}" y="{top:.0f}" width="48" height="20" rx="10"/>',
        f'<text class="code middle seed-text" x="{left + 24:.0f}" y="{top + 14:.0f}">seed</text></g>',
    ]


def _dot(x: float, y: float, group: int | None, *, waits: bool = False) -> str:
    """A dot in the colour of the meta group with its number, or a ring where JetStream is not rendered yet."""
    if group is None:
        return f'<circle class="waits" cx="{x:.0f}" cy="{y:.0f}" r="7"/>'
    ring = " waits" * waits
    return (
        f'<g class="g{group % COLOURS}"><circle class="{ring.strip()}" cx="{x:.0f}" cy="{y:.0f}" r="9"/>'
        f'<text class="number{ring}" x="{x:.0f}" y="{y + 4:.0f}">{group + 1}</text></g>'
    )


def _absent(name: str, place: Place) -> list[str]:
    left, top = place.x - WIDTH / 2, place.y - HEIGHT / 2
    return [
        _box("card absent", left, top),
        _text("name", left + 14, top + 24, name, 24),
        _text("dim", left + 14, top + 44, "dialled, and not among these files", 40),
    ]


def _box(kind: str, left: float, top: float) -> str:
    return f'<rect class="{kind}" x="{left:.0f}" y="{top:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'


def _text(kind: str, x: float, y: float, text: str, most: int) -> str:
    """A text, cut to fit; a cut one has its full text as title."""
    if len(text) <= most:
        return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{_escaped(text)}</text>'
    cut = _escaped(text[: most - 1] + "…")
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{cut}<title>{_escaped(text)}</title></text>'


def _entries(picture: Topology, shown: list[Link], letters: int) -> Iterator[_Entry]:
    """Each meta group with its regions, which failures end one, and what else the picture has."""
    for index, group in enumerate(picture.groups):
        yield _Entry(f"group {index}", _wrapped(visible(group_line(group)), letters))
    for failure in outages(picture):
        words = f"no leader if {failure.cause} fails".replace("`", "")
        yield _Entry("warning", _wrapped(visible(words), letters), f"{failure.message}; {failure.remedy}")
    if any(node.is_seed for node in picture.nodes):
        yield _Entry("seed", _wrapped(SEED, letters))
    if any(node.jetstream == "if rendered" for node in picture.nodes):
        yield _Entry("ring", _wrapped(WAITS, letters))
    for (measured, ways), words in LINES.items():
        if measured == picture.measured and any(link.ways == ways for link in shown):
            yield _Entry("" if ways == "both" else ways, _wrapped(words, letters))
    if any(_worst_severity(link) == "error" and link.ways in ("both", "one") for link in shown):
        yield _Entry("wrong", _wrapped("an error between them", letters))


def _wrapped(text: str, letters: int) -> list[str]:
    return wrap(text, letters, break_on_hyphens=False)


def _legend(entry: _Entry, at: Place, kind: str) -> Iterator[str]:
    y = at.y - 4
    tone = "warning" if entry.mark == "warning" else "dim"
    yield f"<g><title>{_escaped(entry.about)}</title>" if entry.about else "<g>"
    mark, _, number = entry.mark.partition(" ")
    if mark in ("group", "ring"):
        yield _dot(at.x + _MARK / 2 - 6, y, int(number) if number else None)
    elif mark == "seed":
        yield from _seed(at.x - 8, y - 10)
    elif mark == "warning":
        yield f'<text class="warning middle" x="{at.x + _MARK / 2 - 6:.0f}" y="{at.y:.0f}">⚠</text>'
    else:
        tip = f' marker-end="url(#tip-{kind})"' if mark == "one" else ""
        yield f'<path class="{f"link {mark}".strip()}" d="M{at.x:.0f} {y:.0f} {at.x + 34:.0f} {y:.0f}"{tip}/>'
    for index, line in enumerate(entry.lines):
        y = at.y + index * LEGEND_LINE
        yield f'<text class="{tone}" x="{at.x + _MARK:.0f}" y="{y:.0f}">{_escaped(line)}</text>'
    yield "</g>"
