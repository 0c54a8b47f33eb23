"""What is effective in live regions as an HTML page: the picture as it is connected, items, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.doctor.rules.gateways import outbound
from natsvalues.lint.rule import SEVERITIES
from natsvalues.lint.topology import topology
from natsvalues.report.doctor_text import places, summary
from natsvalues.report.html_page import Page, prose, table, text, tone_of, written
from natsvalues.report.topology_html import finding_table, topology_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.examination import Examination
    from natsvalues.doctor.live import Live
    from natsvalues.lint.topology import Link, Topology

_TONES = {"pass": "good", "fail": "error", "unknown": "warning"}


def doctor_html(examination: Examination) -> str:
    """The whole page."""
    seen = examination.live.seen
    report = examination.report
    worst = next((severity for severity in SEVERITIES if report.count(severity)), "")
    fine = "warning" if any(item.status == "unknown" for item in examination.items) else "good"
    items, _, findings = summary(examination).partition("; ")
    main: list[str] = []
    if examination.live.regions:
        main += topology_part(_true(examination))
    main += _chapter("Checklist", _items(examination))
    if report.findings:
        main += _chapter("Findings", finding_table("What is wrong, and what to do", report.findings))
    following = [f"{prose(item.message)} <code>{item.rule.id}</code>" for item in examination.following]
    unseen = [prose(f"{item.region}: {item.question}: {item.reason}") for item in examination.unseen]
    for heading, lines in (("What follows from that", following), ("Not looked at", unseen)):
        if lines:
            main += _chapter(heading, f'<ul class="prose">{"".join(f"<li>{line}</li>" for line in lines)}</ul>')
    return written(
        Page(
            "natsvalues doctor",
            items.capitalize(),
            tuple(main),
            lead=findings,
            tone=tone_of(worst) if worst else fine,
            head=tuple(f'<p class="aside">{text(line)}</p>' for line in (*places(seen), f"seen at {seen.at}")),
            styles=("topology",),
        )
    )


def _chapter(heading: str, content: str) -> Iterator[str]:
    name = heading.lower().replace(" ", "-")
    yield f'<section aria-labelledby="{name}"><h2 id="{name}">{heading}</h2>'
    yield content
    yield "</section>"


def _items(examination: Examination) -> str:
    names = [region.name for region in examination.live.seen.regions]
    rows = []
    for title in dict.fromkeys(item.title for item in examination.items):
        of_title = {item.region: item for item in examination.items if item.title == title}
        cells = [
            f'<span class="tone {_TONES[item.status]}">{item.status}</span> {prose(item.effective)}'
            f"{f'<br>{prose(item.reason)}' if item.reason else ''}"
            f'<br><code class="aside">{text(str(item.where))}</code>'
            for item in (of_title[name] for name in names)
        ]
        rows.append((text(title), *cells))
    return table("What is effective in each region", ("Item", *names), rows)


def _true(examination: Examination) -> Topology:
    """The picture with what is connected instead of what is configured, and with everything that is wrong."""
    report = examination.report
    picture = topology(report._replace(findings=(*report.findings, *examination.following)))
    links = tuple(_connected(examination, link) for link in picture.links)
    return picture._replace(name="live", links=links, measured=True)


def _connected(examination: Examination, link: Link) -> Link:
    regions = examination.live.regions
    if link.source not in regions or link.target not in regions:
        return link._replace(ways="unknown")
    there = _is_connected(regions[link.source], regions[link.target])
    back = _is_connected(regions[link.target], regions[link.source])
    if there is None or back is None:
        return link._replace(ways="unknown")
    if back and not there:
        return link._replace(source=link.target, target=link.source, ways="one")
    return link._replace(ways="both" if back else "one" if there else "none")


def _is_connected(region: Live, other: Live) -> bool | None:
    """Whether a server of the region is connected to the other's gateway; None if none of its servers said."""
    if all(region.gateways(pod) is None for pod in region.pods):
        return None
    name = other.cluster.gateway_name or ""
    return any(name in outbound(region, pod) for pod in region.pods)
