"""Services: what becomes reachable, and whose connection or address is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import LEVELS as WORST
from natsvalues.diff.changes import Impact
from natsvalues.diff.impact.annotations import LEVELS, REMEDIES, effects, ranges
from natsvalues.diff.impact.context import is_load_balancer, leads_to_gateway, ports_of
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context

SOURCE = "documented behaviour of Services"
PROVIDERS = "read in the providers' documentation"
OUTSIDE = ("LoadBalancer", "NodePort")


def service(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """One change of a Service that stays."""
    if item.key.kind != "Service" or item.key.group or item.before is None or item.after is None:
        return None
    before, after = item.before.get("spec") or {}, item.after.get("spec") or {}
    match change.path[:2]:
        case ("metadata", "annotations"):
            return _annotation(context, item, change)
        case ("spec", "type"):
            return _type(str(before.get("type") or "ClusterIP"), str(after.get("type") or "ClusterIP"), item)
        case ("spec", "ports"):
            return _port(context, item, change)
        case ("spec", "loadBalancerSourceRanges"):
            return _ranges(_listed(before), _listed(after)) if is_load_balancer(item.after) else None
        case ("spec", "selector"):
            return Impact(
                "outage",
                "the Service sends to other pods, or to none",
                SOURCE,
                "compare the selector with the pods' labels",
            )
        case ("spec", "publishNotReadyAddresses"):
            return _not_ready(context, item, change)
        case ("spec", "loadBalancerIP"):
            return Impact(
                "outage",
                "the load balancer gets another address; who dials the old one fails",
                SOURCE,
                "move the DNS name first, or keep the address",
            )
        case ("spec", "externalTrafficPolicy" | "internalTrafficPolicy") if change.after == "Local":
            return Impact("none", "traffic goes only to pods on the node that it reached: nodes without one drop it")
        case _:
            return None


def listed(service: dict[str, Any]) -> str:
    """A Service's ports as the subject of a sentence, with its verb: `port gateway becomes`."""
    names = [str(port.get("name") or port.get("port")) for port in ports_of(service)]
    return f"port {names[0]} becomes" if len(names) == 1 else f"ports {', '.join(names)} become"


def _type(before: str, after: str, item: ObjectDiff) -> Impact | None:
    if before == "LoadBalancer":
        return Impact(
            "outage",
            f"the load balancer goes (type {after}), and with it its address",
            SOURCE,
            "before: move everybody who dials it elsewhere; a later load balancer has another address",
        )
    if before == "NodePort" and after == "ClusterIP":
        return Impact("outage", "the node ports close", SOURCE)
    if after in OUTSIDE:
        return Impact(
            "exposure",
            f"{listed(item.after or {})} reachable from outside the cluster (type {after})",
            SOURCE,
            "limit it with loadBalancerSourceRanges or an internal load balancer; give the gateway its own Service",
        )
    return None


def _port(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    if len(change.path) <= 2 or change.op == "reorder":  # noqa: PLR2004 - the list itself
        return None
    part = change.path[2]
    name = part.value if isinstance(part, Item) else part
    outside = (item.after or {}).get("spec", {}).get("type") in OUTSIDE
    if len(change.path) == 3 and change.op == "add":  # noqa: PLR2004 - a whole port
        if not outside:
            return None
        return Impact(
            "exposure",
            f"port {name} becomes reachable from outside the cluster",
            SOURCE,
            "take it out of this Service if nobody outside needs it",
        )
    if len(change.path) == 3 and change.op == "remove":  # noqa: PLR2004 - a whole port
        return Impact("outage", f"port {name} is no longer served", SOURCE)
    if change.path[-1] in ("port", "targetPort", "nodePort", "protocol") and change.op == "replace":
        servers = context.of_service(item)
        remote = servers is not None and leads_to_gateway(item.after or {}, servers.new_conf)
        who = (
            "other regions dial the old one" if remote and change.path[-1] == "port" else "what used the old one fails"
        )
        return Impact(
            "outage",
            f"{change.path[-1]} of port {name} becomes {change.after} instead of {change.before}: {who}",
            SOURCE,
            "serve both until everybody has moved" if change.path[-1] == "port" else "",
        )
    return None


def _not_ready(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    if change.after is not True:
        return None  # the deadlock that this may bring is judged elsewhere
    servers = context.of_service(item)
    spec = (item.after or {}).get("spec") or {}
    if servers is None or spec.get("clusterIP") == "None":
        return None
    lone = len(ports_of(item.after or {})) == 1 and leads_to_gateway(item.after or {}, servers.new_conf)
    if lone:
        return None
    return Impact(
        "outage",
        "clients that come through this Service will meet servers that are not ready",
        "nats-io/k8s issues; kubernetes endpointslice controller",
        "keep the flag to a Service of the gateway's own",
    )


def _ranges(before: list[str], after: list[str]) -> Impact | None:
    effect = ranges(tuple(before), tuple(after))
    return effect and Impact(LEVELS[effect.kind], effect.reason, SOURCE, REMEDIES[effect.kind])


def _listed(spec: dict[str, Any]) -> list[str]:
    listed_ranges = spec.get("loadBalancerSourceRanges")
    return [str(item) for item in listed_ranges] if isinstance(listed_ranges, list) else []


def _annotation(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    if len(change.path) < 3 or not is_load_balancer(item.after or {}):  # noqa: PLR2004 - one annotation
        return None
    servers = context.of_service(item)
    found = [
        Impact(LEVELS[effect.kind], effect.reason, PROVIDERS, REMEDIES[effect.kind])
        for effect in effects(item.before or {}, item.after or {}, str(change.path[2]), servers)
    ]
    return max(found, key=lambda impact: WORST.index(impact.level), default=None)
