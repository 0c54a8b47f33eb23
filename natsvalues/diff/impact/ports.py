"""Services that stay: their type, ports, selector and source ranges, which decide who reaches what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.impact.annotations import ranges
from natsvalues.diff.impact.declaration import Consequence, impact
from natsvalues.diff.impact.exposure import opened
from natsvalues.manifests.services import OUTSIDE, is_load_balancer, ports_of, spec_of
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.annotations import Kind
    from natsvalues.diff.impact.context import Context

SOURCE = "documented behaviour of Services"


@impact(
    "DI401",
    "load-balancer-removed-by-type",
    "outage",
    why="The controller deletes the load balancer, and its address with it. A later load balancer has another address.",
    source=SOURCE,
    remedy="Move everybody who connects to it elsewhere first.",
    fails="""\
at: Service/nats-gateway:spec.type
new: {service: {spec: {type: ClusterIP}}}""",
    passes="new: {clients: {spec: {type: LoadBalancer}}}",
)
def load_balancer_removed_by_type(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """A Service of type LoadBalancer gets another type."""
    if not _stays(item, change, "type") or _type(item.before) != "LoadBalancer":
        return None
    return f"the load balancer is deleted (type {_type(item.after)}), and its address with it"


@impact(
    "DI402",
    "node-ports-close",
    "outage",
    why="Whoever connects to a node's port fails.",
    source=SOURCE,
    remedy="Move everybody who connects to the node ports first.",
    fails="""\
at: Service/nats:spec.type
old: {clients: {spec: {type: NodePort}}}
new: {clients: {spec: {type: ClusterIP}}}""",
    passes="""\
old: {clients: {spec: {type: NodePort}}}
new: {clients: {spec: {type: LoadBalancer}}}""",
)
def node_ports_close(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """A Service of type NodePort becomes one of type ClusterIP."""
    if not _stays(item, change, "type") or (_type(item.before), _type(item.after)) != ("NodePort", "ClusterIP"):
        return None
    return "the node ports close"


@impact(
    "DI403",
    "service-opens",
    "exposure",
    why="A load balancer or a node port makes every port of the Service reachable from outside the cluster, those for "
    "monitoring and administration among them.",
    source=SOURCE,
    remedy="Limit it with loadBalancerSourceRanges or an internal load balancer, and give the gateway its own Service.",
    fails="""\
at: Service/nats:spec.type
new: {clients: {spec: {type: LoadBalancer}}}""",
    passes="new: {service: {spec: {type: ClusterIP}}}",
)
def service_opens(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A Service becomes one of type LoadBalancer or NodePort."""
    if not _stays(item, change, "type") or _type(item.before) == "LoadBalancer" or _type(item.after) not in OUTSIDE:
        return None
    return opened(item.after or {}, context.of_service(item))


@impact(
    "DI404",
    "port-opens",
    "exposure",
    why="A load balancer or a node port makes every port of the Service reachable from outside the cluster.",
    source=SOURCE,
    remedy="Remove it from this Service if nobody outside needs it.",
    fails="""\
at: Service/nats-gateway:spec.ports[name=monitor]
service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}}
new: {service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}, {name: monitor, port: 8222}]}}}""",
    passes="""\
clients: {spec: {ports: [{name: nats, port: 4222, targetPort: nats}]}}
new: {clients: {spec: {ports: [{name: nats, port: 4222, targetPort: nats}, {name: monitor, port: 8222}]}}}""",
)
def port_opens(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """A Service of type LoadBalancer or NodePort gets one more port."""
    if not _is_port(item, change) or change.op != "add" or _type(item.after) not in OUTSIDE:
        return None
    return f"port {_name(change)} becomes reachable from outside the cluster"


@impact(
    "DI405",
    "port-removed",
    "outage",
    why="Whoever connects to the port fails.",
    source=SOURCE,
    remedy="Keep the port until nobody connects to it.",
    fails="""\
at: Service/nats-gateway:spec.ports[name=monitor]
service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}}
old: {service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}, {name: monitor, port: 8222}]}}}""",
    passes="""\
service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}}
new: {service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}, {name: monitor, port: 8222}]}}}""",
)
def port_removed(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """A Service no longer has a port."""
    if not _is_port(item, change) or change.op != "remove":
        return None
    return f"port {_name(change)} is no longer served"


@impact(
    "DI406",
    "port-changes",
    "outage",
    why="Whoever connects to the old number fails; other regions have the gateway's port in their remotes.",
    source=SOURCE,
    remedy="Serve the old and the new port until everybody has moved.",
    fails="""\
at: Service/nats-gateway:spec.ports[name=gateway].port
service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}}
new: {service: {spec: {ports: [{name: gateway, port: 7333, targetPort: gateway}]}}}""",
    passes="""\
service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}}
new: {service: {spec: {ports: [{name: gateway, port: 7222, targetPort: gateway, appProtocol: tcp}]}}}""",
)
def port_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """Number, target, node port or protocol of a Service's port change."""
    is_inside = _stays(item, change, "ports") and len(change.path) > 3  # noqa: PLR2004 - inside one of the list
    if not is_inside or change.op != "replace":
        return None
    field = change.path[-1]
    if field not in ("port", "targetPort", "nodePort", "protocol"):
        return None
    servers = context.of_service(item)
    of_gateway = servers is not None and servers.leads_to_gateway(item.after or {})
    result = "other regions connect to the old one" if of_gateway and field == "port" else "what used the old one fails"
    return f"{field} of port {_name(change)} becomes {change.after} instead of {change.before}: {result}"


@impact(
    "DI407",
    "selector-changes",
    "outage",
    why="The Service sends to other pods, or to none.",
    source=SOURCE,
    remedy="Compare the selector with the pods' labels.",
    fails="""\
at: Service/nats:spec.selector.tier
new: {clients: {spec: {selector: {tier: web}}}}""",
    passes="new: {clients: {metadata: {labels: {tier: web}}}}",
)
def selector_changes(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """The selector of a Service changes."""
    return "the Service sends to other pods, or to none" if _stays(item, change, "selector") else None


@impact(
    "DI408",
    "clients-reach-servers-that-are-not-ready",
    "outage",
    why="With publishNotReadyAddresses a Service sends to pods that are not ready, too. Gateways need that; clients "
    "that come through the same Service reach servers that cannot serve them yet.",
    source="nats-io/k8s issues; the EndpointSlice controller of Kubernetes",
    remedy="Set the flag on a Service of the gateway's own only.",
    fails="""\
at: Service/nats:spec.publishNotReadyAddresses
new: {clients: {spec: {publishNotReadyAddresses: true}}}""",
    passes="""\
old: {service: {spec: {publishNotReadyAddresses: false}}}""",
)
def not_ready_addresses(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A Service for clients publishes the addresses of pods that are not ready."""
    if not _stays(item, change, "publishNotReadyAddresses") or change.after is not True:
        return None  # the cold start that may hang without the flag is an impact of its own
    servers = context.of_service(item)
    value = item.after or {}
    if servers is None or (value.get("spec") or {}).get("clusterIP") == "None":
        return None
    if len(ports_of(value)) == 1 and servers.leads_to_gateway(value):
        return None
    return "clients that connect through this Service reach servers that are not ready"


@impact(
    "DI409",
    "load-balancer-ip-changes",
    "outage",
    why="The load balancer gets another address. Whoever connects to the old one fails.",
    source=SOURCE,
    remedy="Move the DNS name first, or keep the address.",
    fails="""\
at: Service/nats-gateway:spec.loadBalancerIP
new: {service: {spec: {loadBalancerIP: 192.0.2.7}}}""",
    passes="new: {service: {spec: {externalTrafficPolicy: Cluster}}}",
)
def load_balancer_ip_changes(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """The address that a Service requests in loadBalancerIP changes."""
    if not _stays(item, change, "loadBalancerIP"):
        return None
    return "the load balancer gets another address; whoever connects to the old one fails"


@impact(
    "DI410",
    "source-ranges-widen",
    "exposure",
    why="The load balancer accepts connections from more addresses; from all of them where no range is left.",
    source=SOURCE,
    remedy="List only the addresses from which the other regions connect.",
    fails="""\
at: Service/nats-gateway:spec.loadBalancerSourceRanges
service: {spec: {loadBalancerSourceRanges: [192.0.2.0/24]}}
new: {service: {spec: {loadBalancerSourceRanges: null}}}""",
    passes="""\
service: {spec: {loadBalancerSourceRanges: [192.0.2.0/24, 198.51.100.0/24]}}
new: {service: {spec: {loadBalancerSourceRanges: [192.0.2.0/24]}}}""",
)
def source_ranges_widen(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """A load balancer accepts more source ranges than before."""
    return _ranges(item, change, "admits")


@impact(
    "DI411",
    "source-ranges-narrow",
    "outage",
    why="The load balancer drops connections from addresses that it accepted before.",
    source=SOURCE,
    remedy="Make sure that the addresses of every region's nodes are in the list.",
    fails="""\
at: Service/nats-gateway:spec.loadBalancerSourceRanges[1]
service: {spec: {loadBalancerSourceRanges: [192.0.2.0/24, 198.51.100.0/24]}}
new: {service: {spec: {loadBalancerSourceRanges: [192.0.2.0/24]}}}""",
    passes="""\
service: {spec: {loadBalancerSourceRanges: [192.0.2.0/24]}}
new: {service: {spec: {loadBalancerSourceRanges: null}}}""",
)
def source_ranges_narrow(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """A load balancer accepts fewer source ranges than before."""
    return _ranges(item, change, "excludes")


@impact(
    "DI412",
    "traffic-stays-on-node",
    "none",
    why="With the policy Local traffic goes only to pods on the node that it reached; a node without such a pod drops "
    "it. Load balancers check the nodes for that.",
    source=SOURCE,
    fails="""\
at: Service/nats-gateway:spec.externalTrafficPolicy
new: {service: {spec: {externalTrafficPolicy: Local}}}""",
    passes="""\
old: {service: {spec: {externalTrafficPolicy: Local}}}
new: {service: {spec: {externalTrafficPolicy: Cluster}}}""",
)
def traffic_stays_on_node(_: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """The external or internal traffic policy of a Service becomes Local."""
    is_policy = _stays(item, change, "externalTrafficPolicy") or _stays(item, change, "internalTrafficPolicy")
    if not is_policy or change.after != "Local":
        return None
    return Consequence("traffic goes only to pods on the node that it reached: nodes without one drop it")


def _stays(item: ObjectDiff, change: Change, field: str) -> bool:
    """Whether the change is at or in this field of the spec of a Service that is on both sides."""
    is_service = item.key.kind == "Service" and not item.key.group and item.before is not None
    return is_service and item.after is not None and change.path[:2] == ("spec", field)


def _type(service: dict[str, Any] | None) -> str:
    return str(((service or {}).get("spec") or {}).get("type") or "ClusterIP")


def _is_port(item: ObjectDiff, change: Change) -> bool:
    """Whether one whole port comes or goes."""
    return _stays(item, change, "ports") and len(change.path) == 3  # noqa: PLR2004 - one of the list


def _name(change: Change) -> Any:
    part = change.path[2]
    return part.value if isinstance(part, Item) else part


def _ranges(item: ObjectDiff, change: Change, kind: Kind) -> str | None:
    """What a change of a load balancer's source ranges does, if it is of this kind."""
    if not _stays(item, change, "loadBalancerSourceRanges") or not is_load_balancer(item.after or {}):
        return None
    before, after = (spec_of(side or {}).get("loadBalancerSourceRanges") for side in (item.before, item.after))
    effect = ranges(_texts(before), _texts(after))
    return effect.reason if effect is not None and effect.kind == kind else None


def _texts(given: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in given) if isinstance(given, list) else ()


IMPACTS = (
    load_balancer_removed_by_type,
    node_ports_close,
    service_opens,
    port_opens,
    port_removed,
    port_changes,
    selector_changes,
    not_ready_addresses,
    load_balancer_ip_changes,
    source_ranges_widen,
    source_ranges_narrow,
    traffic_stays_on_node,
)
