"""The supercluster as SVG: a card for each region, lines for gateways, a colour for each meta group.

Readable in light and in dark, without a script, and as part of an HTML page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from natsvalues.lint.rule import SEVERITIES
from natsvalues.report.findings_text import counted
from natsvalues.report.topology_layout import HEIGHT, MARGIN, WIDTH, Place, ends, layout
from natsvalues.supercluster.meta_groups import outage

if TYPE_CHECKING:
    from natsvalues.lint.topology import Link, Node, Topology
    from natsvalues.supercluster.meta_groups import Outage

MOST_LINES = 24
"""Up to this number of regions every gateway connection is drawn; above it, only those with problems."""
COLOURS = 8
LETTERS = 36
"""Characters in small type that fit on a card."""
CROWDED = 4
"""Above this number of regions lines cross, and are drawn fainter."""
LINES = (
    ("waits", "ring: JetStream only if the values turn it on"),
    ("", "both dial each other"),
    ("one-way", "one dials the other"),
    ("wrong", "an error between them"),
)

STYLE = """
.topology { --back: #fff; --card: #f6f8fa; --edge: #8c959f; --ink: #1f2328; --dim: #59636e; background: var(--back);
  --error: #b3261e; --warning: #8a5300; --note: #0550ae; --good: #1a7f37; --g0: #0969da; --g1: #bf5700;
  --g2: #1a7f37; --g3: #8250df; --g4: #bf3989; --g5: #0a7b83; --g6: #7a6200; --g7: #59636e }
@media (prefers-color-scheme: dark) {
  .topology { --back: #0d1117; --card: #161b22; --edge: #6e7681; --ink: #e6edf3; --dim: #9198a1;
    --error: #ff8e85; --warning: #e3b341; --note: #79c0ff; --good: #56d364; --g0: #58a6ff; --g1: #ffa657;
    --g2: #56d364; --g3: #d2a8ff; --g4: #ff9bce; --g5: #56d4dd; --g6: #e3c04c; --g7: #9198a1 } }
.topology text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink) }
.topology .title { font-size: 18px; font-weight: 600 }
.topology .name { font-size: 15px; font-weight: 600 }
.topology .code { font: 11.5px ui-monospace, "DejaVu Sans Mono", monospace }
.topology .dim { fill: var(--dim) } .topology .good { fill: var(--good) } .topology .note { fill: var(--note) }
.topology .error { fill: var(--error) } .topology .warning, .topology .tip { fill: var(--warning) }
.topology .card { fill: var(--card); stroke: var(--edge); stroke-width: 1.5 }
.topology .absent { fill: var(--back); stroke-dasharray: 5 4 }
.topology .has-error { stroke: var(--error); stroke-width: 2.5 }
.topology .has-warning { stroke: var(--warning); stroke-width: 2 }
.topology line { stroke: var(--edge); stroke-width: 1.5 }
.topology .many { opacity: .45 }
.topology .one-way { stroke: var(--warning); stroke-dasharray: 6 4; stroke-width: 2 }
.topology .wrong { stroke: var(--error); stroke-width: 2.5 }
.topology .label { fill: var(--back) }
.topology .waits { stroke-width: 2; fill: none }
"""


def topology_svg(picture: Topology) -> str:
    """The whole picture."""
    names = [*(node.name for node in picture.nodes), *picture.absent]
    width, height, places, legend = layout(names, len(picture.groups) + len(outages(picture)) + len(LINES))
    colours = {name: index % COLOURS for index, group in enumerate(picture.groups) for name in group.regions}
    title = escape(headline(picture))
    label = quoteattr(headline(picture))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="topology" viewBox="0 0 {width} {height}"',
        f' width="{width}" height="{height}" role="img" aria-label={label}>',
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9"',
        ' markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>',
        f'<rect width="{width}" height="{height}" style="fill: var(--back)"/>',
        f'<text class="title" x="{MARGIN}" y="34">{title}</text>',
        f'<text class="dim" x="{MARGIN}" y="54">{escape(subline(picture))}</text>',
    ]
    shown = [link for link in picture.links if len(names) <= MOST_LINES or link.findings or not link.both]
    lines += [_line(link, places, many=len(names) > CROWDED) for link in shown]
    for node in picture.nodes:
        lines += _card(node, places[node.name], colours.get(node.name))
    for name in picture.absent:
        lines += _absent(name, places[name])
    lines += [_label(link, places) for link in shown if link.findings]
    lines += _legend(picture, legend)
    return "\n".join([*filter(None, lines), "</svg>"]) + "\n"


def headline(picture: Topology) -> str:
    """The title: supercluster, regions, meta groups."""
    return f"{picture.name}: {counted(len(picture.nodes), 'region')}, {_meta(picture)}"


def _meta(picture: Topology) -> str:
    if not picture.groups:
        return "no JetStream"
    if len(picture.groups) == 1:
        size = picture.groups[0].servers
        return "one JetStream meta group" + (f" of {counted(size, 'server')}" if size is not None else "")
    return f"{len(picture.groups)} JetStream meta groups"


def outages(picture: Topology) -> list[Outage]:
    """Which failures leave a meta group of the picture without a leader."""
    return [failure for failure in map(outage, picture.groups) if failure is not None]


def subline(picture: Topology) -> str:
    """The subtitle: findings and gateway connections."""
    findings = [finding for node in picture.nodes for finding in node.findings]
    numbers = [(sum(finding.severity == severity for finding in findings), severity) for severity in SEVERITIES]
    total = ", ".join(counted(number, severity) for number, severity in numbers if number) or "no findings"
    one_way = sum(not link.both for link in picture.links)
    directions = f"{len(picture.links) - one_way} both ways" + (f", {one_way} one way only" if one_way else "")
    return f"{total}; gateways: {directions}"


def jetstream(node: Node) -> str:
    """A region's JetStream, in words: how durable it is, and under which account."""
    if node.jetstream == "off":
        return "no JetStream"
    durability = f" (sync {node.sync})" if node.sync else ""
    return f"JetStream{durability} under {node.account}"


def _line(link: Link, places: dict[str, Place], *, many: bool) -> str:
    one, other = ends(places[link.source], places[link.target])
    kind = "wrong" if _worst_severity(link) == "error" else "" if link.both else "one-way"
    kind += " many" if many and not kind else ""
    tip = ' marker-end="url(#tip)"' if not link.both else ""
    words = f"{link.source} and {link.target} dial each other" if link.both else f"{link.source} dials {link.target}"
    return (
        f'<line class="{kind.strip()}" x1="{one.x:.0f}" y1="{one.y:.0f}" x2="{other.x:.0f}" y2="{other.y:.0f}"{tip}>'
        f"<title>{escape(words)}</title></line>"
    )


def _worst_severity(link: Link) -> str:
    severities = {finding.severity for finding in link.findings}
    return next((severity for severity in SEVERITIES if severity in severities), "")


def _label(link: Link, places: dict[str, Place]) -> str:
    one, other = ends(places[link.source], places[link.target])
    x, y = (one.x + other.x) / 2, (one.y + other.y) / 2
    text = _codes([finding.rule.id for finding in link.findings], 2)
    half = 4 * len(text) + 8
    worst = _worst_severity(link)
    return (
        f"<g><title>{escape('; '.join(finding.message for finding in link.findings))}</title>"
        f'<rect class="label has-{worst}" x="{x - half:.0f}" y="{y - 10:.0f}" width="{2 * half}" height="20" rx="10"/>'
        f'<text class="code {worst}" x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle">{text}</text></g>'
    )


def _codes(codes: list[str], most: int) -> str:
    distinct = list(dict.fromkeys(codes))
    return " ".join(distinct[:most]) + (f" +{len(distinct) - most}" if len(distinct) > most else "")


def _card(node: Node, place: Place, colour: int | None) -> list[str]:
    left, top = place.x - WIDTH / 2, place.y - HEIGHT / 2
    numbers = {severity: sum(item.severity == severity for item in node.findings) for severity in SEVERITIES}
    worst = next((severity for severity in SEVERITIES if numbers[severity]), "")
    text_lines = [
        counted(node.servers, "server") if node.servers is not None else "",
        node.version,
        f"stage {node.stage}" if node.stage else "",
    ]
    rows = [
        ("dim", " · ".join(filter(None, text_lines)), 14, 44),
        ("code", node.address or "nothing advertised", 14, 63),
        ("code dim", node.balancer or "no load balancer", 14, 81),
        ("code", jetstream(node), 30, 100),  # behind the dot
    ]
    lines = [
        f"<g><title>{escape(node.name)}</title>",
        _box(f"card has-{worst}" if worst else "card", left, top),
        _text("name", left + 14, top + 24, node.name, 24),
    ]
    lines += [_text(kind, left + x, top + y, text, LETTERS - x // 8) for kind, text, x, y in rows]
    lines.append(_dot(left + 20, top + 96, colour, waits=node.jetstream == "if rendered"))
    if worst:
        codes = [
            finding.rule.id for severity in SEVERITIES for finding in node.findings if finding.severity == severity
        ]
        lines.append(_text(f"code {worst}", left + 14, top + 119, _codes(codes, 4), LETTERS))
    else:
        lines.append(_text("good", left + 14, top + 119, "no findings", LETTERS))
    return [*lines, "</g>"]


def _dot(x: float, y: float, colour: int | None, *, waits: bool = False) -> str:
    """A dot in the colour of the meta group, or a ring where JetStream is not rendered yet."""
    if colour is None:
        return f'<circle class="waits" cx="{x:.0f}" cy="{y:.0f}" r="5" style="stroke: var(--edge)"/>'
    if waits:
        return f'<circle class="waits" cx="{x:.0f}" cy="{y:.0f}" r="5" style="stroke: var(--g{colour})"/>'
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="6" style="fill: var(--g{colour})"/>'


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
        return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{escape(text)}</text>'
    cut = escape(text[: most - 1] + "…")
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}">{cut}<title>{escape(text)}</title></text>'


def _legend(picture: Topology, lines: tuple[Place, ...]) -> list[str]:
    """Each meta group with its colour and its regions, which failures end one, then the kinds of lines."""
    parts = []
    failures = outages(picture)
    for index, (group, at) in enumerate(zip(picture.groups, lines, strict=False)):
        size = f" ({counted(group.servers, 'server')})" if group.servers is not None else ""
        account = "an account not stated" if group.account == "?" else group.account
        names = ", ".join(group.regions) if len(group.regions) <= CROWDED else counted(len(group.regions), "region")
        text = f"meta group: {names}{size} under {account}"
        parts += [_dot(at.x + 6, at.y - 4, index % COLOURS), _text("dim", at.x + 20, at.y, text, 52)]
    for failure, at in zip(failures, lines[len(picture.groups) :], strict=False):
        title = f"<title>{escape(f'{failure.message}; {failure.remedy}')}</title>"
        text = _text("warning", at.x, at.y, f"no leader if {failure.cause} fails".replace("`", ""), 52)
        parts.append(f"<g>{title}{text}</g>")
    for (kind, text), at in zip(LINES, lines[len(picture.groups) + len(failures) :], strict=True):
        y = at.y - 4
        if kind == "waits":
            parts += [_dot(at.x + 6, y, None), _text("dim", at.x + 20, at.y, text, 52)]
            continue
        tip = ' marker-end="url(#tip)"' if kind == "one-way" else ""
        parts.append(f'<line class="{kind}" x1="{at.x:.0f}" y1="{y:.0f}" x2="{at.x + 34:.0f}" y2="{y:.0f}"{tip}/>')
        parts.append(_text("dim", at.x + 44, at.y, text, 50))
    return parts
