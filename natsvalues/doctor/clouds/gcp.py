"""Google Cloud's passthrough load balancers, as `gcloud compute` describes them.

Not run: the shapes are those of the Compute Engine API's reference, and of outputs that users published.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.doctor.clouds.answers import Asking, entries, first_reason, last, number, part, text
from natsvalues.doctor.clouds.seen import (
    GCP_NODE,
    CheckSeen,
    CloudSeen,
    GroupSeen,
    ListenerSeen,
    LoadBalancerSeen,
    TargetSeen,
)

if TYPE_CHECKING:
    from natsvalues.doctor.clouds.seen import Sought, State
    from natsvalues.outside.cloud_cli import Answer, Ask

GLOBAL_ACCESS = "allowGlobalAccess"
_STATES: dict[str, State] = {"HEALTHY": "healthy", "UNHEALTHY": "unhealthy", "DRAINING": "leaving"}
_MOST_PORTS = 20
"""How many ports of a range become listeners: a Service lists its ports one by one."""
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+\Z")


def is_node(provider_id: str) -> bool:
    """Whether a node's `spec.providerID` is one of Google's."""
    return provider_id.startswith("gce:")


def look(sought: Sought, ask: Ask) -> CloudSeen:
    """The load balancer with this address, in the project and region of the nodes."""
    asking = Asking(ask)
    places = list(dict.fromkeys(match.groups() for item in sought.provider_ids if (match := GCP_NODE.match(item))))
    if not places or not _ADDRESS.match(sought.address):
        reason = "no node's providerID names a project" if not places else f"`{sought.address}` is no IP address"
        return CloudSeen("gcp", "", None, is_absent=False, reason=reason, commands=())
    project, region = places[0]
    place = f"project {project}"
    rules = asking(_gcloud(project, "forwarding-rules", "list", f"--filter=IPAddress={sought.address}"))[0]
    here = [rule for rule in _items(rules.value) if text(rule, "IPAddress") == sought.address]
    if not here:
        reason = first_reason([rules]) or f"{place} has no forwarding rule for {sought.address}"
        return CloudSeen("gcp", place, None, not rules.reason, reason, tuple(asking.commands))
    balancer = _balancer(here, project, region, asking)
    return CloudSeen("gcp", place, balancer, is_absent=False, reason="", commands=tuple(asking.commands))


def _gcloud(project: str, *words: str) -> tuple[str, ...]:
    return ("gcloud", "compute", *words, f"--project={project}", "--format=json")


def _scoped(project: str, link: str, kind: str, verb: str) -> tuple[str, ...]:
    """A command about the resource at a link, which is global or in a region."""
    match = re.search(r"/regions/([^/]+)/", link)
    scope = [f"--region={match[1]}"] if match else ["--global"] if "/global/" in link and kind in _HAVE_SCOPES else []
    return _gcloud(project, kind, verb, last(link), *scope)


_HAVE_SCOPES = ("backend-services", "health-checks")
"""Kinds that can be global or regional, so that gcloud asks which."""


def _balancer(rules: list[dict[str, Any]], project: str, region: str, asking: Asking) -> LoadBalancerSeen:
    first = rules[0]
    leads = list(dict.fromkeys(text(rule, "backendService") or text(rule, "target") for rule in rules))
    groups = [group for link in filter(None, leads) if (group := _group(link, project, asking)) is not None]
    listeners = [
        ListenerSeen(port, text(rule, "IPProtocol"), (last(text(rule, "backendService") or text(rule, "target")),))
        for rule in rules
        for port in _ports(rule)
    ]
    own = {GLOBAL_ACCESS: text(first, GLOBAL_ACCESS) or "false", "networkTier": text(first, "networkTier")}
    return LoadBalancerSeen(
        cloud="gcp",
        kind="passthrough" if text(first, "backendService") else "target pool",
        name=text(first, "name"),
        region=last(text(first, "region")) or region,
        scheme="internal" if text(first, "loadBalancingScheme").startswith("INTERNAL") else "internet-facing",
        state="",
        listeners=tuple(listeners),
        groups=tuple(groups),
        attributes={name: value for name, value in own.items() if value},
        proxy_protocol=False,  # a passthrough load balancer does not change connections
    )


def _ports(rule: dict[str, Any]) -> list[int]:
    """The ports of a forwarding rule: a list, a range, or 0 for all of them."""
    listed = part(rule, "ports")
    if isinstance(listed, list) and listed:
        return [int(port) for port in listed if str(port).isdecimal()]
    low, _, high = text(rule, "portRange").partition("-")
    if low.isdecimal():
        highest = int(high) if high.isdecimal() else int(low)
        return list(range(int(low), highest + 1)) if highest - int(low) < _MOST_PORTS else [0]
    return [0]


def _group(link: str, project: str, asking: Asking) -> GroupSeen | None:
    kind = "backend-services" if "/backendServices/" in link else "target-pools"
    described, health = asking(_scoped(project, link, kind, "describe"), _scoped(project, link, kind, "get-health"))
    if described.reason:
        return None
    checks = part(described.value, "healthChecks")
    check = _check(str(checks[0]), project, asking) if isinstance(checks, list) and checks else None
    draining = text(described.value, "connectionDraining", "drainingTimeoutSec")
    return GroupSeen(
        name=last(link),
        protocol=text(described.value, "protocol"),
        port="",
        targets_are="nodes",
        check=check,
        targets=None if health.reason else tuple(_targets(health)),
        attributes={"connectionDraining.drainingTimeoutSec": draining} if draining else {},
    )


def _check(link: str, project: str, asking: Asking) -> CheckSeen | None:
    kind = {"httpHealthChecks": "http-health-checks", "httpsHealthChecks": "https-health-checks"}
    legacy = next((command for word, command in kind.items() if f"/{word}/" in link), "")
    answer = asking(_scoped(project, link, legacy or "health-checks", "describe"))[0]
    if answer.reason:
        return None
    protocol = text(answer.value, "type") or ("HTTPS" if legacy.startswith("https") else "HTTP")
    how = answer.value if legacy else part(answer.value, f"{protocol.lower()}HealthCheck")
    return CheckSeen(
        protocol=protocol,
        port=text(how, "port") or "traffic-port",
        path=text(how, "requestPath") if protocol.startswith("HTTP") else "",
        interval=number(answer.value, "checkIntervalSec"),
        timeout=number(answer.value, "timeoutSec"),
        healthy_threshold=number(answer.value, "healthyThreshold"),
        unhealthy_threshold=number(answer.value, "unhealthyThreshold"),
    )


def _targets(health: Answer) -> list[TargetSeen]:
    """The nodes of every group: a backend service has them one level deeper than a target pool."""
    states = [
        state
        for group in _items(health.value)
        for state in entries(group, "status", "healthStatus") or entries(group, "healthStatus")
    ]
    return [
        TargetSeen(
            last(text(state, "instance")) or text(state, "ipAddress"),
            text(state, "port") if text(state, "port") != "0" else "",
            _STATES.get(text(state, "healthState"), "unknown"),
            "",
        )
        for state in states
    ]


def _items(value: Any) -> list[dict[str, Any]]:
    return entries({"items": value}, "items")
