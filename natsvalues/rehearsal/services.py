"""The load balancers of a rendered release that lead to gateways, with the health checks of their annotations.

The provider profiles state what the annotations mean; only checks whose port leads to the pods are simulated. A check
of a node (kube-proxy's port, healthCheckNodePort) shows nothing that the endpoints do not show already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import POD_NAME_LABEL, container_ports
from natsvalues.manifests.services import is_load_balancer, port_role, ports_of, publishes_not_ready
from natsvalues.providers.meaning import TRAFFIC, meaning_of
from natsvalues.providers.refused import refused
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.addresses import host_port
from natsvalues.rehearsal.balancing import Balancer, Check
from natsvalues.text.hosts import is_address, is_valid

if TYPE_CHECKING:
    from natsvalues.manifests.release import Manifest
    from natsvalues.providers.meaning import Check as Described
    from natsvalues.providers.meaning import ServiceMeaning
    from natsvalues.rehearsal.rendering import Rendering


class PodCheck(NamedTuple):
    """A check of the pods, and whether the load balancer sends to all of them as long as all fail."""

    check: Check
    fails_open: bool


def balancers(rendering: Rendering) -> tuple[Balancer, ...]:
    """The LoadBalancer Services that send to these pods' gateways; those for the gateway alone first."""
    if rendering.gateway_port is None:
        return ()
    services = [service for service in rendering.state.services if is_load_balancer(service.value)]
    targets = [(service, port) for service in services for port in _gateway_ports(service, rendering)]
    targets.sort(key=lambda pair: len(pair[0].value["spec"]["ports"]))
    return tuple(_balancer(service, port, rendering) for service, port in targets)


def names(rendering: Rendering) -> tuple[Balancer, ...]:
    """The pods' DNS names that exist while a pod is ready, by ordinal: each as what forwards to that pod alone.

    None where pods need no names that others get only when they are ready, or where no route uses a name.
    """
    hiding, routes = rendering.state.hiding, rendering.state.routes
    port = host_port(str(routes[0]))[1] if routes else ""
    if hiding is None or not rendering.hides_names or not port.isdigit():
        return ()
    return tuple(
        Balancer(
            f"{pod}.{hiding.key.name}", rendering.region, (), int(port), int(port), (pod,), publish_not_ready=False
        )
        for pod in rendering.pods
    )


def _gateway_ports(service: Manifest, rendering: Rendering) -> list[dict[str, Any]]:
    listen = rendering.gateway_port or 0
    return [port for port in ports_of(service.value) if port_role(port, listen, rendering.nats) == "gateway"]


def _balancer(service: Manifest, port: dict[str, Any], rendering: Rendering) -> Balancer:
    spec = service.value["spec"]
    chosen = spec["selector"].get(POD_NAME_LABEL)
    meaning = meaning_of(service.value)
    pod_check = _check(meaning, port, service, rendering)
    return Balancer(
        name=service.key.name,
        region=rendering.region,
        hosts=_hosts(meaning),
        port=int(port["port"]),
        target=rendering.gateway_port or 0,
        pods=tuple(pod for pod in rendering.pods if chosen in (None, pod)),
        publish_not_ready=publishes_not_ready(service.value),
        check=pod_check.check if pod_check else None,
        fails_open=pod_check is not None and pod_check.fails_open,
        breaks=next(iter(refused({key: str(text) for key, text in service.annotations.items()})), None),
    )


def _hosts(meaning: ServiceMeaning) -> tuple[str, ...]:
    """Every name and address that is declared for this Service; the names that external-dns publishes come first."""
    names = [name for item in meaning.of("dns", "hostname") for name in item.values if "." in name]
    addresses = [address for address in meaning.addresses if is_address(address)]
    return tuple(dict.fromkeys(host for host in (*names, *addresses) if is_valid(host)))


def _check(meaning: ServiceMeaning, port: dict[str, Any], service: Manifest, rendering: Rendering) -> PodCheck | None:
    """The first check that tests the pods."""
    for described in meaning.checks_of(port):
        path = described.path.text if described.path and described.is_http else ""
        number = _checked_port(described, service, rendering)
        if described.protocol is None or described.is_off or number is None or (path and not path.startswith("/")):
            continue
        scheme = "HTTPS" if described.protocol.text.upper() == "HTTPS" else "HTTP"
        check = Check(path or ("/" if described.is_http else ""), number, scheme, _seconds(described))
        return PodCheck(check, described.facts.fails_open)
    return None


def _checked_port(described: Described, service: Manifest, rendering: Rendering) -> int | None:
    """The pods' port that is checked; None for a port on which NATS does not answer."""
    target = described.target_port(ports_of(service.value))
    if target == TRAFFIC:
        return rendering.gateway_port
    number = target if isinstance(target, int) else container_ports(rendering.nats.container_value).get(str(target))
    watched = rendering.monitor[0] if rendering.monitor else 8222
    return number if number in (watched, rendering.gateway_port) else None


def _seconds(described: Described) -> float:
    text = described.interval.text.rstrip("s") if described.interval else ""
    return float(text) if text.isdigit() else 10.0
