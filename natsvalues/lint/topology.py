"""The supercluster as a picture needs it: regions, their connections, the meta groups, and the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from natsvalues.manifests.services import is_outside
from natsvalues.manifests.settings import DEFAULT_ACCOUNT
from natsvalues.overlays.checks import per_pod
from natsvalues.supercluster.meta_groups import Member, MetaGroup, meta_groups
from natsvalues.text.hosts import endpoint

if TYPE_CHECKING:
    from natsvalues.lint.linter import Report
    from natsvalues.lint.rule import Finding
    from natsvalues.lint.subject import Cluster
    from natsvalues.overlays.plan import Plan

UNKNOWN = "?"
"""An account that neither overlay nor rendering states."""


class Node(NamedTuple):
    """One region. What is not known is empty, or None."""

    name: str
    servers: int | None
    version: str
    stage: str
    address: str
    balancer: str
    jetstream: Literal["on", "off", "if rendered"]
    account: str
    """The system account: regions with one account share a meta group."""
    findings: tuple[Finding, ...]


class Link(NamedTuple):
    """Two regions of which the first dials the second, and the second the first if `both`."""

    source: str
    target: str
    both: bool
    findings: tuple[Finding, ...]


class Topology(NamedTuple):
    """The whole picture. `absent` are regions that are dialled and have no overlay or rendering."""

    name: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    groups: tuple[MetaGroup, ...]
    absent: tuple[str, ...]


def topology(report: Report) -> Topology:
    """The picture of what was linted: of the renderings if there are any, else of the overlays."""
    subject = report.subject
    rendered = {cluster.region: cluster for cluster in subject.clusters}
    names = list(dict.fromkeys([*subject.plans, *rendered]))
    nodes = tuple(_node(name, rendered.get(name), subject.plans.get(name), report) for name in names)
    dialled = {name: _dialled(rendered.get(name), subject.plans.get(name), rendered) for name in names}
    absent = tuple(dict.fromkeys(other for others in dialled.values() for other in others if other not in names))
    title = subject.overlays.supercluster.name if subject.overlays is not None else "supercluster"
    links = _links(dialled, report)
    return Topology(title, nodes, links, _groups(nodes, dialled), absent)


def _node(name: str, cluster: Cluster | None, plan: Plan | None, report: Report) -> Node:
    """A region from its rendering, with what only its overlay states; or from its overlay alone."""
    findings = tuple(finding for finding in report.findings if finding.regions[0] == name)
    stage = plan.region.stage if plan is not None else ""
    if cluster is not None:
        address = str(cluster.advertised[0]) if cluster.advertised else ""
        version = str(cluster.version) if cluster.version.known else ""
        jetstream: Literal["on", "off"] = "on" if cluster.has_jetstream else "off"
        account = cluster.state.account
        return Node(
            name, cluster.counted, version, stage, address, _balancer(cluster, plan), jetstream, account, findings
        )
    if plan is None:
        return Node(name, None, "", "", "", "", "off", "", findings)
    address = endpoint(plan.host, plan.port) if stage != "local" else ""
    account = DEFAULT_ACCOUNT if plan.shares_jetstream else plan.region.system_account or UNKNOWN
    waits: Literal["off", "if rendered"] = "off" if plan.waits_to_join else "if rendered"
    version = plan.region.nats.version or ""
    return Node(name, plan.region.servers, version, stage, address, _planned(plan), waits, account, findings)


def _planned(plan: Plan) -> str:
    if plan.region.stage == "local":
        return ""
    each = ", one for each pod" if per_pod(plan.supercluster, plan.region) else ""
    scheme = f", {plan.load_balancer.scheme}" if plan.load_balancer.scheme else ""
    return f"{plan.load_balancer.provider or 'no provider'}{scheme}{each}"


def _balancer(cluster: Cluster, plan: Plan | None) -> str:
    services = cluster.gateway_services or cluster.balancers
    if plan is not None and services:
        return _planned(plan)
    kinds = [str(service.value["spec"].get("type")) for service in services if is_outside(service.value)]
    return f"{kinds[0]} {', '.join(service.key.name for service in services)}" if kinds else ""


def _dialled(cluster: Cluster | None, plan: Plan | None, rendered: dict[str, Cluster]) -> tuple[str, ...]:
    """The regions that a region dials, by their names in the report."""
    if cluster is not None:
        regions = {other.gateway_name: name for name, other in rendered.items()}
        return tuple(regions.get(remote.name, remote.name) for _, remote in cluster.remotes)
    if plan is not None and plan.region.stage == "join":
        return tuple(remote.name for remote in plan.remotes)
    return ()


def _links(dialled: dict[str, tuple[str, ...]], report: Report) -> tuple[Link, ...]:
    between: dict[frozenset[str], list[Finding]] = {}
    for finding in report.findings:
        if len(finding.regions) == 2:  # noqa: PLR2004   # a pair
            between.setdefault(frozenset(finding.regions), []).append(finding)
    links: list[Link] = []
    seen: set[frozenset[str]] = set()
    for name, others in dialled.items():
        for other in others:
            pair = frozenset((name, other))
            if pair not in seen:
                seen.add(pair)
                back = name in dialled.get(other, ())
                links.append(Link(name, other, back, tuple(between.get(pair, ()))))
    return tuple(links)


def _groups(nodes: tuple[Node, ...], dialled: dict[str, tuple[str, ...]]) -> tuple[MetaGroup, ...]:
    """The meta groups of regions with JetStream; a region whose account is not stated has its own group."""
    return meta_groups(
        Member(
            region=node.name,
            gateway=node.name,
            account=f"{UNKNOWN} {node.name}" if node.account == UNKNOWN else node.account,
            servers=node.servers,
            dials=frozenset(dialled[node.name]),
            is_clustered=node.jetstream != "off",
        )
        for node in nodes
    )
