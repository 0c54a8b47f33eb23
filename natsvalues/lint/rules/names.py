"""Names: of clusters, gateways, remotes and servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.lint.rules.configuration import demanded
from natsvalues.manifests.chart import option
from natsvalues.manifests.settings import NAME_OPTIONS, POD
from natsvalues.text.endpoints import read_endpoint
from natsvalues.text.natsconf import Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.subject import Cluster, Subject


@rule(
    "NM001",
    "cluster-name-differs",
    "error",
    needs="configuration",
    why="The server exits at once with `cluster name conflicts between cluster and gateway definitions`, while "
    "`nats-server -t` reports the file as valid. By default the chart names the cluster after the release.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="Set config.cluster.merge.name and config.gateway.merge.name to the same name: the region's.",
    fails="conf: {gateway: {name: europe}}",
    passes="conf: {cluster: {name: europe}, gateway: {name: europe}}",
)
def cluster_name_differs(cluster: Cluster) -> Iterator[Problem]:
    """The gateway and the cluster have different names."""
    yield from demanded(cluster, "names-differ")


@rule(
    "NM002",
    "same-gateway-name",
    "error",
    "supercluster",
    why="A server takes a remote gateway with its own name for itself and ignores it, so these regions never connect. "
    "With the chart's defaults every region is named after the release.",
    source="read in server/gateway.go; run on nats-server 2.12.8 and 2.14.6",
    remedy="Name each region's cluster and gateway after the region.",
    fails="eu-west: {conf: {cluster: {name: us-east}, gateway: {name: us-east}}}",
    passes="eu-west: {conf: {cluster: {name: eu-west}, gateway: {name: eu-west}}}",
)
def same_gateway_name(subject: Subject) -> Iterator[Problem]:
    """Two regions have the same gateway name."""
    seen: dict[str, Cluster] = {}
    for cluster in subject.joined:
        first = seen.setdefault(str(cluster.gateway_name), cluster)
        if first is not cluster:
            yield Problem(
                f"`{first.region}` and `{cluster.region}` both name their gateway `{cluster.gateway_name}`",
                (cluster.at_conf("gateway", "name"), first.at_conf("gateway", "name")),
                (cluster.region, first.region),
            )


@rule(
    "NM003",
    "same-server-names",
    "error",
    "supercluster",
    needs="configuration",
    why="A connection of gateways or routes from a server whose name is already in use is closed with `Duplicate "
    "Server Name`, forever, and no meta leader is elected. The chart names servers after their pods: nats-0 in every "
    "region.",
    source="run on nats-server 2.12.8 and 2.14.6; between routes on 2.10.26, 2.12.8 and 2.15.1",
    remedy="Set config.serverNamePrefix to a value of its own in every region but one, before its first stream: a "
    "server name is a JetStream identity, so the region that has streams keeps its names.",
    fails="""\
us-east: {container: {env: [{name: SERVER_NAME, value: $(POD_NAME)}]}}
eu-west: {container: {env: [{name: SERVER_NAME, value: $(POD_NAME)}]}}""",
    passes="""\
us-east: {container: {env: [{name: SERVER_NAME, value: $(POD_NAME)}]}}
eu-west: {container: {env: [{name: SERVER_NAME, value: eu-west-$(POD_NAME)}]}}""",
)
def same_server_names(subject: Subject) -> Iterator[Problem]:
    """Servers of two regions have the same name; or, where each has a file of its own, two of one region."""
    seen: dict[str, Cluster] = {}
    reported: set[tuple[str, ...]] = set()
    for cluster in subject.servers:
        if not cluster.has_gateway and cluster.plan is None and cluster.nats.plain is None:
            continue
        for name in _names(cluster):
            first = seen.setdefault(name, cluster)
            pair: tuple[str, ...] = (cluster.region, first.region)
            if first is not cluster and pair not in reported:
                reported.add(pair)
                message = f"`{first.region}` and `{cluster.region}` both have a server named `{name}`"
                if first.region == cluster.region:
                    message, pair = f"two servers of `{cluster.region}` are named `{name}`", pair[:1]
                yield Problem(message, (_at_names(cluster), _at_names(first)), pair)


def _names(cluster: Cluster) -> list[str]:
    pattern = cluster.state.server_names
    if not _has_names(cluster):
        return []
    if cluster.nats.plain is not None and isinstance(cluster.conf.get("server_name"), Variable):
        return []  # each server has its own environment
    return [pattern.replace(POD, f"{cluster.nats.name}-{ordinal}") for ordinal in range(cluster.sharing)]


def _has_names(cluster: Cluster) -> bool:
    """Whether the servers are given names, in nats.conf or on the command line."""
    return "server_name" in cluster.conf or option(cluster.container, *NAME_OPTIONS) is not None


def _at_names(cluster: Cluster) -> Where:
    if option(cluster.container, *NAME_OPTIONS) is not None:
        return cluster.at_container("args" if "args" in cluster.container else "command")
    value = cluster.conf.get("server_name")
    for index, item in enumerate(cluster.container.get("env") or []):
        if isinstance(value, Variable) and isinstance(item, dict) and item.get("name") == value.name:
            return cluster.at_container("env", index, "value")
    return cluster.at_conf("server_name")


@rule(
    "NM004",
    "servers-called-as-pods",
    "note",
    why="Another region with the chart's default names has the same ones, and their gateways do not connect. One "
    "region of a supercluster may keep these names: the one that had streams first.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="Lint all regions together to be sure, or set config.serverNamePrefix before the first stream.",
    fails="""\
untouched: true
only: us-east
container: {env: [{name: SERVER_NAME, value: $(POD_NAME)}]}""",
    passes="""\
untouched: true
only: us-east
container: {env: [{name: SERVER_NAME, value: us-east-$(POD_NAME)}]}""",
    applies_to="supercluster",
)
def servers_called_as_pods(subject: Subject) -> Iterator[Problem]:
    """A region linted alone names its servers after their pods, as every other region does by default."""
    if len(subject.clusters) != 1 or subject.overlays is not None:
        return
    for cluster in subject.clusters:
        if cluster.has_gateway and not cluster.is_stamped and cluster.state.server_names == POD:
            names = f"{cluster.nats.name}-0"
            yield Problem(f"servers are named `{names}` and so on", (_at_names(cluster),), (cluster.region,))


@rule(
    "NM005",
    "server-name-not-its-own",
    "error",
    needs="configuration",
    why="Clustered JetStream does not start without a server name, and several servers cannot share one.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Set server_name: $SERVER_NAME, with the variable set from the pod's name, as the chart does.",
    fails="conf: {server_name: nats}",
    passes="conf: {server_name: $SERVER_NAME}",
)
def server_name_not_its_own(cluster: Cluster) -> Iterator[Problem]:
    """The servers of a JetStream cluster have no name, or all have the same one."""
    if not cluster.has_jetstream or (not cluster.routes and not cluster.has_gateway):
        return
    if not _has_names(cluster):
        yield Problem("JetStream is clustered and server_name is not set", (cluster.at_conf(),), (cluster.region,))
    elif cluster.sharing > 1 and POD not in (pattern := cluster.state.server_names):
        known = not isinstance(cluster.conf.get("server_name"), Variable) or not pattern.startswith("$")
        if known:
            where = (_at_names(cluster),)
            yield Problem(f"all {cluster.sharing} servers are named `{pattern}`", where, (cluster.region,))


@rule(
    "NM006",
    "wrong-remote-name",
    "error",
    "supercluster",
    needs="configuration",
    why="The remote answers with its own name, and the server closes the connection with `Wrong Gateway`, once a "
    "second. The wrong name also spreads by gossip. The connection that the other region opens may still work, which "
    "hides the mistake.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="Set the remote's name to the gateway name of the region at that address.",
    fails="us-east: {conf: {gateway: {gateways: [{name: europe, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}}",
    passes="us-east: {conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}}",
)
def wrong_remote_name(subject: Subject) -> Iterator[Problem]:
    """A remote's url is the address of a region that has another name."""
    names = {cluster.gateway_name for cluster in subject.joined}
    owners = {str(address).lower(): cluster for cluster in subject.joined for address in cluster.advertised}
    for cluster in subject.joined:
        for index, remote in cluster.remotes:
            reached = (owners.get(str(read_endpoint(url)).lower()) for url in remote.urls)
            owner = next((item for item in reached if item is not None), None)
            if remote.name not in names and owner is not None:
                yield Problem(
                    f"remote `{remote.name}` has the address of `{owner.gateway_name}`",
                    (cluster.at_conf("gateway", "gateways", index, "name"), owner.at_conf("gateway", "name")),
                    (cluster.region, owner.region),
                )


@rule(
    "NM007",
    "name-with-spaces",
    "error",
    needs="configuration",
    why="From 2.11 on the server refuses server and cluster names with spaces; 2.10 accepted them, so an upgrade "
    "fails.",
    source="run on nats-server 2.10.26 and 2.11.4",
    remedy="Use letters, digits, - and _ in names.",
    versions="nats-server 2.11 or later",
    fails="{conf: {cluster: {name: eu west}, gateway: {name: eu west}}, container: {image: 'nats:2.12.8'}}",
    passes="{conf: {cluster: {name: eu_west}, gateway: {name: eu_west}}, container: {image: 'nats:2.12.8'}}",
)
def name_with_spaces(cluster: Cluster) -> Iterator[Problem]:
    """The name of a cluster, gateway or server has a space in it."""
    yield from demanded(cluster, "name-with-spaces")


RULES = (
    cluster_name_differs,
    same_gateway_name,
    same_server_names,
    servers_called_as_pods,
    server_name_not_its_own,
    wrong_remote_name,
    name_with_spaces,
)
