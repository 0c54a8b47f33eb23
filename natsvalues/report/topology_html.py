"""The supercluster as an HTML page: the picture, and the findings of each region below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import SEVERITIES
from natsvalues.report.html_page import Page, prose, table, text, tone_of, written
from natsvalues.report.topology_svg import topology_figure
from natsvalues.report.topology_words import group_line, headline, link_line, outages, subline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.lint.rule import Finding
    from natsvalues.lint.topology import Topology


def topology_html(picture: Topology) -> str:
    """The whole page."""
    severities = {finding.severity for node in picture.nodes for finding in node.findings}
    worst = next((severity for severity in SEVERITIES if severity in severities), "")
    main = [*topology_part(picture)]
    for number, node in enumerate(picture.nodes):
        if node.findings:
            main.append(f'<section aria-labelledby="region-{number}"><h2 id="region-{number}">{text(node.name)}</h2>')
            main.append(finding_table(f"Findings of {node.name}", node.findings))
            main.append("</section>")
    if not severities:
        main.append("<p>No findings.</p>")
    return written(
        Page(
            "natsvalues topology",
            headline(picture),
            tuple(main),
            lead=subline(picture),
            tone=tone_of(worst) if worst else "good",
            styles=("topology",),
        )
    )


def topology_part(picture: Topology) -> Iterator[str]:
    """The picture, what it shows in words, and which failures it warns of."""
    yield topology_figure(picture)
    yield from (
        f'<p class="box warning">{prose(f"{failure.message}; {failure.remedy}")}</p>' for failure in outages(picture)
    )
    lines = [*map(group_line, picture.groups), *(link_line(link, measured=picture.measured) for link in picture.links)]
    lines += [f"{node.name} is the seed" for node in picture.nodes if node.is_seed]
    if lines:
        items = "".join(f"<li>{text(line)}</li>" for line in lines)
        yield f'<details><summary>The picture in words</summary><ul class="prose">{items}</ul></details>'


def finding_table(caption: str, findings: Iterable[Finding]) -> str:
    """A row for each finding: the rule, what and where, what to do."""
    return table(caption, ("Rule", "What and where", "What to do"), map(_row, findings))


def _row(finding: Finding) -> tuple[str, str, str]:
    rule = finding.rule
    severity = f'<span class="tone {tone_of(finding.severity)}">{finding.severity}</span>'
    return (
        f"{severity} <code>{rule.id}</code><br>{rule.name}",
        f'{prose(finding.message)}<br><code class="aside">{text(str(finding.where[0]))}</code>',
        prose(rule.remedy),
    )
