"""What is said of a Service's load balancer: every item passes, fails, or is not known, with the reason.

All from plain values: the Service as it is in the cluster, what the cloud's tool answered, and the servers' ports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.doctor.clouds.health import APPLIED, LEADER, check_items
from natsvalues.doctor.clouds.verdict import Verdict, annotation, pod_port
from natsvalues.manifests.services import ports_of, spec_of
from natsvalues.providers.meaning import meaning_of, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.clouds.seen import CloudSeen, GroupSeen, LoadBalancerSeen, Sought, TargetSeen
    from natsvalues.doctor.clouds.verdict import Servers
    from natsvalues.providers.meaning import Annotation, ServiceMeaning

THERE = "cloud-load-balancer"
KIND = "cloud-kind"
SCHEME = "cloud-scheme"
REGION = "cloud-region"
LISTENERS = "cloud-listeners"
TARGET_TYPE = "cloud-target-type"
TARGETS = "cloud-targets"
PROXY = "cloud-proxy-protocol"
SETTINGS = "cloud-settings"
ITEMS = {
    THERE: "the load balancer of the Service's address exists, and is in service",
    REGION: "it is in the region of the nodes",
    KIND: "it is of the kind that the Service requests",
    SCHEME: "it is internal or internet-facing, as the Service requests",
    LISTENERS: "it accepts connections on every port of the Service, and passes TCP through",
    TARGET_TYPE: "its targets are pods or nodes, as the Service requests",
    APPLIED: "its health check is what the annotations request",
    LEADER: "its health check does not wait for a meta leader",
    TARGETS: "its targets are healthy",
    PROXY: "it sends no PROXY headers to the gateway",
    SETTINGS: "its other settings are what the annotations request",
}
"""Every item, as a sentence that is true if it passes."""
_NETWORK_FAMILIES = "aws-"
"""Every controller that takes a Service by an AWS class or type makes a Network Load Balancer of it."""
_TARGETS = {"nodes": "nodes", "pods": "pods", "": "neither pods nor nodes"}


def judged(service: dict[str, Any], sought: Sought, seen: CloudSeen, servers: Servers) -> tuple[Verdict, ...]:
    """Every item of one Service's load balancer, in the order of ITEMS."""
    meaning = meaning_of(service)
    balancer = seen.balancer
    if balancer is None:
        first = Verdict(THERE, "fail" if seen.is_absent else "unknown", seen.reason, "status.loadBalancer")
        wrong = tuple(_region(sought, seen.place.removeprefix("region "))) if seen.cloud == "aws" else ()
        return (first, *(item for item in wrong if item.status == "fail"))
    items = [
        _there(balancer),
        *_region(sought, balancer.region),
        *_kind(balancer, meaning),
        *_scheme(balancer, meaning),
    ]
    items += _listeners(service, balancer, meaning)
    for port in ports_of(service):
        if pod_port(servers, port) == servers.gateway:
            items += _of_gateway(service, port, balancer, meaning, servers)
    items.append(_proxy(balancer, meaning))
    items += _settings(balancer, meaning)
    order = list(ITEMS)
    return tuple(sorted(items, key=lambda item: order.index(item.id)))


def _there(balancer: LoadBalancerSeen) -> Verdict:
    name = (
        f"{balancer.kind} load balancer `{balancer.name}`" if balancer.kind != "route" else f"Route `{balancer.name}`"
    )
    if balancer.state:
        return Verdict(THERE, "fail", f"{name} is not in service: {balancer.state}", "status.loadBalancer")
    return Verdict(THERE, "pass", f"{name} is in service")


def _region(sought: Sought, region: str) -> Iterator[Verdict]:
    nodes = sought.regions
    if not nodes or not region:
        return
    if region in nodes:
        yield Verdict(REGION, "pass", f"nodes and load balancer are in {region}")
    else:
        words = f"the load balancer `{sought.address}` is in {region}, and the nodes in {', '.join(nodes)}"
        yield Verdict(REGION, "fail", words, "status.loadBalancer")


def _kind(balancer: LoadBalancerSeen, meaning: ServiceMeaning) -> Iterator[Verdict]:
    if balancer.cloud != "aws":
        return
    wants_network = any(family.startswith(_NETWORK_FAMILIES) for family in meaning.controllers)
    stated = next((item for item in meaning.of("identity")), None)
    if wants_network and balancer.kind != "network":
        field = annotation(stated.key) if stated else "spec.loadBalancerClass"
        words = f"the Service requests a Network Load Balancer, and `{balancer.name}` is {balancer.kind}"
        yield Verdict(KIND, "fail", words, field)
    else:
        yield Verdict(
            KIND, "pass", f"it is {balancer.kind}" + ("" if wants_network else "; the Service requests no kind")
        )


def _scheme(balancer: LoadBalancerSeen, meaning: ServiceMeaning) -> Iterator[Verdict]:
    if not meaning.scope or not balancer.scheme:
        return
    if balancer.scheme == meaning.scope:
        yield Verdict(SCHEME, "pass", f"it is {balancer.scheme}")
        return
    field = annotation(meaning.scope_stated.key) if meaning.scope_stated else "spec.loadBalancerClass"
    words = f"the Service requests {meaning.scope}, and the load balancer is {balancer.scheme}"
    yield Verdict(SCHEME, "fail", words, field)


def _listeners(service: dict[str, Any], balancer: LoadBalancerSeen, meaning: ServiceMeaning) -> Iterator[Verdict]:
    if balancer.cloud == "openshift":
        if any(listener.protocol != "TCP" for listener in balancer.listeners or ()):
            yield Verdict(LISTENERS, "fail", "the router terminates TLS", "spec.tls.termination")
        return
    if balancer.listeners is None:
        yield Verdict(LISTENERS, "unknown", "the listeners were not answered")
        return
    left_out = {item.port for item in meaning.of("noListener") if item.is_on}
    wrong = []
    for index, port in enumerate(ports_of(service)):
        number = port.get("port")
        if str(number) in left_out or port.get("protocol", "TCP") != "TCP":
            continue
        here = [listener for listener in balancer.listeners if listener.port in (number, 0)]
        field = f"spec.ports[{index}].port"
        if not here:
            listed = ", ".join(str(listener.port) for listener in balancer.listeners) or "none"
            words = f"there is no listener for port {number} of the Service (there is: {listed})"
            wrong.append(Verdict(LISTENERS, "fail", words, field))
        elif other := [listener.protocol for listener in here if listener.protocol not in _THROUGH]:
            words = f"the listener of port {number} speaks {other[0]}: it terminates TLS or expects HTTP"
            wrong.append(Verdict(LISTENERS, "fail", words, field))
    yield from wrong
    if not wrong:
        ports = ", ".join(str(listener.port or "every port") for listener in balancer.listeners)
        yield Verdict(LISTENERS, "pass", f"it passes TCP through on {ports}")


_THROUGH = ("TCP", "TCP_UDP", "L3_DEFAULT", "ALL")


def _of_gateway(
    service: dict[str, Any],
    port: dict[str, Any],
    balancer: LoadBalancerSeen,
    meaning: ServiceMeaning,
    servers: Servers,
) -> Iterator[Verdict]:
    """What is said of the targets of the gateway's port."""
    if balancer.cloud == "openshift":
        yield Verdict(LEADER, "pass", "the router checks nothing itself: it sends to the Service's endpoints")
        return
    groups = balancer.groups_of(int(port.get("port") or 0))
    if not groups:
        if balancer.groups is None or balancer.listeners is None:
            for item in (TARGET_TYPE, APPLIED, LEADER, TARGETS):
                yield Verdict(item, "unknown", "the targets were not answered")
        elif any(listener.port in (port.get("port"), 0) for listener in balancer.listeners):
            words = f"the listener of port {port.get('port')} leads to no group of targets that is known"
            yield Verdict(TARGETS, "unknown", words)
        return  # a missing listener is an item of its own
    for group in groups:
        yield from _target_type(group, meaning)
        yield from check_items(service, port, group, meaning, servers)
        yield _targets(service, group)


def _target_type(group: GroupSeen, meaning: ServiceMeaning) -> Iterator[Verdict]:
    stated = meaning.targets
    if stated is None:
        return
    wanted = "pods" if stated.text in stated.meaning.pods else "nodes"
    if wanted == group.targets_are:
        yield Verdict(TARGET_TYPE, "pass", f"the targets of `{group.name}` are {wanted}")
        return
    words = f"the annotation requests {wanted}, and the targets of `{group.name}` are {_TARGETS[group.targets_are]}"
    yield Verdict(TARGET_TYPE, "fail", words, annotation(stated.key))


def _targets(service: dict[str, Any], group: GroupSeen) -> Verdict:
    if group.targets is None:
        return Verdict(TARGETS, "unknown", f"the health of the targets of `{group.name}` was not answered")
    if not group.targets:
        words = f"`{group.name}` has no targets"
        return Verdict(TARGETS, "fail", words, "spec.selector")
    states = {target.state for target in group.targets}
    bad = [target for target in group.targets if target.state == "unhealthy"]
    healthy = sum(target.state == "healthy" for target in group.targets)
    count = f"{healthy} of {len(group.targets)} targets of `{group.name}` are healthy"
    where = f" by {group.check}" if group.check else ""
    if not healthy:
        if states <= {"unknown"}:
            return Verdict(TARGETS, "unknown", f"{count}: the cloud does not know their health")
        return Verdict(TARGETS, "fail", f"{count}{where}: {_listed(bad or list(group.targets))}")
    is_local = spec_of(service).get("externalTrafficPolicy") == "Local"
    if bad and group.targets_are == "nodes" and is_local:
        return Verdict(TARGETS, "pass", f"{count}; with externalTrafficPolicy Local, nodes without a server are not")
    if bad:
        return Verdict(TARGETS, "fail", f"{count}{where}: {_listed(bad)}")
    return Verdict(TARGETS, "pass", count)


_MOST = 5


def _listed(targets: list[TargetSeen]) -> str:
    more = f", and {len(targets) - _MOST} more" if len(targets) > _MOST else ""
    return ", ".join(str(target) for target in targets[:_MOST]) + more


def _proxy(balancer: LoadBalancerSeen, meaning: ServiceMeaning) -> Verdict:
    stated = next((item for item in meaning.of("proxyProtocol") if item.is_on), None)
    if balancer.proxy_protocol is None:
        return Verdict(PROXY, "unknown", "whether it sends PROXY headers was not answered")
    if not balancer.proxy_protocol:
        return Verdict(PROXY, "pass", "it sends no PROXY headers")
    words = "it sends PROXY headers, and a NATS gateway refuses every connection that starts with one"
    return Verdict(PROXY, "fail", words, annotation(stated.key) if stated else "")


def _settings(balancer: LoadBalancerSeen, meaning: ServiceMeaning) -> Iterator[Verdict]:
    """Compare every setting that annotations state under a name that the cloud shows, too."""
    shown: dict[str, list[dict[str, str] | None]] = {
        "balancer": [balancer.attributes],
        "targets": [group.attributes for group in balancer.groups or ()],
    }
    count, wrong = 0, []
    for item in meaning.annotations:
        for name, wanted in _stated(item):
            values = {own[name] for own in shown[item.meaning.shown_by] if own and name in own}
            count += bool(values)
            for now in sorted(values - {wanted}):
                words = f"the annotation requests {name}={wanted}, and {now} is effective"
                wrong.append(Verdict(SETTINGS, "fail", words, annotation(item.key)))
            if not values:
                words = f"the annotation requests {name}={wanted}, and the cloud did not answer it"
                wrong.append(Verdict(SETTINGS, "unknown", words, annotation(item.key)))
    yield from wrong
    if count and not wrong:
        yield Verdict(SETTINGS, "pass", f"{count} more settings are what the annotations request")


def _stated(item: Annotation) -> Iterator[tuple[str, str]]:
    if item.attribute or not item.meaning.shown_by:
        return
    if item.meaning.shown_as:
        yield (
            item.meaning.shown_as,
            "true" if item.meaning.means == "otherRegions" and item.is_on else item.text.lower(),
        )
    else:
        yield from settings_of(item.text).items()
