"""Services of a release: which pods they select, and which of their ports lead to the gateway.

A `service` is the whole object as a mapping; a Manifest also has its place in the stream.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from natsvalues.manifests.chart import (
    GATEWAY_PORT_NAME,
    MONITOR_PORT,
    POD_NAME_LABEL,
    container_ports,
    mappings,
)
from natsvalues.manifests.release import key_of

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Manifest, Release

DEFAULT_GATEWAY_PORT = 7222
"""The chart's default: assumed where nats.conf states no port for the gateway."""
OUTSIDE = ("LoadBalancer", "NodePort")
_SERVICE = re.compile(r"\bkind[\"']?[ \t]*:[ \t]*[\"']?Service[\"']?[ \t\r]*(?:$|[,}#])", re.MULTILINE)

Role = Literal["gateway", "monitor", "other"]


def spec_of(service: dict[str, Any]) -> dict[str, Any]:
    """A Service's spec; empty where there is none."""
    spec = service.get("spec")
    return spec if isinstance(spec, dict) else {}


def ports_of(service: dict[str, Any]) -> list[dict[str, Any]]:
    """A Service's ports."""
    return mappings(spec_of(service).get("ports"))


def is_load_balancer(service: dict[str, Any]) -> bool:
    """Whether a Service requests a load balancer."""
    return spec_of(service).get("type") == "LoadBalancer"


def is_outside(service: dict[str, Any]) -> bool:
    """Whether a Service can be reached from outside its cluster."""
    return spec_of(service).get("type") in OUTSIDE


def is_headless(service: dict[str, Any]) -> bool:
    """Whether a Service has no cluster IP, so that its DNS name resolves to the pods."""
    return spec_of(service).get("clusterIP") == "None"


def publishes_not_ready(service: dict[str, Any]) -> bool:
    """Whether a Service also lists pods that are not Ready as endpoints."""
    return spec_of(service).get("publishNotReadyAddresses") is True


def port_role(port: dict[str, Any], listen: int, nats: Nats | None = None) -> Role:
    """What a Service's port leads to, for servers whose gateways listen on the port `listen`.

    With `nats`, a named target port is looked up among the ports of its container, and its port `monitor` may have any
    number; without, only the chart's own port names and numbers are known.
    """
    ports = container_ports(nats.container_value) if nats is not None else {}
    target = port.get("targetPort", port.get("port"))
    if isinstance(target, str):
        target = ports.get(target, target)
    if target in (GATEWAY_PORT_NAME, listen):
        return "gateway"
    return "monitor" if target in ("monitor", MONITOR_PORT, ports.get("monitor", MONITOR_PORT)) else "other"


def roles_of(service: dict[str, Any], listen: int, nats: Nats | None = None) -> list[Role]:
    """What each port of a Service leads to."""
    return [port_role(port, listen, nats) for port in ports_of(service)]


def leads_to_gateway(service: dict[str, Any], listen: int, nats: Nats | None = None) -> bool:
    """Whether a Service has a port that leads to the gateways."""
    return "gateway" in roles_of(service, listen, nats)


def selects(service: dict[str, Any], nats: Nats) -> bool:
    """Whether a Service selects these pods, or one of them; it selects in its own namespace only."""
    selector = spec_of(service).get("selector")
    namespace = key_of(service).namespace
    if not isinstance(selector, dict) or not selector or namespace != nats.namespace:
        return False
    labels = nats.pod_labels
    return all(name == POD_NAME_LABEL or (name in labels and labels[name] == text) for name, text in selector.items())


def services_of(release: Release, nats: Nats, *words: str) -> tuple[Manifest, ...]:
    """Every Service of the release that selects these pods, in the stream's order.

    With `words`, only those whose text contains one of them: the others are not parsed.
    """
    mentioned = {number for word in words for number in release.mentioning("Service", word)} if words else None
    numbers = sorted(mentioned) if mentioned is not None else release.numbers()
    return tuple(
        release.manifests(
            [number for number in numbers if _SERVICE.search(release.document(number))],
            lambda item: item.key.kind == "Service" and not item.key.group and selects(item.value, nats),
        )
    )


def is_name_of(host: str, service: Manifest) -> bool:
    """Whether a host is the cluster DNS name of a Service, or of one of its pods: short, or with its namespace."""
    labels = host.lower().rstrip(".").split(".")
    if is_headless(service.value) and len(labels) > 1 and labels[0] != service.key.name:
        labels = labels[1:]  # nats-0.nats-headless
    namespace = service.key.namespace
    rest = labels[1:]
    return labels[0] == service.key.name and (
        not rest or (rest[1:] in ([], ["svc"], ["svc", "cluster", "local"]) and namespace in ("", rest[0]))
    )
