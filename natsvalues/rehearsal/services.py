"""The load balancers of a rendered release that lead to gateways, with the health checks their annotations ask for.

Which annotations mean what was read in the providers' sources (see `providers`); only checks that ask the
pods themselves are played. A check of a node (kube-proxy's port, healthCheckNodePort) says nothing but what the
endpoints say already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.manifests.chart import POD_NAME_LABEL
from natsvalues.rehearsal.balancing import Balancer, Check
from natsvalues.rehearsal.rendering import container_ports

if TYPE_CHECKING:
    from natsvalues.manifests.release import Manifest, Release
    from natsvalues.rehearsal.rendering import Rendering

_AWS = "service.beta.kubernetes.io/aws-load-balancer-"
_EXTERNAL_DNS = re.compile(r"external-dns\.(?:alpha\.)?kubernetes\.io/hostname\Z")
_ADDRESSES = ("metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs", "kube-vip.io/loadbalancerIPs")


class Spelling(NamedTuple):
    """How one provider spells its check of the pods; `{port}` is the Service's port."""

    protocol: str
    path: str
    port: str
    interval: str
    fails_open: bool = False


_BETA = "service.beta.kubernetes.io/"
_SPELLINGS = (
    Spelling(
        f"{_AWS}healthcheck-protocol",
        f"{_AWS}healthcheck-path",
        f"{_AWS}healthcheck-port",
        f"{_AWS}healthcheck-interval",
        fails_open=True,
    ),
    Spelling(
        f"{_BETA}port_{{port}}_health-probe_protocol",
        f"{_BETA}port_{{port}}_health-probe_request-path",
        f"{_BETA}port_{{port}}_health-probe_port",
        f"{_BETA}port_{{port}}_health-probe_interval",
    ),
    Spelling(
        f"{_BETA}alibaba-cloud-loadbalancer-health-check-type",
        f"{_BETA}alibaba-cloud-loadbalancer-health-check-uri",
        f"{_BETA}alibaba-cloud-loadbalancer-health-check-connect-port",
        f"{_BETA}alibaba-cloud-loadbalancer-health-check-interval",
    ),
    Spelling(
        f"{_BETA}do-loadbalancer-healthcheck-protocol",
        f"{_BETA}do-loadbalancer-healthcheck-path",
        f"{_BETA}do-loadbalancer-healthcheck-port",
        f"{_BETA}do-loadbalancer-healthcheck-check-interval-seconds",
    ),
    Spelling(
        "load-balancer.hetzner.cloud/health-check-protocol",
        "load-balancer.hetzner.cloud/health-check-http-path",
        "load-balancer.hetzner.cloud/health-check-port",
        "load-balancer.hetzner.cloud/health-check-interval",
    ),
)


def balancers(release: Release, rendering: Rendering) -> tuple[Balancer, ...]:
    """The LoadBalancer Services that send to these pods' gateways; those for the gateway alone first."""
    if rendering.gateway_port is None:
        return ()
    services = release.manifests(
        release.mentioning("Service", "LoadBalancer"),
        lambda item: (
            item.key.kind == "Service"
            and item.value["spec"].get("type") == "LoadBalancer"
            and rendering.nats.selected_by(item)
        ),
    )
    found = [(service, port) for service in services for port in _gateway_ports(service, rendering)]
    found.sort(key=lambda pair: len(pair[0].value["spec"]["ports"]))
    return tuple(_balancer(service, port, rendering) for service, port in found)


def _gateway_ports(service: Manifest, rendering: Rendering) -> list[dict[str, Any]]:
    ports = [port for port in service.value["spec"].get("ports") or () if isinstance(port, dict)]
    names = container_ports(rendering.nats.container_value)
    return [port for port in ports if _target(port, names) == rendering.gateway_port]


def _target(port: dict[str, Any], names: dict[str, int]) -> int | None:
    target = port.get("targetPort", port.get("port"))
    return target if isinstance(target, int) else names.get(str(target))


def _balancer(service: Manifest, port: dict[str, Any], rendering: Rendering) -> Balancer:
    spec = service.value["spec"]
    chosen = spec["selector"].get(POD_NAME_LABEL)
    check, fails_open = _check(service.annotations, port, rendering)
    return Balancer(
        name=service.key.name,
        region=rendering.region,
        hosts=_hosts(service),
        port=int(port["port"]),
        target=rendering.gateway_port or 0,
        pods=tuple(pod for pod in rendering.pods if chosen in (None, pod)),
        publish_not_ready=spec.get("publishNotReadyAddresses") is True,
        check=check,
        fails_open=fails_open,
    )


def _hosts(service: Manifest) -> tuple[str, ...]:
    """Every name and address that is declared to lead to this Service."""
    texts = [str(text) for key, text in service.annotations.items() if _EXTERNAL_DNS.search(key)]
    texts += [str(service.annotations[key]) for key in _ADDRESSES if key in service.annotations]
    texts += [str(service.value["spec"].get("loadBalancerIP") or "")]
    return tuple(dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip()))


def _check(annotations: dict[str, Any], port: dict[str, Any], rendering: Rendering) -> tuple[Check | None, bool]:
    for spelling in _SPELLINGS:
        protocol, path, number, interval = (
            str(annotations.get(key.format(port=port["port"]), "")) for key in spelling[:4]
        )
        if not protocol or (path and not path.startswith("/")):
            continue
        http = protocol.upper().startswith("HTTP")
        watched = rendering.monitor[0] if rendering.monitor else 8222
        asked = int(number) if number.isdigit() else watched if http else rendering.gateway_port or 0
        if asked not in (watched, rendering.gateway_port):
            continue  # a port of the node: nothing that pods answer
        seconds = float(interval.rstrip("s")) if interval.rstrip("s").isdigit() else 10.0
        scheme = "HTTPS" if protocol.upper() == "HTTPS" else "HTTP"
        return Check(path if http else "", asked, scheme, seconds), spelling.fails_open
    return None, False
