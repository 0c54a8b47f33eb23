"""Whole objects that come, go, or get another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.changes import Impact
from natsvalues.diff.impact.cold_start import lost_service
from natsvalues.diff.impact.context import is_load_balancer, leads_to_gateway, ports_of
from natsvalues.diff.impact.services import OUTSIDE, listed
from natsvalues.manifests.settings import jetstream_is_on

if TYPE_CHECKING:
    from natsvalues.diff.changes import ObjectDiff
    from natsvalues.diff.impact.context import Context

SERVICES = "documented behaviour of Services"
STATEFULSETS = "documented behaviour of the StatefulSet controller"
PODS = "documented behaviour of pods"
KIND = "documented behaviour of the kind"
WORKLOADS = ("StatefulSet", "Deployment", "DaemonSet")
HELM_RESOURCE_POLICY = "helm.sh/resource-policy"


def whole(context: Context, item: ObjectDiff) -> Impact:
    """What it does that an object is added, removed or renamed."""
    if item.hook:
        return Impact("none", "a hook, which Helm runs and does not keep")
    found = {
        "add": _added,
        "remove": _removed,
        "rename": _renamed,
        "change": lambda *_: Impact("none"),
    }[item.op](context, item)
    if item.op in ("remove", "rename") and _is_kept(item):
        return Impact("none", "Helm leaves the object where it is (helm.sh/resource-policy: keep)")
    return found


def _is_kept(item: ObjectDiff) -> bool:
    annotations = ((item.before or {}).get("metadata") or {}).get("annotations") or {}
    return annotations.get(HELM_RESOURCE_POLICY) == "keep"


def _added(context: Context, item: ObjectDiff) -> Impact:
    value = item.after or {}
    if item.key.kind == "Service" and (value.get("spec") or {}).get("type") in OUTSIDE:
        servers = context.of_service(item)
        gateway = servers is not None and leads_to_gateway(value, servers.new_conf) and len(ports_of(value)) == 1
        remedy = (
            "limit it to the other regions (loadBalancer.sourceRanges), and give the gateways TLS or a password"
            if gateway
            else "limit it with loadBalancerSourceRanges, or an internal load balancer"
        )
        return Impact(
            "exposure",
            f"{listed(value)} reachable from outside the cluster",
            SERVICES,
            remedy,
        )
    if item.key.kind in ("Ingress", "Route", "HTTPRoute", "TLSRoute", "TCPRoute"):
        return Impact("exposure", "a way in from outside the cluster opens", KIND)
    return Impact("none", "a new object; nothing that runs is touched")


def _removed(context: Context, item: ObjectDiff) -> Impact:
    value = item.before or {}
    kind = item.key.kind
    if kind == "Service":
        stuck = lost_service(context, item)
        if stuck is not None:
            return stuck
        if is_load_balancer(value):
            return Impact(
                "outage",
                "the load balancer goes, and its address with it; a later one has another",
                SERVICES,
                "an upgrade that forgot --post-renderer natsvalues removes the gateway's load balancer: is it there?",
            )
        return Impact("outage", "the Service's name and address go", SERVICES)
    if kind == "StatefulSet":
        return _statefulset_gone(context, item)
    if kind in WORKLOADS:
        return Impact("outage", "its pods stop", KIND)
    if kind == "PersistentVolumeClaim":
        return Impact(
            "data-loss",
            "the claim is deleted, and with most storage classes what is on it",
            KIND,
            "annotate it with helm.sh/resource-policy: keep first",
        )
    if kind in ("ConfigMap", "Secret", "ServiceAccount"):
        return Impact("outage", "pods that name it do not start any more, once it is gone", PODS)
    if kind == "NetworkPolicy":
        return Impact("exposure", "the pods it covered accept connections that it kept out", KIND)
    if kind in ("Ingress", "Route", "HTTPRoute", "TLSRoute", "TCPRoute"):
        return Impact("outage", "a way in from outside the cluster closes", KIND)
    return Impact("none", "nothing that runs depends on it directly")


def _statefulset_gone(context: Context, item: ObjectDiff) -> Impact:
    servers = context.of_statefulset(item)
    policy = ((item.before or {}).get("spec") or {}).get("persistentVolumeClaimRetentionPolicy") or {}
    with_jetstream = servers is not None and jetstream_is_on(servers.old_conf)
    if with_jetstream and policy.get("whenDeleted") == "Delete":
        return Impact(
            "data-loss",
            "all servers stop, and their volume claims are deleted too (whenDeleted: Delete)",
            STATEFULSETS,
            "set persistentVolumeClaimRetentionPolicy.whenDeleted: Retain in an upgrade of its own first",
        )
    kept = "; the volume claims stay" if with_jetstream else ""
    return Impact("outage", f"all its pods stop{kept}", STATEFULSETS)


def _renamed(context: Context, item: ObjectDiff) -> Impact:
    was = item.was.name if item.was else "?"
    if item.key.kind == "StatefulSet":
        servers = context.of_statefulset(item)
        if servers is not None and jetstream_is_on(servers.old_conf):
            return Impact(
                "identity",
                f"`{was}` is deleted and `{item.key.name}` is made: its pods have other names and empty volume claims, "
                f"so the streams stay behind in the claims of `{was}`",
                "server names: run on nats-server 2.12.8 and 2.15.1",
                "keep the name (fullnameOverride, nameOverride), or move the streams to the new servers before",
            )
        return Impact("outage", f"the pods of `{was}` stop, and pods of another name start", KIND)
    if item.key.kind == "Service":
        told = "its address and its load balancer go" if is_load_balancer(item.before or {}) else "its name goes"
        return Impact(
            "outage",
            f"`{was}` is deleted and `{item.key.name}` is made: {told}",
            SERVICES,
            "keep both names until everybody has moved",
        )
    if item.key.kind in WORKLOADS:
        return Impact("restart", f"the pods of `{was}` stop, and those of `{item.key.name}` start", KIND)
    return Impact("none", f"`{was}` is deleted and `{item.key.name}` is made")
