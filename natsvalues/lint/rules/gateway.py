"""The gateway block of one cluster: what it advertises, dials and accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.lint.rules.configuration import demanded
from natsvalues.manifests.services import is_name_of, port_role, ports_of
from natsvalues.text.endpoints import is_private, read_endpoint, stays_inside
from natsvalues.text.hosts import is_address, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.manifests.release import Manifest


@rule(
    "GW001",
    "no-advertise",
    "error",
    why="Without `advertise` each server gossips its pod's address. Other regions store these addresses and cannot "
    "reach them; a region that knows another only by gossip then dials it without pause, which takes a CPU core.",
    source="run on nats-server 2.11.4, 2.12.8, 2.14.6 and 2.15.1; nats.docs, Gateway behind Load Balancer",
    remedy="Set config.gateway.merge.advertise to the host and port of the region's load balancer.",
    fails="conf: {gateway: {advertise: null}}",
    passes="conf: {gateway: {advertise: nats-gw-us-east.example.com:7222}}",
)
def no_advertise(cluster: Cluster) -> Iterator[Problem]:
    """The gateway does not advertise the address at which other regions reach it."""
    if cluster.has_gateway and "advertise" not in cluster.gateway:
        yield Problem("the gateway has no `advertise`", (cluster.at_conf("gateway"),), (cluster.region,))


@rule(
    "GW002",
    "advertise-inside-cluster",
    "error",
    why="The advertised address is gossiped to all regions, and this one has no meaning outside the cluster.",
    source="run on nats-server 2.11.4, 2.14.6 and 2.15.1; nats-server issue 5355",
    remedy="Advertise the load balancer's DNS name and port.",
    fails="conf: {gateway: {advertise: nats-gateway.nats.svc.cluster.local:7222}}",
    passes="conf: {gateway: {advertise: nats-gw.example.com:7222}}",
)
def advertise_inside_cluster(cluster: Cluster) -> Iterator[Problem]:
    """The gateway advertises a name or address that works only inside its own cluster."""
    for address in cluster.advertised:
        if stays_inside(address.host):
            where = (cluster.at_conf("gateway", "advertise"),)
            yield Problem(f"`{address}` is advertised to other regions", where, (cluster.region,))
            return


@rule(
    "GW003",
    "advertise-private-address",
    "warning",
    why="Other regions reach a private address only where the networks are peered, and a pod's address looks the same.",
    source="nats-server issue 5355, a pod address that was gossiped; nats.docs, Gateway behind Load Balancer",
    remedy="Advertise a DNS name of the load balancer; where networks are peered, ignore this rule with that reason. "
    "The rule skips renderings made by natsvalues: their overlay states the address.",
    fails="""\
untouched: true
conf: {gateway: {advertise: "10.1.2.3:7222"}}""",
    passes="""\
untouched: true
conf: {gateway: {advertise: "192.0.2.3:7222"}}""",
)
def advertise_private_address(cluster: Cluster) -> Iterator[Problem]:
    """The gateway advertises an address of a private network."""
    for address in cluster.advertised:
        if is_private(address.host) and not cluster.is_stamped:
            where = (cluster.at_conf("gateway", "advertise"),)
            yield Problem(f"`{address}` is a private address", where, (cluster.region,))
            return


@rule(
    "GW004",
    "advertise-other-than-dns",
    "warning",
    why="external-dns creates one name for the load balancer, and the servers advertise another.",
    source="external-dns docs/sources/service.md",
    remedy="Advertise the name in the external-dns annotation of the gateway's Service.",
    fails="conf: {gateway: {advertise: other.example.com:7222}}",
    passes="us-east: {conf: {gateway: {advertise: nats-gw-us-east.example.com:7222}}}",
)
def advertise_other_than_dns(cluster: Cluster) -> Iterator[Problem]:
    """The advertised host is not a name that external-dns creates for the gateway's load balancer."""
    hosts = {same(address.host) for address in cluster.advertised}
    if not hosts or all(is_address(host) for host in hosts):
        return
    names = {
        same(name.strip()): (service, key)
        for service in cluster.gateway_services
        for key, text in service.annotations.items()
        if key.startswith("external-dns.") and key.endswith("/hostname")
        for name in str(text).split(",")
    }
    if names and not hosts & set(names):
        name, (service, key) = next(iter(names.items()))
        where = (cluster.at_conf("gateway", "advertise"), cluster.at(service, "metadata", "annotations", key))
        message = f"`{cluster.advertised[0].host}` is advertised, and external-dns creates `{name}`"
        yield Problem(message, where, (cluster.region,))


@rule(
    "GW005",
    "advertise-other-port",
    "warning",
    why="Without a port in `advertise` the server adds its own gateway port. Other regions dial what is advertised, "
    "and the load balancer listens on another port.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="Advertise the port of the gateway's Service.",
    fails="service: {spec: {ports: [{name: gateway, port: 443, targetPort: gateway}]}}",
    passes="service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}}",
)
def advertise_other_port(cluster: Cluster) -> Iterator[Problem]:
    """No load balancer of the gateway listens on the advertised port."""
    balancers = cluster.gateway_services or cluster.balancers
    ports = {port for service in balancers for port in _gateway_ports(cluster, service)}
    if ports and not any((address.port or cluster.listen) in ports for address in cluster.advertised or ()):
        for address in cluster.advertised[:1]:
            where = (cluster.at_conf("gateway", "advertise"), cluster.at(balancers[0], "spec", "ports"))
            listed = ", ".join(str(port) for port in sorted(ports))
            message = f"port {address.port or cluster.listen} is advertised, and the load balancer listens on {listed}"
            yield Problem(message, where, (cluster.region,))


def _gateway_ports(cluster: Cluster, service: Manifest) -> list[int]:
    listed = [port for port in ports_of(service.value) if port_role(port, cluster.listen) == "gateway"]
    kinds = ("port", "nodePort")
    return [port[kind] for port in listed for kind in kinds if isinstance(port.get(kind), int)]


@rule(
    "GW006",
    "unknown-clusters-accepted",
    "warning",
    needs="configuration",
    why="A cluster that joins by gossip or by a mistake in a file becomes part of the meta group; if its JetStream "
    "ran alone before, it can erase the streams of the others.",
    source="run on nats-server 2.12.8 and 2.15.1",
    remedy="Set config.gateway.merge.reject_unknown_cluster: true and list all regions as gateways.",
    fails="conf: {gateway: {reject_unknown_cluster: false}}",
    passes="conf: {gateway: {reject_unknown_cluster: true}}",
)
def unknown_clusters_accepted(cluster: Cluster) -> Iterator[Problem]:
    """The gateway accepts clusters that are not in its list."""
    if cluster.has_gateway and not cluster.state.rejects_unknown:
        message = "`reject_unknown_cluster` is not true"
        where = (cluster.at_conf("gateway", "reject_unknown_cluster"),)
        yield Problem(message, where, (cluster.region,))


@rule(
    "GW007",
    "gateway-incomplete",
    "error",
    needs="configuration",
    why="The server does not start with it, while `nats-server -t` reports the file as valid.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Give the gateway a name and a port, and each remote a name and a url.",
    fails="conf: {gateway: {gateways: [{name: eu-west}]}}",
    passes="conf: {gateway: {gateways: [{name: eu-west, url: nats://nats-gw-eu-west.example.com:7222}]}}",
)
def gateway_incomplete(cluster: Cluster) -> Iterator[Problem]:
    """The gateway has no name or no port, or a remote has no name or no url."""
    yield from demanded(cluster, "gateway-lacks-name-or-port", "remote-lacks-name-or-url")


@rule(
    "GW008",
    "remote-inside-cluster",
    "error",
    "supercluster",
    why="A gateway leads to another region, and this name or address works only inside one cluster. Regions that run "
    "in one cluster may use it: lint them together, so that the other region's Service is known.",
    source="nats.docs, Gateway behind Load Balancer; nats-io/k8s issue 321",
    remedy="Dial the other region's load balancer by its DNS name.",
    fails="conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats.nats.svc.cluster.local:7222]}]}}",
    passes="conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}",
)
def remote_inside_cluster(subject: Subject) -> Iterator[Problem]:
    """The url of a remote is a Service name, or an address of this machine."""
    for cluster in subject.clusters:
        for index, remote in cluster.remotes:
            for place, url in enumerate(remote.urls):
                address = read_endpoint(url)
                if address is None or not stays_inside(address.host):
                    continue
                others = (other.state.gateway_services for other in subject.clusters if other is not cluster)
                if not any(is_name_of(address.host, service) for services in others for service in services):
                    where = (cluster.at_conf("gateway", "gateways", index, "urls", place),)
                    yield Problem(f"remote `{remote.name}` is dialled at `{address}`", where, (cluster.region,))


@rule(
    "GW009",
    "remote-twice",
    "warning",
    needs="configuration",
    why="The server accepts the file silently, and does not use the entries as alternatives.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Write one entry for each remote.",
    fails="""\
conf:
  gateway:
    gateways:
    - {name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}
    - {name: eu-west, urls: [nats://nats-gw-eu-west-2.example.com:7222]}""",
    passes="conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}",
)
def remote_twice(cluster: Cluster) -> Iterator[Problem]:
    """Two remotes have the same name."""
    seen: dict[str, int] = {}
    for index, remote in cluster.remotes:
        first = seen.setdefault(remote.name, index)
        if first != index:
            where = tuple(cluster.at_conf("gateway", "gateways", place) for place in (index, first))
            yield Problem(f"remote `{remote.name}` is listed twice", where, (cluster.region,))


@rule(
    "GW010",
    "dials-nobody",
    "note",
    needs="configuration",
    why="The region is connected only if other regions dial it. A gateway without remotes is meant for the time "
    "before a region joins.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="List the other regions under gateways, or turn the gateway off. `natsvalues docs stages` gives the safe "
    "order.",
    fails="""\
untouched: true
conf: {gateway: {gateways: null}}""",
    passes="""\
untouched: true
conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}""",
)
def dials_nobody(cluster: Cluster) -> Iterator[Problem]:
    """The gateway has no remotes, and natsvalues did not render it."""
    if cluster.has_gateway and not cluster.remotes and not cluster.is_stamped:
        yield Problem("the gateway dials no other region", (cluster.at_conf("gateway"),), (cluster.region,))


RULES = (
    no_advertise,
    advertise_inside_cluster,
    advertise_private_address,
    advertise_other_than_dns,
    advertise_other_port,
    unknown_clusters_accepted,
    gateway_incomplete,
    remote_inside_cluster,
    remote_twice,
    dials_nobody,
)
