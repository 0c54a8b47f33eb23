"""The nine items of the checklist that people go through by hand: what is effective in each region, and where it shows.

An item fails if one of its rules does, in this region; it is unknown if what it needs was not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.doctor.clouds.of_region import load_balancers
from natsvalues.doctor.live import JSZ, VARZ, container_of
from natsvalues.doctor.rules.gateways import in_configuration, outbound
from natsvalues.doctor.rules.meta import leader_of
from natsvalues.doctor.rules.objects import endpoints_of
from natsvalues.errors import Where
from natsvalues.manifests.probes import read_probes
from natsvalues.manifests.services import publishes_not_ready
from natsvalues.manifests.settings import cluster_name_of
from natsvalues.providers.meaning import meaning_of
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.cluster_objects import address_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from natsvalues.doctor.live import Live
    from natsvalues.doctor.live_set import LiveSet
    from natsvalues.lint.rule import Finding

Status = Literal["pass", "fail", "unknown"]
_IN_CLUSTER = frozenset(("metallb", "kube-vip", "k3s", "cilium"))
"""Families of controllers that send to a Service's endpoints and check nothing themselves."""


class Fact(NamedTuple):
    """What is effective, and where it was seen; `unknown` says why it cannot be judged."""

    effective: str
    where: Where
    unknown: str = ""


class Item(NamedTuple):
    """One item of one region. `reason` says why it fails, or is unknown."""

    id: str
    title: str
    region: str
    status: Status
    effective: str
    where: Where
    reason: str = ""


class Declared(NamedTuple):
    """An item: its rules, and how its fact is read."""

    id: str
    title: str
    rules: frozenset[str]
    fact: Callable[[LiveSet, Live], Fact]


def items_of(live: LiveSet, findings: Iterable[Finding]) -> tuple[Item, ...]:
    """All items of all regions."""
    concerned: dict[tuple[str, str], str] = {}
    for finding in findings:
        for name in finding.regions:
            concerned.setdefault((finding.rule.id, name), finding.message)
    items = []
    for declared in ITEMS:
        for seen in live.seen.regions:
            region = live.regions.get(seen.name)
            if region is None:
                where, reason = Where(seen.place), live.unread[seen.name]
                items.append(Item(declared.id, declared.title, seen.name, "unknown", "", where, reason))
                continue
            fact = declared.fact(live, region)
            reason = next(
                (concerned[rule, seen.name] for rule in sorted(declared.rules) if (rule, seen.name) in concerned), ""
            )
            status: Status = "fail" if reason else "unknown" if fact.unknown else "pass"
            items.append(
                Item(declared.id, declared.title, seen.name, status, fact.effective, fact.where, reason or fact.unknown)
            )
    return tuple(items)


def _lacks(live: Live, *questions: str) -> str:
    """Why one of these questions has no answer; empty if all have."""
    return next((live.seen.unseen[question] for question in questions if question in live.seen.unseen), "")


def _no_gateway(live: Live) -> Fact | None:
    if live.cluster.has_gateway:
        return None
    return Fact("nats.conf has no gateway", in_configuration(live, "gateway"))


def _service(_: LiveSet, live: Live) -> Fact:
    services = [
        f"Service {item.key.name} is a {item.value['spec'].get('type')}, "
        f"{address_of(live.object_of('services', item.key.name)) or 'without an address'}"
        for item in live.cluster.balancers
    ]
    where = live.at(f"Service {live.cluster.balancers[0].key.name}: status" if services else "Services")
    return _no_gateway(live) or Fact("; ".join(services) or "no Service leads to the gateway from outside", where)


def _check(_: LiveSet, live: Live) -> Fact:
    if (none := _no_gateway(live)) is not None:
        return none
    requests: list[str] = []
    families: set[str] = set()
    for service in live.cluster.balancers:
        meaning = meaning_of(service.value)
        families |= meaning.controllers - {"kubernetes"}  # annotations that every controller reads
        requests += [f"{item.key}={item.text}" for item in meaning.annotations if item.means.startswith("check")]
    where = live.at(
        f"Service {live.cluster.balancers[0].key.name}: metadata.annotations" if live.cluster.balancers else "Services"
    )
    if families and families <= _IN_CLUSTER:
        return Fact(f"none: {', '.join(sorted(families))} sends to the Service's endpoints", where)
    if judged := list(load_balancers(live)):
        unknown = next((item.unknown for item in judged if item.unknown), "")
        return Fact("; ".join(item.effective for item in judged), live.at(judged[0].place), unknown)
    effective = f"annotations ask for {', '.join(requests)}" if requests else "no annotation asks for one"
    refusal = next((text for question, text in live.seen.unseen.items() if question.startswith("cloud:")), "")
    lacks = refusal or "the cloud was not asked what its load balancer has: --cloud asks it"
    return Fact(effective, where, f"an annotation is a request only, and {lacks}")


def _probes(_: LiveSet, live: Live) -> Fact:
    where = live.at(f"Pods of StatefulSet {live.nats.name}: spec.containers")
    port = live.rendering.monitor[0] if live.rendering.monitor else 0
    paths = dict.fromkeys(
        str(probe) for pod in live.pods.values() for probe in read_probes(container_of(live, pod), port)[0]
    )
    if not live.pods:
        return Fact("no pod was seen", where, _lacks(live, "pods") or "there is no pod to look at")
    return Fact(", ".join(paths) or "none", where, _lacks(live, "pods"))


def _endpoints(_: LiveSet, live: Live) -> Fact:
    texts = []
    for service in live.cluster.balancers:
        name = service.key.name
        also = "with" if publishes_not_ready(service.value) else "without"
        counts = f"{len(endpoints_of(live, name))} of {len(live.pods)} pods"
        texts.append(f"Service {name} sends to {counts}, {also} publishNotReadyAddresses")
    return _no_gateway(live) or Fact(
        "; ".join(texts) or "no Service", live.at("EndpointSlices"), _lacks(live, "endpointslices", "pods")
    )


def _advertise(live: LiveSet, region: Live) -> Fact:
    if (none := _no_gateway(region)) is not None:
        return none
    where = in_configuration(region, "gateway.advertise")
    hosts = list(dict.fromkeys(item.host for item in region.cluster.advertised))
    texts, answers = [], 0
    for host in hosts:
        led = {
            address for other in live.regions.values() for said in other.seen.names.get(host, {}).values()
            for address in said.get("addresses", ())
        }  # fmt: skip
        answers += bool(led)
        texts.append(f"{host} leads to {', '.join(sorted(led)) or 'an unknown address'}")
    lacks = "" if answers or not hosts else "no DNS answered, neither here nor in a cluster"
    return Fact("; ".join(texts) or "gateway.advertise is not set", where, lacks)


def _names(_: LiveSet, live: Live) -> Fact:
    running = [process for pod in live.pods if (process := live.process(pod)) is not None]
    parts = [
        f"servers {', '.join(process.name for process in running)}" if running else "",
        f"cluster {cluster_name_of(live.nats, live.cluster.state.conf) or 'without a name'}",
        f"gateway {live.cluster.gateway_name}" if live.cluster.has_gateway else "no gateway",
    ]
    return Fact("; ".join(filter(None, parts)), live.at(f"{VARZ} server_name"), "" if running else _silence(live))


def _silence(live: Live) -> str:
    return _lacks(live, "pages", "pods") or "no server answers on its monitoring port"


def _remotes(live: LiveSet, region: Live) -> Fact:
    if (none := _no_gateway(region)) is not None:
        return none
    answering = [pod for pod in region.pods if region.gateways(pod) is not None]
    texts = []
    for remote in region.cluster.state.remotes:
        out = sum(remote.name in outbound(region, pod) for pod in answering)
        target = live.by_gateway.get(remote.name)
        back = [pod for pod in target.pods if target.gateways(pod) is not None] if target is not None else []
        own = region.cluster.gateway_name or ""
        others = (
            f", {sum(own in outbound(target, pod) for pod in back)} of {len(back)} back" if target is not None else ""
        )
        texts.append(f"{remote.name}: {out} of {len(answering)} servers are connected{others}")
    reason = "" if answering else _silence(region)
    return Fact("; ".join(texts) or "no remotes are listed", region.at("/gatewayz"), reason)


def _meta(live: LiveSet, region: Live) -> Fact:
    where = region.at(f"{JSZ} meta_cluster")
    group = next((item for item in live.groups if region.name in item.regions), None)
    if group is None or not region.cluster.has_jetstream:
        return Fact("JetStream has no meta group here", where)
    sizes = sorted({meta.size for pod in region.pods if (meta := region.meta(pod)) is not None})
    leader = leader_of(live, group)
    text = f"leader {leader or 'none'}, {', '.join(map(str, sizes)) or 'unknown'} servers of {group.size}"
    reason = "" if sizes else _silence(region)
    if live.unread and not reason:
        reason = f"the servers of {', '.join(live.unread)} could not be counted"
    return Fact(text, where, reason)


def _configuration(_: LiveSet, live: Live) -> Fact:
    running = {pod: process for pod in live.pods if (process := live.process(pod)) is not None}
    known = [pod for pod, process in running.items() if process.digest and live.seen.digests.get(pod)]
    right = [pod for pod in known if running[pod].digest in live.seen.digests[pod]]
    name = live.nats.config_map.key.name
    reason = "" if known and len(known) == len(running) else "a variable of nats.conf has a value that was not seen"
    if running and not any(process.digest for process in running.values()):
        reason = "servers before 2.11 do not say what they have loaded"
    text = f"{len(right)} of {len(running)} servers have loaded ConfigMap {name} as it is"
    return Fact(text, live.at(f"{VARZ} config_digest"), reason if running else _silence(live))


def _codes(group: str, *numbers: int) -> set[str]:
    return {f"{group}{number:03}" for number in numbers}


BALANCER_CHECK = "balancer-health-check"
ITEMS = (
    Declared("gateway-service", "The gateway has a load balancer of its own, with an address",
             frozenset(_codes("LB", 3, 4, 5, 6, 7, 20, 23) | {"DR101"} | _codes("DR", 601, 604, 606, 607)), _service),
    Declared(BALANCER_CHECK, "The load balancer's health check, as the cloud has it, does not wait for a meta leader",
             frozenset(_codes("LB", 11, 12, 13, 14, 15, 16, 17, 18) | _codes("DR", 602, 603, 605)), _check),
    Declared("probes", "The probes of the pods that run do not wait for a meta leader",
             frozenset(_codes("PR", 1, 2, 3, 4, 5, 7, 8) | {"DR102", "DR103", "DR109"}), _probes),
    Declared("endpoints", "The gateway's Service also sends to pods that are not Ready",
             frozenset({"LB001", "LB008", "DR107"}), _endpoints),
    Declared("advertise", "gateway.advertise leads to the load balancer",
             frozenset(_codes("GW", 1, 2, 3, 4, 5, 7, 15) | {"DR301", "DR302"}), _advertise),
    Declared("names", "Server, cluster and gateway names are unique",
             frozenset(_codes("NM", 1, 2, 3, 5, 7) | {"DR204"}), _names),
    Declared("remotes", "The regions list each other, and are connected both ways",
             frozenset(_codes("GW", 8, 9, 11, 12, 13) | {"NM006", "SE008", "SE009", "SE010"}
                       | _codes("DR", 303, 304, 305, 306, 307, 308)), _remotes),
    Declared("meta-leader", "One meta leader, and a group of the expected size",
             frozenset(_codes("JS", 1, 2, 3, 4, 5, 7, 12) | _codes("DR", 203, 401, 402, 403, 404, 405, 406)), _meta),
    Declared("configuration", "The servers have loaded the configuration that was rendered",
             frozenset(_codes("HS", 1, 2, 3, 4) | _codes("DR", 201, 202, 205, 206, 207)), _configuration),
)  # fmt: skip
RULES_OF_ITEMS = frozenset(rule for item in ITEMS for rule in item.rules)
