"""Fewer or more servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.settings import jetstream_is_on
from natsvalues.records import NamedTuple
from natsvalues.supercluster.losses import MANUALS

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context


class Scaling(NamedTuple):
    """How many servers there were and will be, whether JetStream ran, and whether Kubernetes deletes their claims."""

    before: int
    after: int
    jetstream: bool
    deletes_claims: bool

    @property
    def removed(self) -> int:
        """How many servers stop; negative where some start."""
        return self.before - self.after


@impact(
    "DI111",
    "more-servers",
    "none",
    why="New servers start beside the running ones and join their cluster.",
    source="documented behaviour of the StatefulSet controller",
    fails="""\
at: StatefulSet/nats:spec.replicas
new: {statefulSet: {spec: {replicas: 5}}}""",
    passes="new: {statefulSet: {spec: {replicas: 1}}}",
)
def more_servers(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A StatefulSet of NATS gets more replicas."""
    scaling = _scaling(context, item, change)
    if scaling is None or scaling.removed >= 0:
        return None
    return f"{-scaling.removed} more servers start; those that run continue"


@impact(
    "DI112",
    "fewer-servers",
    "outage",
    why="Clients of the servers that stop connect to others.",
    source="documented behaviour of the StatefulSet controller",
    remedy="Keep as many servers as the load needs.",
    fails="""\
at: StatefulSet/nats:spec.replicas
conf: {jetstream: null}
new: {statefulSet: {spec: {replicas: 1}}}""",
    passes="""\
conf: {jetstream: null}
new: {statefulSet: {spec: {replicas: 5}}}""",
)
def fewer_servers(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A StatefulSet of NATS without JetStream gets fewer replicas."""
    scaling = _scaling(context, item, change)
    if scaling is None or scaling.removed <= 0 or scaling.jetstream:
        return None
    stop = (
        "1 server stops, and its clients"
        if scaling.removed == 1
        else f"{scaling.removed} servers stop, and their clients"
    )
    return f"{stop} connect to others"


@impact(
    "DI113",
    "fewer-jetstream-servers",
    "outage",
    why="A server that is scaled away stays a member of the meta group and of its streams' groups: streams with "
    "replicas there lose them, and without a majority JetStream has no leader.",
    source="RAFT needs a majority of its members",
    remedy="Move their streams first, run `nats server raft peer-remove` for each server that goes, and then remove "
    "one at a time.",
    fails="""\
at: StatefulSet/nats:spec.replicas
new: {statefulSet: {spec: {replicas: 1}}}""",
    passes="""\
conf: {jetstream: null}
new: {statefulSet: {spec: {replicas: 1}}}""",
)
def fewer_jetstream_servers(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A StatefulSet of NATS with JetStream gets fewer replicas, and the volume claims stay."""
    scaling = _scaling(context, item, change)
    if scaling is None or scaling.removed <= 0 or not scaling.jetstream or scaling.deletes_claims:
        return None
    majority = scaling.before // 2 + 1
    lost = (
        f"; {scaling.after} of {scaling.before} are no majority, so JetStream has no leader"
        if scaling.after < majority
        else ""
    )
    go = "1 server goes" if scaling.removed == 1 else f"{scaling.removed} servers go"
    return f"{go} without leaving the meta group: streams with replicas there lose them{lost}"


@impact(
    "DI114",
    "fewer-servers-and-claims",
    "data-loss",
    why="With persistentVolumeClaimRetentionPolicy.whenScaled: Delete the volume claims are deleted with the servers: "
    "streams that have their only replica there are lost.",
    source=MANUALS["claims-deleted"].source,
    remedy=MANUALS["claims-deleted"].remedy,
    fails="""\
at: StatefulSet/nats:spec.replicas
new: {statefulSet: {spec: {replicas: 2, persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}}}}""",
    passes="""\
new: {statefulSet: {spec: {replicas: 2, persistentVolumeClaimRetentionPolicy: {whenScaled: Retain}}}}""",
)
def fewer_servers_and_claims(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A StatefulSet of NATS with JetStream gets fewer replicas, and their volume claims are deleted."""
    return context.loss(item, change, "claims-deleted")


def _scaling(context: Context, item: ObjectDiff, change: Change) -> Scaling | None:
    """What a change of the replicas of a NATS means; None for any other change."""
    servers = context.of_statefulset(item) if item.key.kind == "StatefulSet" else None
    if servers is None or change.path != ("spec", "replicas"):
        return None
    deletes = any(loss.kind == "claims-deleted" for loss in servers.losses)
    return Scaling(_count(change.before), _count(change.after), jetstream_is_on(servers.old_conf), deletes)


def _count(given: Any) -> int:
    return given if isinstance(given, int) and not isinstance(given, bool) else 1


IMPACTS = (more_servers, fewer_servers, fewer_jetstream_servers, fewer_servers_and_claims)
