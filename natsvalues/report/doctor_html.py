"""What is effective in live regions as one HTML page: the picture in its true colours, items, findings. No script."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from natsvalues.doctor.rules.gateways import outbound
from natsvalues.lint.topology import topology
from natsvalues.report.doctor_text import summary
from natsvalues.report.topology_html import HEAD, finding_row
from natsvalues.report.topology_svg import topology_svg

if TYPE_CHECKING:
    from natsvalues.doctor.examination import Examination
    from natsvalues.lint.topology import Link, Topology

_CLASSES = {"pass": "note", "fail": "error", "unknown": "dim"}


def doctor_html(examination: Examination) -> str:
    """The whole page."""
    seen = examination.live.seen
    title = f"natsvalues doctor, {seen.at}"
    parts = [HEAD.format(title=escape(title)), f"<h1>{escape(title)}</h1>\n<p>{escape(summary(examination))}</p>\n"]
    if examination.live.regions:
        parts.append(topology_svg(_true(examination)))
    parts.append(_items(examination))
    if examination.report.findings:
        rows = "".join(map(finding_row, examination.report.findings))
        parts.append(f"<h2>Findings</h2>\n<table>\n<tr><th>Rule<th>What and where<th>What to do</tr>\n{rows}</table>\n")
    following = [f"<li>{escape(item.message)} <code>{item.rule.id}</code>\n" for item in examination.following]
    unseen = [f"<li>{escape(f'{item.region}: {item.question}: {item.reason}')}\n" for item in examination.unseen]
    for heading, lines in (("What follows from that", following), ("Not looked at", unseen)):
        if lines:
            parts.append(f"<h2>{heading}</h2>\n<ul>\n{''.join(lines)}</ul>\n")
    return "".join([*parts, "</body>\n</html>\n"])


def _items(examination: Examination) -> str:
    names = [region.name for region in examination.live.seen.regions]
    rows = [f"<tr><th>Item{''.join(f'<th>{escape(name)}' for name in names)}</tr>\n"]
    for title in dict.fromkeys(item.title for item in examination.items):
        of_title = {item.region: item for item in examination.items if item.title == title}
        cells = [
            f'<td><span class="{_CLASSES[item.status]}">{item.status}</span> {escape(item.effective)}'
            f"{f'<br>{escape(item.reason)}' if item.reason else ''}"
            f'<br><code class="dim">{escape(str(item.where))}</code>'
            for item in (of_title[name] for name in names)
        ]
        rows.append(f"<tr><td>{escape(title)}{''.join(cells)}</tr>\n")
    return f"<h2>Checklist</h2>\n<table>\n{''.join(rows)}</table>\n"


def _true(examination: Examination) -> Topology:
    """The picture with what is connected instead of what is configured, and with everything that is wrong."""
    report = examination.report
    picture = topology(report._replace(findings=(*report.findings, *examination.following)))
    return picture._replace(name="live", links=tuple(_connected(examination, link) for link in picture.links))


def _connected(examination: Examination, link: Link) -> Link:
    regions = examination.live.regions
    if link.source not in regions or link.target not in regions:
        return link
    ways = []
    for one, other in ((link.source, link.target), (link.target, link.source)):
        name = regions[other].cluster.gateway_name or ""
        ways.append(any(name in outbound(regions[one], pod) for pod in regions[one].pods))
    if ways == [False, True]:
        return link._replace(source=link.target, target=link.source, both=False)
    return link._replace(both=all(ways))
