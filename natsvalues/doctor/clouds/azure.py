"""Azure's Standard Load Balancer, as `az network lb` describes it: one for all Services of a cluster.

Not run: the shapes are those of the REST API's reference, flattened as the tool does, and of outputs that users
published.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.doctor.clouds.answers import Asking, entries, first_reason, last, number, part, text
from natsvalues.doctor.clouds.seen import CheckSeen, CloudSeen, GroupSeen, ListenerSeen, LoadBalancerSeen, TargetSeen

if TYPE_CHECKING:
    from natsvalues.doctor.clouds.seen import Sought
    from natsvalues.outside.cloud_cli import Answer, Ask

_NODE = re.compile(r"azure:///?subscriptions/([^/]+)/", re.IGNORECASE)
_HEALTHY = 100
"""DipAvailability is the percentage of probes that succeed."""


def is_node(provider_id: str) -> bool:
    """Whether a node's `spec.providerID` is one of Azure's."""
    return provider_id.startswith("azure:")


def look(sought: Sought, ask: Ask) -> CloudSeen:
    """The load balancer that has this IP address, in the subscription of the nodes."""
    asking = Asking(ask)
    subscription = next((match[1] for item in sought.provider_ids if (match := _NODE.match(item))), "")
    place = f"subscription {subscription}" if subscription else "the tool's current subscription"
    chosen = ("--subscription", subscription) if subscription else ()
    balancers, addresses = asking(
        ("az", "network", "lb", "list", *chosen, "--output", "json"),
        ("az", "network", "public-ip", "list", *chosen, "--output", "json"),
    )
    public = [text(item, "id") for item in _items(addresses) if text(item, "ipAddress") == sought.address]
    for balancer in _items(balancers):
        for frontend in entries(balancer, "frontendIPConfigurations"):
            private = text(frontend, "privateIPAddress")
            is_public = text(frontend, "publicIPAddress", "id").lower() in {item.lower() for item in public}
            if private == sought.address or is_public:
                seen = _balancer(balancer, frontend, sought.address, is_public, chosen, asking)
                return CloudSeen("azure", place, seen, is_absent=False, reason="", commands=tuple(asking.commands))
    unanswered = first_reason([balancers, addresses])
    reason = unanswered or f"{place} has no load balancer with the address {sought.address}"
    return CloudSeen("azure", place, None, not unanswered, reason, tuple(asking.commands))


def _balancer(  # noqa: PLR0913, PLR0917 - what was asked, and how to ask more
    balancer: dict[str, Any],
    frontend: dict[str, Any],
    address: str,
    is_public: bool,  # noqa: FBT001
    chosen: tuple[str, ...],
    asking: Asking,
) -> LoadBalancerSeen:
    own = text(frontend, "id").lower()
    rules = [
        rule
        for rule in entries(balancer, "loadBalancingRules")
        if text(rule, "frontendIPConfiguration", "id").lower() == own
    ]
    health = asking(_health(text(balancer, "id"), address, chosen))[0] if rules else None
    probes = {text(probe, "id").lower(): probe for probe in entries(balancer, "probes")}
    idle = {text(rule, "idleTimeoutInMinutes") for rule in rules}
    return LoadBalancerSeen(
        cloud="azure",
        kind=text(balancer, "sku", "name"),
        name=text(balancer, "name"),
        region=text(balancer, "location"),
        scheme="internet-facing" if is_public else "internal",
        state="",
        listeners=tuple(
            ListenerSeen(number(rule, "frontendPort") or 0, text(rule, "protocol").upper(), (text(rule, "name"),))
            for rule in rules
        ),
        groups=tuple(_group(rule, probes.get(text(rule, "probe", "id").lower()), health) for rule in rules),
        attributes={"idleTimeoutInMinutes": " ".join(sorted(idle))} if idle else {},
        proxy_protocol=False,  # only a Private Link Service in front of it can send one
    )


def _group(rule: dict[str, Any], probe: dict[str, Any] | None, health: Answer | None) -> GroupSeen:
    """What one rule leads to. The nodes' health is that of the rule's port."""
    port = text(rule, "frontendPort")
    is_known = health is not None and not health.reason
    return GroupSeen(
        name=text(rule, "name"),
        protocol=text(rule, "protocol").upper(),
        port=text(rule, "backendPort"),
        targets_are="nodes",
        check=_check(probe) if probe is not None else None,
        targets=tuple(_targets(health, port)) if is_known and health is not None and probe is not None else None,
        attributes={},
    )


def _check(probe: dict[str, Any]) -> CheckSeen:
    protocol = text(probe, "protocol").upper()
    return CheckSeen(
        protocol=protocol,
        port=text(probe, "port"),
        path=text(probe, "requestPath") if protocol.startswith("HTTP") else "",
        interval=number(probe, "intervalInSeconds"),
        timeout=None,
        healthy_threshold=None,
        unhealthy_threshold=_threshold(probe),
    )


def _threshold(probe: dict[str, Any]) -> int | None:
    """`probeThreshold` is 1 by default, and `numberOfProbes` the older name for it: the one that was set."""
    newer = number(probe, "probeThreshold")
    older = number(probe, "numberOfProbes")
    return newer if newer is not None and newer > 1 else older


def _health(balancer: str, address: str, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The metric that shows whether a node answers its probe: the tool has no command for a rule's health."""
    wanted = f"FrontendIPAddress eq '{address}' and FrontendPort eq '*' and BackendIPAddress eq '*'"
    words = ("az", "monitor", "metrics", "list", "--resource", balancer, "--metric", "DipAvailability")
    return (*words, "--aggregation", "Average", "--interval", "PT1M", "--filter", wanted, *chosen, "--output", "json")


def _targets(health: Answer, port: str) -> list[TargetSeen]:
    """The last known value of each node for one port of the frontend."""
    targets = []
    for metric in entries(health.value, "value"):
        for series in entries(metric, "timeseries"):
            named = {
                text(item, "name", "value").lower(): text(item, "value") for item in entries(series, "metadatavalues")
            }
            values = [value for item in entries(series, "data") if (value := part(item, "average")) is not None]
            if named.get("frontendport", port) != port or not values:
                continue
            share = float(values[-1])
            reason = "" if share >= _HEALTHY else f"{share:g} % of the probes of the last minute succeeded"
            node = last(named.get("backendipaddress", ""))
            targets.append(TargetSeen(node, "", "healthy" if share >= _HEALTHY else "unhealthy", reason))
    return targets


def _items(answer: Answer) -> list[dict[str, Any]]:
    return entries({"items": answer.value}, "items")
