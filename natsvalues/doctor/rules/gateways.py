"""Between regions: what the names of remotes lead to, who answers there, and which gateways are connected."""

from __future__ import annotations

import datetime as dt
import fnmatch
import posixpath
from typing import TYPE_CHECKING, Any

from natsvalues.doctor.live import GATEWAYZ
from natsvalues.lint.rule import Problem, rule
from natsvalues.rehearsal.cluster_objects import address_of, is_running, server_of
from natsvalues.rehearsal.groups import is_linked
from natsvalues.text.endpoints import read_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.live import Live
    from natsvalues.doctor.live_set import LiveSet
    from natsvalues.errors import Where

_DAYS = 30
"""Before the end of a certificate it is a warning."""
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def hosts_of(live: Live) -> dict[str, str]:
    """The names on which a region depends: of its remotes, and its own; each with where it stands."""
    hosts = {item.host: "gateway.advertise" for item in live.cluster.advertised}
    for remote in live.cluster.state.remotes:
        for url in remote.urls:
            endpoint = read_endpoint(url)
            if endpoint is not None:
                hosts.setdefault(endpoint.host, f"gateway.gateways[name={remote.name}].urls")
    return hosts


def in_configuration(live: Live, setting: str) -> Where:
    """The place of a setting of the region's nats.conf."""
    return live.at(f"ConfigMap {live.nats.config_map.key.name} {live.nats.config_key}: {setting}")


def addresses_of(live: Live) -> set[str]:
    """The addresses of a region's load balancers, names resolved as far as they were asked for."""
    given = {address_of(live.object_of("services", item.key.name)) for item in live.cluster.balancers} - {""}
    resolved = {address for name in given for said in live.seen.names.get(name, {}).values()
                for address in said.get("addresses", ())}  # fmt: skip
    return given | resolved


@rule(
    "DR301", "name-does-not-resolve", "error", "live",
    why="Servers dial this name, and other servers pass it on. Whoever does not resolve it is not connected.",
    source="asked of the DNS of the region's cluster, and from here",
    remedy="Create the DNS record of the load balancer's address, or correct gateway.host in the overlays. Keep in "
    "mind that resolvers remember for a while that a name did not exist.",
    fails="us-east: {names: {nats-gw-eu-west.example.com: {cluster: {addresses: [], fault: there is no such name}}}}",
    passes="us-east: {names: {nats-gw-eu-west.example.com: {here: {fault: there is no such name}}}}",
)  # fmt: skip
def unresolved(live: LiveSet) -> Iterator[Problem]:
    """A name that gateways dial does not resolve in the cluster that dials it."""
    for region in live.regions.values():
        for host, setting in hosts_of(region).items():
            said = region.seen.names.get(host, {}).get("cluster", {})
            if said.get("fault") and not said.get("addresses"):
                message = f"`{host}` does not resolve in the cluster of `{region.name}` ({said['fault']})"
                other = next(
                    (item.name for item in live.regions.values() if item is not region and host in _own(item)), None
                )
                regions = (region.name,) if other is None else (region.name, other)
                yield Problem(message, (in_configuration(region, setting),), regions)


def _own(live: Live) -> set[str]:
    return {item.host for item in live.cluster.advertised}


@rule(
    "DR302", "name-leads-elsewhere", "error", "live",
    why="The advertised name leads to another address than the load balancer has, and no gateway of this region "
    "answers there. Connections that exist go on; the next ones fail.",
    source="DNS compared with the status of the Services",
    remedy="Let the DNS record follow the load balancer (external-dns), or give the load balancer its former address.",
    fails="us-east: {names: {nats-gw-us-east.example.com: {cluster: {addresses: [203.0.113.9]}}}}",
    passes="us-east: {names: {nats-gw-us-east.example.com: {cluster: {addresses: [198.18.1.10]}}}}",
)  # fmt: skip
def elsewhere(live: LiveSet) -> Iterator[Problem]:
    """The advertised name resolves, and not to the load balancer."""
    for region in live.regions.values():
        ours = addresses_of(region)
        for host in _own(region):
            seen = [(name, said) for name, said in _askers(live, host) if said.get("addresses")]
            wrong = [(name, said["addresses"]) for name, said in seen if not ours & set(said["addresses"])]
            if ours and wrong and not _answers_as(live, host, str(region.cluster.gateway_name)):
                message = (
                    f"`{host}` leads to {', '.join(wrong[0][1])} (asked in {wrong[0][0]}), and the load balancer of "
                    f"`{region.name}` is {', '.join(sorted(ours))}"
                )
                yield Problem(message, (in_configuration(region, "gateway.advertise"),), (region.name,))


def _askers(live: LiveSet, host: str) -> Iterator[tuple[str, Any]]:
    for region in live.regions.values():
        for asker, said in region.seen.names.get(host, {}).items():
            yield (region.name if asker == "cluster" else "this machine"), said


def _answers_as(live: LiveSet, host: str, gateway: str) -> bool:
    """Whether a gateway of that name answered at a host."""
    return any(
        said.get("gateway") == gateway
        for region in live.regions.values()
        for endpoint, said in region.seen.gateways.items()
        if endpoint.rpartition(":")[0] == host
    )


@rule(
    "DR303", "other-gateway-answers", "error", "live",
    why="A gateway closes the connection to a remote that calls itself otherwise, and tries again forever. The wrong "
    "name also spreads by gossip.",
    source="the gateway's own INFO at the remote's address; run on nats-server 2.12.8 and 2.14.6",
    remedy="Set the remote's name to the gateway name of the region at that address, or its url to the right address.",
    fails="us-east: {gateways: {'nats-gw-eu-west.example.com:7222': {gateway: europe}}}",
    passes="us-east: {gateways: {'nats-gw-eu-west.example.com:7222': {gateway: eu-west}}}",
)  # fmt: skip
def other_gateway(live: LiveSet) -> Iterator[Problem]:
    """At a remote's address another gateway answers, or no gateway."""
    for region, name, urls, target in live.links():
        for url in urls:
            endpoint = read_endpoint(url)
            said = region.seen.gateways.get(f"{endpoint.host}:{endpoint.port or 7222}") if endpoint else None
            if not said or said.get("gateway") == name or not (said.get("gateway") or said.get("server")):
                continue
            who = f"gateway `{said['gateway']}`" if said.get("gateway") else "a server that is no gateway"
            message = f"`{region.name}` dials remote `{name}` at {url}, and {who} answers there"
            regions = (region.name,) if target is None else (region.name, target.name)
            yield Problem(message, (in_configuration(region, f"gateway.gateways[name={name}]"),), regions)


@rule(
    "DR304", "gateway-not-connected", "error", "live",
    why="A server that has no outbound connection to a region does not reach its clients, nor its JetStream. If the "
    "other direction is connected, half of everything works, which hides it.",
    source="/gatewayz of every server; run on nats-server 2.12.8 and 2.14.6",
    remedy="See what the servers' logs say of that gateway, and whether its address is reachable from these pods: DNS, "
    "network policies, firewalls, source ranges of the load balancer.",
    fails="us-east: {gatewayz: {nats-1: {outbound_gateways: {eu-west: null}}}}",
    passes="us-east: {gatewayz: {nats-1: {inbound_gateways: {eu-west: null}}}}",
)  # fmt: skip
def not_connected(live: LiveSet) -> Iterator[Problem]:
    """Servers have no connection to a region that they dial, or to which they are linked."""
    for region in live.regions.values():
        for target in live.regions.values():
            name = target.cluster.gateway_name or ""
            if target is region or not is_linked(region.rendering, target.rendering):
                continue
            lacks = [pod for pod in _answering(region) if name not in outbound(region, pod)]
            if lacks:
                back = [
                    pod for pod in _answering(target) if (region.cluster.gateway_name or "") in outbound(target, pod)
                ]
                way = f"; `{target.name}` is connected to `{region.name}`, so this is one way only" if back else ""
                message = f"{', '.join(lacks)} of `{region.name}` have no gateway connection to `{target.name}`{way}"
                trouble = _trouble(region, lacks)
                where = tuple(region.at(f"Pod {pod}: {GATEWAYZ} outbound_gateways.{name}") for pod in lacks)
                yield Problem(message + trouble, where, (region.name, target.name))


def _answering(live: Live) -> list[str]:
    return [pod for pod in live.pods if live.gateways(pod) is not None]


def outbound(live: Live, pod: str) -> dict[str, str]:
    """The outbound connections of a pod's server: address by name of the remote."""
    gateways = live.gateways(pod)
    return gateways.outbound if gateways is not None else {}


def _trouble(live: Live, pods: list[str]) -> str:
    for pod in pods:
        for kind, words in live.seen.troubles.get(pod, {}).items():
            if kind != "fatal":
                return f"; its log says: {words}"
    return ""


@rule(
    "DR305", "remote-rejects", "error", "live",
    why="A gateway with reject_unknown_cluster accepts only the regions that it lists.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="Add the region to the remotes of the one that rejects it, and restart that one's pods: with overlays a "
    "step of `natsvalues plan`.",
    fails="us-east: {troubles: {nats-0: {rejected: 'Rejecting connection from gateway \"ap-south\"'}}}",
    passes="us-east: {troubles: {nats-0: {rejected: 'Rejecting connection from gateway \"eu-west\"'}}}",
)  # fmt: skip
def rejected(live: LiveSet) -> Iterator[Problem]:
    """A region's servers reject the connections of a gateway that they do not list."""
    for region in live.regions.values():
        for pod, troubles in region.seen.troubles.items():
            if "rejected" in troubles and not _is_over(live, region, troubles["rejected"]):
                message = f"`{pod}` of `{region.name}` rejects a gateway: {troubles['rejected']}"
                yield Problem(message, (region.at(f"Pod {pod}: log"),), (region.name,))
                break


def _is_over(live: LiveSet, region: Live, words: str) -> bool:
    """Whether the gateway that a log line names is connected by now, both ways."""
    name = region.cluster.gateway_name or ""
    named = {key: other for key, other in live.by_gateway.items() if f'"{key}"' in words and other is not region}
    out = all(key in outbound(region, pod) for key in named for pod in _answering(region))
    return bool(named) and out and all(name in outbound(other, pod) for other in named.values() for pod in other.pods)


def _certificates(live: LiveSet) -> Iterator[tuple[Live, Where, dict[str, Any], set[str]]]:
    """Each region's gateway certificate, once: from its Secret, or as its listener shows it; with the names dialled."""
    for region in live.regions.values():
        tls = region.cluster.gateway.get("tls")
        file = posixpath.basename(str(tls.get("cert_file") or "")) if isinstance(tls, dict) else ""
        names = _own(region) or set()
        for name, secret in region.seen.secrets.items():
            if file and secret is not None and file in secret["certificates"]:
                yield region, region.at(f"Secret {name}: {file}"), secret["certificates"][file], names
                break
        else:
            for dialling in live.regions.values():
                for endpoint, said in dialling.seen.gateways.items():
                    host = endpoint.rpartition(":")[0]
                    if host in names and said.get("certificate"):
                        yield region, region.at(f"gateway at {endpoint}: certificate"), said["certificate"], {host}
                        break
                else:
                    continue
                break


@rule(
    "DR306", "certificate-for-other-names", "error", "live",
    why="A gateway that verifies compares the certificate with the name that it dials, and closes the connection.",
    source="Go's crypto/x509; run on nats-server 2.12.8 and 2.14.6",
    remedy="Issue the certificate for gateway.host, as a DNS name among its alternative names.",
    fails="us-east: {certificate: {names: [nats.internal]}}",
    passes="us-east: {certificate: {names: ['*.example.com']}}",
)  # fmt: skip
def other_names(live: LiveSet) -> Iterator[Problem]:
    """A gateway's certificate is not valid for the name that other regions dial."""
    for region, where, certificate, names in _certificates(live):
        for name in sorted(names):
            if not any(_covers(pattern, name) for pattern in certificate["names"]):
                listed = ", ".join(certificate["names"]) or "no name"
                message = f"the gateway's certificate of `{region.name}` is for {listed}, and not for `{name}`"
                yield Problem(message, (where,), (region.name,))


def _covers(pattern: str, name: str) -> bool:
    same_depth = pattern.count(".") == name.count(".")
    return same_depth and fnmatch.fnmatchcase(name.lower(), pattern.lower())


@rule(
    "DR307", "certificate-ends-soon", "warning", "live",
    why="With its end the gateways refuse each other at the next connection: at a restart, or when the network drops.",
    source="the certificate's own dates",
    remedy="Renew the certificate, and restart or reload the servers: they keep the one that they have loaded.",
    fails="us-east: {certificate: {ends: '2026-12-05T00:00:00Z'}}",
    passes="us-east: {certificate: {ends: '2027-12-05T00:00:00Z'}}",
)  # fmt: skip
def near_end(live: LiveSet) -> Iterator[Problem]:
    """A gateway's certificate has ended, or ends within thirty days."""
    now = dt.datetime.strptime(live.seen.at, _TIME).replace(tzinfo=dt.UTC)
    for region, where, certificate, _ in _certificates(live):
        ends = dt.datetime.strptime(certificate["ends"], _TIME).replace(tzinfo=dt.UTC)
        days = (ends - now).total_seconds() / 86400
        if days < _DAYS:
            when = (
                f"has ended on {certificate['ends'][:10]}"
                if days < 0
                else f"ends in {int(days)} days, on {certificate['ends'][:10]}"
            )
            message = f"the gateway's certificate of `{region.name}` {when}"
            yield Problem(message, (where,), (region.name,), severity="error" if days < 0 else None)


@rule(
    "DR308", "certificate-not-trusted", "error", "live",
    why="The dialling region does not trust the authority that signed the other region's certificate.",
    source="verified as the dialling region would, with the authorities in its Secret",
    remedy="Use one authority in all regions, or put the authorities of all into each region's ca file.",
    fails="""\
us-east:
  gateways:
    nats-gw-eu-west.example.com:7222: {distrust: unable to get local issuer certificate}
""",
    passes="us-east: {gateways: {'nats-gw-eu-west.example.com:7222': {distrust: ''}}}",
)  # fmt: skip
def not_trusted(live: LiveSet) -> Iterator[Problem]:
    """A region does not trust the certificate of a gateway that it dials."""
    for region, name, urls, target in live.links():
        for url in urls:
            endpoint = read_endpoint(url)
            said = region.seen.gateways.get(f"{endpoint.host}:{endpoint.port or 7222}") if endpoint else None
            why = str((said or {}).get("distrust") or "")
            if why and "expired" not in why and "ostname mismatch" not in why:  # these have rules of their own
                message = f"`{region.name}` does not trust the certificate of `{name}` at {url} ({why})"
                regions = (region.name,) if target is None else (region.name, target.name)
                yield Problem(message, (in_configuration(region, f"gateway.gateways[name={name}]"),), regions)


def serving(live: Live) -> list[str]:
    """The pods whose server runs."""
    container = server_of(live.rendering)
    return [name for name, pod in live.pods.items() if is_running(pod, container)]
