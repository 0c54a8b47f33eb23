"""Who reaches a Service from outside the cluster, what its gateways ask of them, and what is left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.impact.declaration import Consequence
from natsvalues.manifests.services import is_load_balancer, ports_of
from natsvalues.providers.meaning import meaning_of

if TYPE_CHECKING:
    from natsvalues.diff.impact.context import Servers

_MOST_RANGES = 3
_LIMIT = "Limit it with loadBalancerSourceRanges, or use an internal load balancer."
_LIMIT_GATEWAY = "Limit it to the addresses that the other regions connect from (loadBalancer.sourceRanges)."
_PROTECT = "Give the gateways TLS or a password."
_GATEWAY_ALONE = "Give the gateway a Service of its own: this one opens its other ports, too."


def opened(service: dict[str, Any], servers: Servers | None) -> Consequence:
    """What it means that a Service, as the new release has it, is reachable from outside; only open ends are advised.

    `servers` are those that it selects.
    """
    ports = ports_of(service)
    names = [str(port.get("name") or port.get("port")) for port in ports]
    subject = f"port {names[0]} becomes" if len(names) == 1 else f"ports {', '.join(names)} become"
    is_gateway = servers is not None and servers.leads_to_gateway(service)
    demands = _demands(servers.after.gateway) if is_gateway and servers and servers.after else ""
    remedies = [] if _is_limited(service) else [_LIMIT_GATEWAY if is_gateway else _LIMIT]
    remedies += [_PROTECT] if is_gateway and not demands else []
    remedies += [_GATEWAY_ALONE] if is_gateway and len(ports) > 1 else []
    reached = f"{subject} reachable from outside the cluster, {_reached_from(service)}{demands}"
    return Consequence(reached, " ".join(remedies))


def _reached_from(service: dict[str, Any]) -> str:
    if not is_load_balancer(service):
        return "through every node"
    meaning = meaning_of(service)
    through = "through an internal load balancer, " if meaning.scope == "internal" else ""
    listed = meaning.source_ranges
    if listed:
        more = len(listed) - _MOST_RANGES
        return f"{through}from {', '.join(listed[:_MOST_RANGES])}{f' and {more} more' if more > 0 else ''} only"
    if meaning.of("access"):
        return f"{through}from the addresses that its annotations admit"
    return f"{through}from every address" + (" in its network" if through else "")


def _is_limited(service: dict[str, Any]) -> bool:
    """Whether anything states who may connect."""
    meaning = meaning_of(service)
    return bool(is_load_balancer(service) and (meaning.source_ranges or meaning.of("access")))


def _demands(gateway: dict[str, Any]) -> str:
    """What a gateway asks of whoever connects, as the end of a sentence; empty if nothing."""
    tls = gateway.get("tls")
    certificate = "a certificate" if isinstance(tls, dict) and tls.get("verify") else ""
    password = "a password" if gateway.get("authorization") else ""
    wanted = " and ".join(filter(None, (certificate or ("TLS" if tls else ""), password)))
    return f"; gateways ask for {wanted}" if wanted else ""
