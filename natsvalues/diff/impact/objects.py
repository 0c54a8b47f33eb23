"""Whole objects that are added, removed or renamed; the servers' own StatefulSet is in `removals.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.diff.impact.exposure import opened
from natsvalues.manifests.services import OUTSIDE, is_load_balancer
from natsvalues.manifests.spread import matches

if TYPE_CHECKING:
    from natsvalues.diff.changes import ObjectDiff
    from natsvalues.diff.impact.context import Context
    from natsvalues.diff.impact.declaration import Consequence

SERVICES = "documented behaviour of Services"
PODS = "documented behaviour of pods"
KIND = "documented behaviour of the kind"
ROUTES = ("Ingress", "Route", "HTTPRoute", "TLSRoute", "TCPRoute")
WORKLOADS = ("Deployment", "DaemonSet")
HELM_RESOURCE_POLICY = "helm.sh/resource-policy"


def is_kept(item: ObjectDiff) -> bool:
    """Whether Helm leaves an object that is removed or renamed where it is."""
    annotations = ((item.before or {}).get("metadata") or {}).get("annotations") or {}
    return item.op in ("remove", "rename") and annotations.get(HELM_RESOURCE_POLICY) == "keep"


@impact(
    "DI501",
    "object-added",
    "none",
    "object",
    why="Running objects do not change.",
    source=KIND,
    fails="""\
at: ConfigMap/extra
new: {add: "{apiVersion: v1, kind: ConfigMap, metadata: {name: extra}}"}""",
    passes="""\
old: {add: "{apiVersion: v1, kind: ConfigMap, metadata: {name: extra}}"}""",
)
def object_added(_: Context, item: ObjectDiff) -> str | None:
    """An object is new."""
    return "a new object; running objects do not change" if item.op == "add" else None


@impact(
    "DI502",
    "exposed-service-added",
    "exposure",
    "object",
    why="A load balancer or a node port makes every port of the Service reachable from outside the cluster.",
    source=SERVICES,
    remedy="Limit it to the addresses that need it (loadBalancerSourceRanges), and give gateways TLS or a password.",
    fails="""\
at: Service/nats-gateway
old: {service: null}""",
    passes="""\
new: {add: "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}"}""",
)
def exposed_service_added(context: Context, item: ObjectDiff) -> Consequence | None:
    """A Service of type LoadBalancer or NodePort is new."""
    value = item.after or {}
    if item.op != "add" or item.key.kind != "Service" or (value.get("spec") or {}).get("type") not in OUTSIDE:
        return None
    return opened(value, context.of_service(item))


@impact(
    "DI503",
    "route-added",
    "exposure",
    "object",
    why="What the Ingress or route leads to becomes reachable from outside the cluster.",
    source=KIND,
    remedy="Check that whoever reaches the address may connect.",
    fails="""\
at: Ingress/web
new: {add: "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}}"}""",
    passes="""\
new: {add: "{apiVersion: v1, kind: ConfigMap, metadata: {name: extra}}"}""",
)
def route_added(_: Context, item: ObjectDiff) -> str | None:
    """An Ingress or a route is new."""
    if item.op != "add" or item.key.kind not in ROUTES:
        return None
    return "what it leads to becomes reachable from outside the cluster"


@impact(
    "DI511",
    "object-removed",
    "none",
    "object",
    why="No running pod depends on the object directly.",
    source=KIND,
    fails="""\
at: PodDisruptionBudget/extra
old: {add: "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: extra}}"}""",
    passes="""\
old: {add: "{apiVersion: v1, kind: Secret, metadata: {name: extra}}"}""",
)
def object_removed(_: Context, item: ObjectDiff) -> str | None:
    """An object is removed that no running pod depends on."""
    return "no running pod depends on it directly" if item.op == "remove" else None


@impact(
    "DI512",
    "service-removed",
    "outage",
    "object",
    why="Its name no longer resolves, and its address is released.",
    source=SERVICES,
    remedy="Keep the Service until nobody connects to it.",
    fails="""\
at: Service/web
old: {add: "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}"}""",
    passes="new: {service: null}",
)
def service_removed(_: Context, item: ObjectDiff) -> str | None:
    """A Service without a load balancer is removed."""
    if item.op != "remove" or item.key.kind != "Service" or is_load_balancer(item.before or {}):
        return None
    return "the Service's name and address are no longer available"


@impact(
    "DI513",
    "load-balancer-removed",
    "outage",
    "object",
    why="The controller deletes the load balancer, and its address with it. A later load balancer has another address.",
    source=SERVICES,
    remedy="An upgrade without --post-renderer natsvalues removes the gateway's load balancer: check that it is given. "
    "If something else than Helm has the Service from now on, annotate it first: helm.sh/resource-policy: keep.",
    fails="""\
at: Service/nats-gateway
new: {service: null}""",
    passes="""\
old: {add: "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}"}""",
)
def load_balancer_removed(_: Context, item: ObjectDiff) -> str | None:
    """A Service of type LoadBalancer is removed."""
    if item.op != "remove" or item.key.kind != "Service" or not is_load_balancer(item.before or {}):
        return None
    return "the load balancer is deleted, and its address with it; a later one has another address"


@impact(
    "DI514",
    "workload-removed",
    "outage",
    "object",
    why="Its pods stop.",
    source=KIND,
    remedy="Keep it until nobody needs its pods.",
    fails="""\
at: Deployment/web
old: {add: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}"}""",
    passes="""\
new: {add: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}"}""",
)
def workload_removed(_: Context, item: ObjectDiff) -> str | None:
    """A Deployment or a DaemonSet is removed."""
    return "its pods stop" if item.op == "remove" and item.key.kind in WORKLOADS else None


@impact(
    "DI515",
    "claim-object-removed",
    "data-loss",
    "object",
    why="The claim is deleted, and with most storage classes the volume and the data on it.",
    source=KIND,
    remedy="Annotate it with helm.sh/resource-policy: keep in an upgrade of its own first.",
    fails="""\
at: PersistentVolumeClaim/data
old: {add: "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}}"}""",
    passes="""\
old: {add: "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data,
  annotations: {helm.sh/resource-policy: keep}}}"}""",
)
def claim_object_removed(_: Context, item: ObjectDiff) -> str | None:
    """A PersistentVolumeClaim is removed."""
    if item.op != "remove" or item.key.kind != "PersistentVolumeClaim":
        return None
    return "the claim is deleted, and with most storage classes the data on its volume"


@impact(
    "DI516",
    "pod-dependency-removed",
    "outage",
    "object",
    why="Running pods continue, but a pod that refers to an object that is missing does not start.",
    source=PODS,
    remedy="Check that no pod refers to it.",
    fails="""\
at: Secret/extra
old: {add: "{apiVersion: v1, kind: Secret, metadata: {name: extra}}"}""",
    passes="""\
old: {add: "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: extra}}"}""",
)
def pod_dependency_removed(_: Context, item: ObjectDiff) -> str | None:
    """A ConfigMap, a Secret or a ServiceAccount is removed."""
    if item.op != "remove" or item.key.kind not in ("ConfigMap", "Secret", "ServiceAccount"):
        return None
    return "pods that refer to it do not start without it"


@impact(
    "DI517",
    "network-policy-removed",
    "exposure",
    "object",
    why="Pods that no policy selects accept every connection.",
    source=KIND,
    remedy="Keep the policy, or check that another one selects the same pods.",
    fails="""\
at: NetworkPolicy/extra
old: {add: "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: extra}}"}""",
    passes="""\
new: {add: "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: extra}}"}""",
)
def network_policy_removed(_: Context, item: ObjectDiff) -> str | None:
    """A NetworkPolicy is removed."""
    if item.op != "remove" or item.key.kind != "NetworkPolicy":
        return None
    return "the pods that it selected accept connections that it refused"


@impact(
    "DI518",
    "route-removed",
    "outage",
    "object",
    why="What the Ingress or route led to is no longer reachable from outside the cluster that way.",
    source=KIND,
    remedy="Keep it until nobody connects through it.",
    fails="""\
at: Ingress/web
old: {add: "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}}"}""",
    passes="""\
new: {add: "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}}"}""",
)
def route_removed(_: Context, item: ObjectDiff) -> str | None:
    """An Ingress or a route is removed."""
    if item.op != "remove" or item.key.kind not in ROUTES:
        return None
    return "what it leads to is no longer reachable through it from outside the cluster"


@impact(
    "DI519",
    "disruption-budget-removed",
    "outage",
    "object",
    why="Without the budget a node drain, also one by the provider or an autoscaler, may take several servers at once. "
    "If no majority is left, JetStream has no leader until they are back.",
    source="documented behaviour of the Eviction API",
    remedy="Keep it (podDisruptionBudget in the chart's values), or drain one node at a time.",
    fails="""\
at: PodDisruptionBudget/extra
old: {add: "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: extra},
  spec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/component: nats}}}}"}""",
    passes="""\
old: {add: "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: extra},
  spec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/component: web}}}}"}""",
)
def disruption_budget_removed(context: Context, item: ObjectDiff) -> str | None:
    """The PodDisruptionBudget of several servers is removed."""
    if item.op != "remove" or item.key.kind != "PodDisruptionBudget":
        return None
    selector = ((item.before or {}).get("spec") or {}).get("selector")
    for servers in context.servers:
        if servers.new is None or servers.replicas < 2 or not matches(selector, servers.new.pod_labels):  # noqa: PLR2004 - several
            continue
        return f"nothing keeps a node drain from taking several of the {servers.replicas} servers at once"
    return None


IMPACTS = (
    object_added,
    exposed_service_added,
    route_added,
    object_removed,
    service_removed,
    load_balancer_removed,
    workload_removed,
    claim_object_removed,
    pod_dependency_removed,
    network_policy_removed,
    route_removed,
    disruption_budget_removed,
)
