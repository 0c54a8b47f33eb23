"""The supercluster as a Mermaid flowchart, which code hosts draw inside markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import SEVERITIES
from natsvalues.report.plain_values import counted
from natsvalues.report.topology_words import headline, jetstream
from natsvalues.supercluster.meta_groups import outage

if TYPE_CHECKING:
    from natsvalues.lint.topology import Node, Topology

_ARROWS = {"both": "<-->", "one": "-->", "none": "-.-x", "unknown": "-.-"}
_STYLES = """\
  classDef error stroke:#b3261e,stroke-width:3px
  classDef warning stroke:#bf8700,stroke-width:2px
  classDef absent stroke-dasharray:5 4
"""


def topology_mermaid(picture: Topology) -> str:
    """A subgraph for each meta group of several regions, or that one failure ends; an arrow for each remote gateway."""
    ids = {name: f"r{number}" for number, name in enumerate([*(node.name for node in picture.nodes), *picture.absent])}
    nodes = {node.name: node for node in picture.nodes}
    lines = ["---", f'title: "{_escaped(headline(picture))}"', "---", "flowchart LR"]
    grouped: set[str] = set()
    for number, group in enumerate(picture.groups):
        failure = outage(group)
        if len(group.regions) > 1 or failure is not None:
            size = f", {counted(group.servers, 'server')}" if group.servers is not None else ""
            reason = f"<br/>{_escaped(failure.message.replace('`', ''))}" if failure is not None else ""
            lines.append(f'  subgraph g{number}["meta group under {_escaped(group.account)}{size}{reason}"]')
            lines += [f"  {_node(ids[name], nodes[name])}" for name in group.regions]
            lines.append("  end")
            grouped |= set(group.regions)
    lines += [_node(ids[node.name], node) for node in picture.nodes if node.name not in grouped]
    lines += [f'  {ids[name]}["{_escaped(name)}<br/>not among these files"]:::absent' for name in picture.absent]
    for link in picture.links:
        codes = " ".join(dict.fromkeys(finding.rule.id for finding in link.findings))
        arrow = _ARROWS[link.ways]
        text = f"|{codes}|" if codes else ""
        lines.append(f"  {ids[link.source]} {arrow}{text} {ids[link.target]}")
    return "\n".join(lines) + "\n" + _STYLES


def _node(name: str, node: Node) -> str:
    numbers = [(sum(item.severity == severity for item in node.findings), severity) for severity in SEVERITIES]
    findings = ", ".join(counted(number, severity) for number, severity in numbers if number)
    lines = [
        f"<b>{_escaped(node.name)}</b>{' (seed)' * node.is_seed}",
        " · ".join(filter(None, [counted(node.servers, "server") if node.servers else "", node.version, node.stage])),
        _escaped(node.address or "nothing advertised"),
        _escaped(node.balancer),
        _escaped(jetstream(node)),
        findings,
    ]
    worst = next((severity for number, severity in numbers if number), "")
    style = f":::{worst}" if worst in ("error", "warning") else ""
    return f'  {name}["{"<br/>".join(filter(None, lines))}"]{style}'


def _escaped(text: str) -> str:
    """A text inside a quoted label: Mermaid's own entities for what would end it or become markup."""
    for character, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("\n", " ")):
        text = text.replace(character, entity)
    return text
