"""Amazon's load balancers, as `aws elbv2` and `aws elb` describe them. Run with awscli against moto's server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.doctor.clouds.answers import Asking, entries, first_reason, number, part, text
from natsvalues.doctor.clouds.seen import (
    AWS_NODE,
    CheckSeen,
    CloudSeen,
    GroupSeen,
    ListenerSeen,
    LoadBalancerSeen,
    Scheme,
    State,
    TargetSeen,
    TargetType,
)

if TYPE_CHECKING:
    from natsvalues.doctor.clouds.seen import Sought
    from natsvalues.outside.cloud_cli import Answer, Ask

CROSS_ZONE = "load_balancing.cross_zone.enabled"
PROXY = "proxy_protocol_v2.enabled"
_HOST = re.compile(r".+\.(?:elb\.([a-z0-9-]+)|([a-z0-9-]+)\.elb)\.amazonaws\.com(?:\.cn)?\Z")
_PATIENCE = ("--cli-connect-timeout", "5", "--cli-read-timeout", "10", "--output", "json")
_STATES: dict[str, State] = {
    "healthy": "healthy",
    "unhealthy": "unhealthy",
    "unhealthy.draining": "unhealthy",
    "initial": "starting",
    "draining": "leaving",
    "InService": "healthy",
    "unused": "unhealthy",
    "OutOfService": "unhealthy",
}
_TARGETS: dict[str, TargetType] = {"instance": "nodes", "ip": "pods"}
_MOST_NODES = 5
"""How many nodes are looked for where there is no load balancer: one is enough to know the account."""


def is_address(address: str) -> bool:
    """Whether a load balancer's name is one of Amazon's."""
    return _HOST.match(address.lower()) is not None


def is_node(provider_id: str) -> bool:
    """Whether a node's `spec.providerID` is one of Amazon's."""
    return provider_id.startswith("aws:")


def look(sought: Sought, ask: Ask) -> CloudSeen:
    """The load balancer with this address."""
    asking = Asking(ask)
    match = _HOST.match(sought.address.lower())
    region = (match[1] or match[2]) if match else next(iter(sought.regions), "")
    if not region:
        reason = f"neither `{sought.address}` nor a node's providerID says in which region the load balancer is"
        return CloudSeen("aws", "", None, is_absent=False, reason=reason, commands=())
    newer, classic = asking(
        _aws(region, "elbv2", "describe-load-balancers"), _aws(region, "elb", "describe-load-balancers")
    )
    balancer: LoadBalancerSeen | None = None
    for item in entries(newer.value, "LoadBalancers"):
        if _has(item, sought.address):
            balancer = _newer(item, region, asking)
    for item in entries(classic.value, "LoadBalancerDescriptions"):
        if balancer is None and _has(item, sought.address):
            balancer = _classic(item, region, asking)
    is_absent, reason = False, first_reason([newer, classic]) if balancer is None else ""
    if balancer is None and not reason:
        is_absent, reason = _why_absent(sought, region, asking)
    return CloudSeen("aws", f"region {region}", balancer, is_absent, reason, tuple(asking.commands))


def _aws(region: str, *words: str) -> tuple[str, ...]:
    return ("aws", *words, "--region", region, *_PATIENCE)


def _has(item: dict[str, Any], address: str) -> bool:
    """Whether a load balancer has this name or, of those with addresses of their own, this IP address."""
    addresses = [
        text(own, key)
        for zone in entries(item, "AvailabilityZones")
        for own in entries(zone, "LoadBalancerAddresses")
        for key in ("IpAddress", "PrivateIPv4Address", "IPv6Address")
    ]
    return address.lower().removeprefix("dualstack.") in (text(item, "DNSName").lower(), *addresses)


def _why_absent(sought: Sought, region: str, asking: Asking) -> tuple[bool, str]:
    """Whether the load balancer does not exist, and why that is known: the account must be that of the nodes."""
    ids = [match[2] for item in sought.provider_ids if (match := AWS_NODE.match(item))][:_MOST_NODES]
    who = asking(("aws", "sts", "get-caller-identity", "--region", region, *_PATIENCE))[0]
    account = text(who.value, "Account")
    nothing = f"account {account or '(unknown)'} has no load balancer `{sought.address}` in {region}"
    nodes_in = next(iter(sought.regions), "")
    if not ids or not nodes_in:
        return False, f"{nothing}, and no node's providerID shows whether this is the cluster's account"
    nodes = asking(_aws(nodes_in, "ec2", "describe-instances", "--instance-ids", *ids))[0]
    if entries(nodes.value, "Reservations"):
        return True, nothing + ("" if region in sought.regions else f"; the nodes are in {nodes_in}")
    if nodes.is_missing or not nodes.reason:
        return False, f"{nothing}, nor the cluster's nodes in {nodes_in}: the credentials are for another account"
    return False, f"{nothing}; whether it is the cluster's account is not known: {nodes.reason}"


def _newer(item: dict[str, Any], region: str, asking: Asking) -> LoadBalancerSeen:
    arn = ("--load-balancer-arn", text(item, "LoadBalancerArn"))
    listeners, groups, attributes = asking(
        _aws(region, "elbv2", "describe-listeners", *arn),
        _aws(region, "elbv2", "describe-target-groups", *arn),
        _aws(region, "elbv2", "describe-load-balancer-attributes", *arn),
    )
    state = text(item, "State", "Code")
    seen = None if groups.reason else tuple(_groups(entries(groups.value, "TargetGroups"), region, asking))
    names = {text(group, "TargetGroupArn"): text(group, "TargetGroupName") for group in _listed(groups)}
    proxy = [group.attributes[PROXY] == "true" for group in seen or () if PROXY in group.attributes]
    return LoadBalancerSeen(
        cloud="aws",
        kind=text(item, "Type"),
        name=text(item, "LoadBalancerName"),
        region=region,
        scheme=_scheme(item),
        state="" if state == "active" else " ".join(filter(None, (state, text(item, "State", "Reason")))),
        listeners=None if listeners.reason else tuple(_listener(entry, names) for entry in _listeners(listeners)),
        groups=seen,
        attributes=None if attributes.reason else _attributes(attributes),
        proxy_protocol=any(proxy) if proxy else None,
    )


def _listed(answer: Answer) -> list[dict[str, Any]]:
    return entries(answer.value, "TargetGroups")


def _listeners(answer: Answer) -> list[dict[str, Any]]:
    return entries(answer.value, "Listeners")


def _listener(entry: dict[str, Any], names: dict[str, str]) -> ListenerSeen:
    actions = entries(entry, "DefaultActions")
    arns = [text(action, "TargetGroupArn") for action in actions]
    arns += [text(own, "TargetGroupArn") for action in actions for own in _forwards(action)]
    groups = tuple(dict.fromkeys(names.get(arn, arn) for arn in arns if arn))
    return ListenerSeen(number(entry, "Port") or 0, text(entry, "Protocol"), groups)


def _forwards(action: dict[str, Any]) -> list[dict[str, Any]]:
    return entries(action, "ForwardConfig", "TargetGroups")


def _groups(groups: list[dict[str, Any]], region: str, asking: Asking) -> list[GroupSeen]:
    commands = [
        _aws(region, "elbv2", command, "--target-group-arn", text(group, "TargetGroupArn"))
        for group in groups
        for command in ("describe-target-health", "describe-target-group-attributes")
    ]
    answers = asking(*commands) if commands else []
    return [
        GroupSeen(
            name=text(group, "TargetGroupName"),
            protocol=text(group, "Protocol"),
            port=text(group, "Port"),
            targets_are=_TARGETS.get(text(group, "TargetType"), ""),
            check=_check(group) if text(group, "HealthCheckEnabled") != "false" else None,
            targets=None if health.reason else tuple(map(_target, entries(health.value, "TargetHealthDescriptions"))),
            attributes=_attributes(attributes),
        )
        for group, health, attributes in zip(groups, answers[::2], answers[1::2], strict=True)
    ]


def _check(group: dict[str, Any]) -> CheckSeen:
    protocol = text(group, "HealthCheckProtocol").upper()
    return CheckSeen(
        protocol=protocol,
        port=text(group, "HealthCheckPort"),
        path=text(group, "HealthCheckPath") if protocol.startswith("HTTP") else "",
        interval=number(group, "HealthCheckIntervalSeconds"),
        timeout=number(group, "HealthCheckTimeoutSeconds"),
        healthy_threshold=number(group, "HealthyThresholdCount"),
        unhealthy_threshold=number(group, "UnhealthyThresholdCount"),
    )


def _target(entry: dict[str, Any]) -> TargetSeen:
    health = part(entry, "TargetHealth")
    reason = ", ".join(filter(None, (text(health, "Reason"), text(health, "Description"))))
    state = _STATES.get(text(health, "State"), "unknown")
    return TargetSeen(text(entry, "Target", "Id"), text(entry, "Target", "Port"), state, reason)


def _attributes(answer: Answer) -> dict[str, str]:
    return {text(entry, "Key"): text(entry, "Value") for entry in entries(answer.value, "Attributes")}


def _scheme(item: dict[str, Any]) -> Scheme:
    return "internal" if text(item, "Scheme") == "internal" else "internet-facing"


def _classic(item: dict[str, Any], region: str, asking: Asking) -> LoadBalancerSeen:
    """A classic load balancer: one group of nodes, with one health check."""
    name = text(item, "LoadBalancerName")
    own = ("--load-balancer-name", name)
    health, attributes, policies = asking(
        _aws(region, "elb", "describe-instance-health", *own),
        _aws(region, "elb", "describe-load-balancer-attributes", *own),
        _aws(region, "elb", "describe-load-balancer-policies", *own),
    )
    listeners = [part(entry, "Listener") for entry in entries(item, "ListenerDescriptions")]
    targets = entries(health.value, "InstanceStates")
    group = GroupSeen(
        name=name,
        protocol=next((text(entry, "InstanceProtocol") for entry in listeners), ""),
        port="",
        targets_are="nodes",
        check=_classic_check(part(item, "HealthCheck")),
        targets=None if health.reason else tuple(map(_instance, targets)),
        attributes={},
    )
    return LoadBalancerSeen(
        cloud="aws",
        kind="classic",
        name=name,
        region=region,
        scheme=_scheme(item),
        state="",
        listeners=tuple(
            ListenerSeen(number(entry, "LoadBalancerPort") or 0, text(entry, "Protocol").upper(), (name,))
            for entry in listeners
        ),
        groups=(group,),
        attributes=None if attributes.reason else _classic_attributes(attributes),
        proxy_protocol=None if policies.reason else _sends_proxy(item, policies),
    )


def _classic_check(check: Any) -> CheckSeen | None:
    """The check in `Target`, such as `TCP:31222` or `HTTP:31822/healthz`."""
    match = re.match(r"(\w+):(\d+)(/.*)?\Z", text(check, "Target"))
    if match is None:
        return None
    return CheckSeen(
        match[1].upper(),
        match[2],
        match[3] or "",
        number(check, "Interval"),
        number(check, "Timeout"),
        number(check, "HealthyThreshold"),
        number(check, "UnhealthyThreshold"),
    )


def _instance(entry: dict[str, Any]) -> TargetSeen:
    reason = text(entry, "Description")
    state = _STATES.get(text(entry, "State"), "unknown")
    return TargetSeen(text(entry, "InstanceId"), "", state, "" if reason == "N/A" or state == "healthy" else reason)


def _classic_attributes(answer: Answer) -> dict[str, str]:
    """Under the names of the newer load balancers where these have the same."""
    given = part(answer.value, "LoadBalancerAttributes")
    named = {
        CROSS_ZONE: text(given, "CrossZoneLoadBalancing", "Enabled"),
        "connection_draining.enabled": text(given, "ConnectionDraining", "Enabled"),
        "connection_draining.timeout_seconds": text(given, "ConnectionDraining", "Timeout"),
        "idle_timeout.timeout_seconds": text(given, "ConnectionSettings", "IdleTimeout"),
    }
    return {name: value for name, value in named.items() if value}


def _sends_proxy(item: dict[str, Any], policies: Answer) -> bool:
    proxy = {
        text(policy, "PolicyName")
        for policy in entries(policies.value, "PolicyDescriptions")
        if text(policy, "PolicyTypeName") == "ProxyProtocolPolicyType"
    }
    used = [part(entry, "PolicyNames") for entry in entries(item, "BackendServerDescriptions")]
    return any(name in proxy for names in used if isinstance(names, list) for name in names)
