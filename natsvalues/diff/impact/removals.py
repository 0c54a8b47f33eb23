"""The servers' StatefulSet when it is removed, and objects that get another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.services import is_load_balancer
from natsvalues.manifests.settings import jetstream_is_on
from natsvalues.supercluster.losses import MANUALS

if TYPE_CHECKING:
    from natsvalues.diff.changes import ObjectDiff
    from natsvalues.diff.impact.context import Context

STATEFULSETS = "documented behaviour of the StatefulSet controller"
SERVICES = "documented behaviour of Services"
KIND = "documented behaviour of the kind"


@impact(
    "DI521",
    "statefulset-removed",
    "outage",
    "object",
    why="All its pods stop. Their volume claims stay, unless whenDeleted: Delete is set.",
    source=STATEFULSETS,
    remedy="Keep it until nobody needs its pods.",
    fails="""\
at: StatefulSet/nats
new: {statefulSet: null}""",
    passes="""\
old: {statefulSet: {spec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}}}}
new: {statefulSet: null}""",
)
def statefulset_removed(context: Context, item: ObjectDiff) -> str | None:
    """A StatefulSet is removed, and its volume claims stay."""
    if item.op != "remove" or item.key.kind != "StatefulSet":
        return None
    return "all its pods stop" + ("; the volume claims stay" if _ran_jetstream(context, item) else "")


@impact(
    "DI522",
    "statefulset-and-claims-removed",
    "data-loss",
    "object",
    why="With persistentVolumeClaimRetentionPolicy.whenDeleted: Delete the volume claims are deleted with the "
    "StatefulSet, and every stream on them.",
    source=STATEFULSETS,
    remedy="Set persistentVolumeClaimRetentionPolicy.whenDeleted: Retain in an upgrade of its own first.",
    fails="""\
at: StatefulSet/nats
old: {statefulSet: {spec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}}}}
new: {statefulSet: null}""",
    passes="new: {statefulSet: null}",
)
def statefulset_and_claims_removed(context: Context, item: ObjectDiff) -> str | None:
    """The StatefulSet of servers with JetStream is removed, and its volume claims are deleted."""
    if item.op != "remove" or item.key.kind != "StatefulSet" or not _ran_jetstream(context, item):
        return None
    policy = ((item.before or {}).get("spec") or {}).get("persistentVolumeClaimRetentionPolicy") or {}
    if policy.get("whenDeleted") != "Delete":
        return None
    return "all servers stop, and their volume claims are deleted too (whenDeleted: Delete)"


@impact(
    "DI531",
    "object-renamed",
    "none",
    "object",
    why="Helm deletes the object under the old name and creates it under the new one.",
    source=KIND,
    fails="""\
at: PodDisruptionBudget/later
old: {add: "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: extra}, spec: {minAvailable: 2}}"}
new: {add: "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: later}, spec: {minAvailable: 2}}"}""",
    passes="new: {service: {metadata: {name: other}}}",
)
def object_renamed(_: Context, item: ObjectDiff) -> str | None:
    """An object gets another name."""
    return f"`{_old_name(item)}` is deleted and `{item.key.name}` is created" if item.op == "rename" else None


@impact(
    "DI532",
    "jetstream-statefulset-renamed",
    "identity",
    "object",
    why="The pods have other names, and with them the servers; the new pods get empty volume claims, and the streams "
    "stay in the claims of the old name.",
    source=MANUALS["statefulset-name"].source,
    remedy=MANUALS["statefulset-name"].remedy,
    fails="""\
at: StatefulSet/bus
new: {statefulSet: {metadata: {name: bus}}}""",
    passes="""\
conf: {jetstream: null}
new: {statefulSet: {metadata: {name: bus}}}""",
)
def jetstream_statefulset_renamed(context: Context, item: ObjectDiff) -> str | None:
    """The StatefulSet of servers with JetStream gets another name."""
    servers = context.of_statefulset(item) if item.op == "rename" and item.key.kind == "StatefulSet" else None
    lost = servers.losses if servers is not None else []
    return next((loss.message for loss in lost if loss.kind == "statefulset-name"), None)


@impact(
    "DI533",
    "statefulset-renamed",
    "outage",
    "object",
    why="The pods of the old name stop, and pods of the new name start.",
    source=KIND,
    remedy="Keep the name (fullnameOverride, nameOverride), or choose a time of little traffic.",
    fails="""\
at: StatefulSet/bus
conf: {jetstream: null}
new: {statefulSet: {metadata: {name: bus}}}""",
    passes="new: {statefulSet: {metadata: {name: bus}}}",
)
def statefulset_renamed(context: Context, item: ObjectDiff) -> str | None:
    """A StatefulSet without JetStream gets another name."""
    if item.op != "rename" or item.key.kind != "StatefulSet" or _ran_jetstream(context, item):
        return None
    return f"the pods of `{_old_name(item)}` stop, and pods of another name start"


@impact(
    "DI534",
    "service-renamed",
    "outage",
    "object",
    why="The old name no longer resolves. A load balancer is deleted, and the new Service gets one with another "
    "address.",
    source=SERVICES,
    remedy="Keep both names until everybody has moved.",
    fails="""\
at: Service/other
new: {service: {metadata: {name: other}}}""",
    passes="""\
new: {service: {metadata: {labels: {team: a}}}}""",
)
def service_renamed(_: Context, item: ObjectDiff) -> str | None:
    """A Service gets another name."""
    if item.op != "rename" or item.key.kind != "Service":
        return None
    result = "its address and its load balancer go" if is_load_balancer(item.before or {}) else "its name goes"
    return f"`{_old_name(item)}` is deleted and `{item.key.name}` is created: {result}"


@impact(
    "DI535",
    "workload-renamed",
    "restart",
    "object",
    why="The pods of the old name stop, and those of the new name start.",
    source=KIND,
    fails="""\
at: Deployment/later
old: {add: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {}}}}"}
new: {add: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: later}, spec: {template: {spec: {}}}}"}""",
    passes="new: {statefulSet: {metadata: {name: bus}}}",
)
def workload_renamed(_: Context, item: ObjectDiff) -> str | None:
    """A Deployment or a DaemonSet gets another name."""
    if item.op != "rename" or item.key.kind not in ("Deployment", "DaemonSet"):
        return None
    return f"the pods of `{_old_name(item)}` stop, and those of `{item.key.name}` start"


def _ran_jetstream(context: Context, item: ObjectDiff) -> bool:
    servers = context.of_statefulset(item)
    return servers is not None and jetstream_is_on(servers.old_conf)


def _old_name(item: ObjectDiff) -> str:
    return item.was.name if item.was else "?"


IMPACTS = (
    statefulset_removed,
    statefulset_and_claims_removed,
    object_renamed,
    jetstream_statefulset_renamed,
    statefulset_renamed,
    service_renamed,
    workload_renamed,
)
