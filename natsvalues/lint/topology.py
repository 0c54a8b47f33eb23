"""The supercluster as a picture needs it: regions, their connections, the meta groups, and the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.lint.groups import electing, groups_of_subject
from natsvalues.manifests.services import is_outside
from natsvalues.manifests.settings import sync_interval
from natsvalues.overlays.checks import per_pod
from natsvalues.records import NamedTuple
from natsvalues.text.hosts import endpoint

if TYPE_CHECKING:
    from natsvalues.lint.groups import Electing
    from natsvalues.lint.linter import Report
    from natsvalues.lint.rule import Finding
    from natsvalues.lint.subject import Cluster
    from natsvalues.overlays.plan import Plan
    from natsvalues.supercluster.meta_groups import MetaGroup


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
    sync: str
    """How often JetStream writes to the disks, `always` included."""
    findings: tuple[Finding, ...]
    is_seed: bool = False
    """Whether its overlay says `joins: seed`."""


class Link(NamedTuple):
    """Two regions. The first dials the second, or is connected to it; the second to the first, too, if `ways` is both.

    `none` and `unknown` are of connections that were looked for: there is none, or the servers of a region did not say.
    """

    source: str
    target: str
    ways: Literal["both", "one", "none", "unknown"]
    findings: tuple[Finding, ...]


class Topology(NamedTuple):
    """The whole picture. `absent` are regions that are dialled and have no overlay or rendering.

    `measured`: the links are what servers report, instead of what is configured.
    """

    name: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    groups: tuple[MetaGroup, ...]
    absent: tuple[str, ...]
    measured: bool = False


def topology(report: Report) -> Topology:
    """The picture of what was linted: of the renderings if there are any, else of the overlays."""
    subject = report.subject
    rendered = {cluster.region: cluster for cluster in subject.clusters}
    regions = electing(subject)
    nodes = tuple(
        _node(name, region, rendered.get(name), subject.plans.get(name), report) for name, region in regions.items()
    )
    dialled = {name: region.dials for name, region in regions.items()}
    absent = tuple(dict.fromkeys(other for others in dialled.values() for other in others if other not in regions))
    title = subject.overlays.supercluster.name if subject.overlays is not None else "supercluster"
    links = _links(dialled, report)
    return Topology(title, nodes, links, groups_of_subject(subject), absent)


def _node(name: str, region: Electing, cluster: Cluster | None, plan: Plan | None, report: Report) -> Node:
    """A region from its rendering, with what only its overlay states; or from its overlay alone."""
    findings = tuple(finding for finding in report.findings if finding.regions[0] == name)
    stage = plan.region.stage if plan is not None else ""
    version = address = balancer = sync = ""
    if cluster is not None:
        address = str(cluster.advertised[0]) if cluster.advertised else ""
        version = str(cluster.version) if cluster.version.known else ""
        balancer = _balancer(cluster, plan)
        sync = sync_interval(cluster.conf)
    elif plan is not None:
        address = endpoint(plan.host, plan.port) if stage != "local" else ""
        version = plan.region.nats.version or ""
        balancer = _planned(plan)
        sync = plan.sync or ""
    is_seed = plan is not None and plan.region.joins == "seed"
    return Node(
        name,
        region.servers,
        version,
        stage,
        address,
        balancer,
        region.jetstream,
        region.account,
        sync,
        findings,
        is_seed,
    )


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
                links.append(Link(name, other, "both" if back else "one", tuple(between.get(pair, ()))))
    return tuple(links)
