"""Connections between regions: addresses, numbers of urls, and the lists of gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.supercluster.cold_start import elects_early
from natsvalues.text.endpoints import read_endpoint
from natsvalues.text.hosts import is_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.manifests.settings import Remote


@rule(
    "GW011",
    "dialled-elsewhere",
    "warning",
    "supercluster",
    why="The configured url is dialled first; the advertised address is what all servers learn by gossip. If they "
    "differ, one of them is stale, and connections use an address that nobody maintains.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="Set the remote's url to the address that the region advertises.",
    fails="us-east: {conf: {gateway: {gateways: [{name: eu-west, urls: [nats://old.example.com:7222]}]}}}",
    passes="us-east: {conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}}",
)
def dialled_elsewhere(subject: Subject) -> Iterator[Problem]:
    """A region is dialled at an address that it does not advertise."""
    for cluster, index, remote, other in subject.links():
        if not other.advertised:
            continue
        for place, url in enumerate(remote.urls):
            address = read_endpoint(url)
            if address is None or address in other.advertised:
                continue
            if not any(address.matches(own, other.listen) for own in other.advertised):
                where = (
                    cluster.at_conf("gateway", "gateways", index, "urls", place),
                    other.at_conf("gateway", "advertise"),
                )
                message = f"`{remote.name}` is dialled at `{address}` and advertises `{other.advertised[0]}`"
                yield Problem(message, where, (cluster.region, other.region))


@rule(
    "GW012",
    "more-urls-than-servers",
    "error",
    "supercluster",
    why="The first meta group is as large as the number of routes and urls of other gateways. If that is more than "
    "there are servers, a fresh or cold supercluster never elects a leader.",
    source="run on nats-server 2.14.6 with 5 urls for 3 servers; read in server/raft.go",
    remedy="Give each remote one url: its load balancer's.",
    fails="""\
us-east:
  conf:
    gateway:
      gateways:
      - name: eu-west
        urls:
        - nats://nats-gw-eu-west.example.com:7222
        - nats://a.example.com:7222
        - nats://b.example.com:7222
        - nats://c.example.com:7222
        - nats://d.example.com:7222
eu-west: {conf: {gateway: {advertise: nats-gw-eu-west.example.com:7222}}}""",
    passes="us-east: {conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}}",
)
def more_urls_than_servers(subject: Subject) -> Iterator[Problem]:
    """A region has more routes and gateway urls than there are servers."""
    by_name = {cluster.gateway_name: cluster for cluster in subject.joined}
    for cluster in subject.joined:
        if not cluster.has_jetstream:
            continue
        counted, there, worst, excess = len(cluster.routes), cluster.replicas, 0, 0
        for index, remote in cluster.remotes:
            servers = _servers(remote, by_name)
            counted, there = counted + len(remote.urls), there + servers
            if len(remote.urls) - servers > excess:
                worst, excess = index, len(remote.urls) - servers
        if counted > there and excess:
            where = (cluster.at_conf("gateway", "gateways", worst, "urls"), cluster.at_conf("cluster", "routes"))
            message = f"routes and gateway urls count {counted} servers, and there are {there}"
            yield Problem(message, where, (cluster.region,))


def _servers(remote: Remote, by_name: dict[str | None, Cluster]) -> int:
    """How many servers a remote has; the number of its urls if the region is unknown."""
    other = by_name.get(remote.name)
    return other.replicas if other is not None else len(remote.urls)


@rule(
    "GW013",
    "not-dialled-back",
    "warning",
    "supercluster",
    needs="configuration",
    why="Every server of every region should have the same set of gateways. A region that refuses unknown clusters "
    "refuses every region that it does not list.",
    source="run on nats-server 2.12.8 and 2.14.6; Synadia's check CLUSTER_008",
    remedy="List all regions in every region; a server ignores its own name, so the list can be the same everywhere.",
    fails="eu-west: {conf: {gateway: {gateways: []}}}",
    passes="eu-west: {conf: {gateway: {gateways: [{name: us-east, urls: [nats://nats-gw-us-east.example.com:7222]}]}}}",
)
def not_dialled_back(subject: Subject) -> Iterator[Problem]:
    """A region dials another that does not list it."""
    listed = {cluster.region: {remote.name for _, remote in cluster.remotes} for cluster in subject.joined}
    for cluster, index, _, other in subject.links():
        if other is not cluster and cluster.gateway_name not in listed[other.region]:
            where = (
                other.at_conf("gateway", "gateways"),
                cluster.at_conf("gateway", "gateways", index),
            )
            refuses = other.state.rejects_unknown
            message = f"`{cluster.region}` dials `{other.region}`, which does not list it" + (
                " and refuses clusters it does not know" if refuses else ""
            )
            yield Problem(message, where, (other.region, cluster.region))


@rule(
    "GW014",
    "remote-not-in-overlays",
    "warning",
    "supercluster",
    why="The overlays are the list of regions; a gateway that is not in them is not checked with the others.",
    source="natsvalues keeps such remotes when it renders, and warns",
    remedy="Add a region file for it, or remove it from the chart's values.",
    fails="""\
conf:
  gateway:
    gateways:
    - {name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}
    - {name: mars, urls: [nats://mars.example.com:7222]}""",
    passes="conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}",
)
def remote_not_in_overlays(subject: Subject) -> Iterator[Problem]:
    """A rendering lists a gateway that is not a region of the overlays."""
    if subject.overlays is None:
        return
    for cluster in subject.clusters:
        for index, remote in cluster.remotes:
            if remote.name not in subject.overlays.regions:
                where = (cluster.at_conf("gateway", "gateways", index, "name"),)
                yield Problem(f"remote `{remote.name}` is not a region of the overlays", where, (cluster.region,))


@rule(
    "GW015",
    "one-name-many-addresses",
    "note",
    "cluster",
    needs="configuration",
    why="These versions count a remote's host name once for each address it resolves to: a load balancer with an "
    "address in each zone makes the first meta group too large to elect a leader, and a name without an address is "
    "not counted.",
    source="nats-server commit ff17fc468 (2026-05-26), in 2.12.10 and 2.14.2",
    versions="nats-server before 2.12.10, and 2.14.0 and 2.14.1",
    remedy="Run 2.12.10, 2.14.2 or later.",
    fails="container: {image: nats:2.12.8-alpine}",
    passes="container: {image: nats:2.14.2-alpine}",
)
def one_name_many_addresses(cluster: Cluster) -> Iterator[Problem]:
    """The server's version counts a gateway's host name once for each of its addresses."""
    urls = [read_endpoint(url) for _, remote in cluster.remotes for url in remote.urls]
    names = [address for address in urls if address is not None and not is_address(address.host)]
    if cluster.version.known and cluster.version.counts_each_address and names and cluster.has_jetstream:
        message = f"server {cluster.version} counts the addresses behind `{names[0].host}`"
        yield Problem(message, (cluster.at_version(),), (cluster.region,))


@rule(
    "GW016",
    "elects-alone",
    "note",
    "cluster",
    needs="configuration",
    why="Before 2.12 a region elects its own meta leader if its gateways connect late at a first boot; when they "
    "connect, one region's streams are lost. From 2.12 on, servers with empty stores elect a leader only once all of "
    "them have voted.",
    source="run on nats-server 2.10.26, 2.11.4 and 2.14.6",
    versions="nats-server before 2.12",
    remedy="Run 2.12 or later, or create no streams before the meta group shows the servers of all regions.",
    fails="container: {image: nats:2.11.4-alpine}",
    passes="container: {image: nats:2.12.10-alpine}",
)
def elects_alone(cluster: Cluster) -> Iterator[Problem]:
    """The server's version lets a region elect a leader before it is connected to the others."""
    if elects_early(cluster.state):
        message = f"server {cluster.version} can elect a meta leader of this region alone"
        yield Problem(message, (cluster.at_version(),), (cluster.region,))


RULES = (
    dialled_elsewhere,
    more_urls_than_servers,
    not_dialled_back,
    remote_not_in_overlays,
    one_name_many_addresses,
    elects_alone,
)
