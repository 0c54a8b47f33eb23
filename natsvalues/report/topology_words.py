"""What the pictures of a supercluster say in words: the same in SVG, HTML and Mermaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import SEVERITIES
from natsvalues.report.plain_values import counted
from natsvalues.supercluster.meta_groups import outage

if TYPE_CHECKING:
    from natsvalues.lint.topology import Link, Node, Topology
    from natsvalues.supercluster.meta_groups import MetaGroup, Outage

_MANY = 4
"""Above this number of regions a meta group is counted instead of listed."""


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


def subline(picture: Topology) -> str:
    """The subtitle: findings and gateway connections."""
    findings = [finding for node in picture.nodes for finding in node.findings]
    numbers = [(sum(finding.severity == severity for finding in findings), severity) for severity in SEVERITIES]
    total = ", ".join(counted(number, severity) for number, severity in numbers if number) or "no findings"
    ways = [link.ways for link in picture.links]
    named = {"both": "both ways", "one": "one way only", "none": "neither way", "unknown": "not known"}
    directions = [f"{ways.count(way)} {name}" for way, name in named.items() if way in ways]
    return f"{total}; gateways: {', '.join(directions) or 'none'}"


def jetstream(node: Node) -> str:
    """A region's JetStream, in words: how durable it is, and under which account."""
    if node.jetstream == "off":
        return "no JetStream"
    durability = f" (sync {node.sync})" if node.sync else ""
    return f"JetStream{durability} under {node.account}"


def outages(picture: Topology) -> list[Outage]:
    """Which failures leave a meta group of the picture without a leader."""
    return [failure for failure in map(outage, picture.groups) if failure is not None]


def group_line(group: MetaGroup) -> str:
    """A meta group: its regions, its servers, its account."""
    size = f" ({counted(group.servers, 'server')})" if group.servers is not None else ""
    account = "an account not stated" if group.account == "?" else group.account
    names = ", ".join(group.regions) if len(group.regions) <= _MANY else counted(len(group.regions), "region")
    return f"meta group of {names}{size} under {account}"


def link_line(link: Link, *, measured: bool) -> str:
    """A gateway connection: as it is configured, or as the servers report it."""
    one, other = link.source, link.target
    if measured:
        return {
            "both": f"{one} and {other} are connected both ways",
            "one": f"{one} is connected to {other}, and not {other} to {one}",
            "none": f"{one} and {other} are not connected, neither way",
            "unknown": f"not known whether {one} and {other} are connected",
        }[link.ways]
    return f"{one} and {other} dial each other" if link.ways == "both" else f"{one} dials {other}"


LINES = {
    (False, "both"): "both dial each other",
    (False, "one"): "one dials the other",
    (True, "both"): "connected both ways",
    (True, "one"): "connected one way only",
    (True, "none"): "not connected, neither way",
    (True, "unknown"): "not known: the servers did not say",
}
"""What a line means, by whether it is measured, and its `ways`."""

SEED = "the one region that may have streams before the regions join"
WAITS = "ring: JetStream only if the values turn it on"
