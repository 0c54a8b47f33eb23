"""Changes of JetStream's store: its directory, size and volume claim, the JetStream block itself, and its cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.settings import ENABLED, jetstream_is_on
from natsvalues.supercluster.cold_start import MORE_SERVERS, never_elects
from natsvalues.supercluster.losses import MANUALS

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context


@impact(
    "DI101",
    "jetstream-turned-off",
    "outage",
    why="Streams, consumers and key-value buckets of the region are not served while JetStream is off. Their data "
    "stays on the volumes.",
    source="documented behaviour of the server",
    remedy="If the region is to join a supercluster as an empty one, empty its store before JetStream comes back.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:jetstream
new: {conf: {jetstream: null}}""",
    passes="old: {conf: {jetstream: null}}",
)
def jetstream_turned_off(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """JetStream ran, and the new release turns it off."""
    block = change.path[:1] == ("jetstream",) and (len(change.path) == 1 or change.path[1] in ENABLED)
    servers = context.of_config_map(item) if change.file and block else None
    if servers is None or not jetstream_is_on(servers.old_conf) or jetstream_is_on(servers.new_conf):
        return None
    return (
        "JetStream is turned off: streams, consumers and key-value buckets of this region are not served; what is "
        "stored stays on the volumes"
    )


@impact(
    "DI102",
    "store-directory-changes",
    "data-loss",
    why="The servers start with an empty JetStream in the new directory, and do not look for what is in the old one.",
    source=MANUALS["store-directory"].source,
    remedy=MANUALS["store-directory"].remedy,
    fails="""\
at: ConfigMap/nats-config:nats.conf:jetstream.store_dir
new: {conf: {jetstream: {store_dir: /other}}}""",
    passes="""\
old: {conf: {jetstream: null}}
new: {conf: {jetstream: {store_dir: /other}}}""",
)
def store_directory_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The directory in which JetStream stores its data changes."""
    return context.loss(item, change, "store-directory")


@impact(
    "DI103",
    "store-shrinks",
    "data-loss",
    why="A reload refuses a smaller store. After a restart, streams that no longer fit are not recovered, or take no "
    "messages.",
    source=MANUALS["store-size"].source,
    remedy=MANUALS["store-size"].remedy,
    fails="""\
at: ConfigMap/nats-config:nats.conf:jetstream.max_file_store
new: {conf: {jetstream: {max_file_store: 5G}}}""",
    passes="new: {conf: {jetstream: {max_file_store: 50G}}}",
)
def store_shrinks(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The limit of JetStream's file or memory store gets smaller."""
    return context.loss(item, change, "store-size")


@impact(
    "DI104",
    "claim-removed",
    "data-loss",
    why="The API server refuses to change the volume claim templates of a live StatefulSet; a StatefulSet that is "
    "created again without the claim starts its servers with empty stores.",
    source=MANUALS["store-claim"].source,
    remedy=MANUALS["store-claim"].remedy,
    fails="""\
at: StatefulSet/nats:spec.volumeClaimTemplates
new: {statefulSet: {spec: {volumeClaimTemplates: null}}}""",
    passes="""\
conf: {jetstream: null}
new: {statefulSet: {spec: {volumeClaimTemplates: null}}}""",
)
def claim_removed(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The volume claim template that holds JetStream's store is removed."""
    return context.loss(item, change, "store-claim")


@impact(
    "DI105",
    "store-not-mounted",
    "data-loss",
    why="JetStream writes to the container's own file system, and starts with an empty store.",
    source=MANUALS["store-mount"].source,
    remedy=MANUALS["store-mount"].remedy,
    fails="""\
at: StatefulSet/nats:spec.template.spec.containers[name=nats].volumeMounts[mountPath=/data]
new: {container: {volumeMounts: [{name: config, mountPath: /etc/nats-config}]}}""",
    passes="""\
old: {container: {volumeMounts: [{name: config, mountPath: /etc/nats-config}, {name: nats-js, mountPath: /data},
  {name: pid, mountPath: /var/run/nats}]}}
new: {container: {volumeMounts: [{name: config, mountPath: /etc/nats-config}, {name: nats-js, mountPath: /data}]}}""",
)
def store_not_mounted(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The volume is no longer mounted where JetStream keeps its store."""
    return context.loss(item, change, "store-mount")


@impact(
    "DI106",
    "standalone-store-left",
    "data-loss",
    why="A cluster does not take over what JetStream stored on a server without a cluster. The stream list is empty "
    "once there is a leader, and 30 s after the start the files are deleted (`Detected orphaned stream`).",
    source=MANUALS["standalone-store"].source,
    remedy=MANUALS["standalone-store"].remedy,
    fails="""\
at: ConfigMap/nats-config:nats.conf:cluster
old: {conf: {cluster: null, gateway: null}, statefulSet: {spec: {replicas: 1}}}""",
    passes="old: {conf: {cluster: null, gateway: null, jetstream: null}}",
)
def standalone_store_left(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """JetStream ran on a server without a cluster, and becomes clustered."""
    return context.loss(item, change, "standalone-store")


@impact(
    "DI107",
    "clustered-store-left",
    "identity",
    why="A server without a cluster does not recover streams of more than one replica: /healthz is 503, and they "
    "cannot be reached until the cluster is back. It has those of one replica that were stored on it.",
    source=MANUALS["clustered-store"].source,
    remedy=MANUALS["clustered-store"].remedy,
    fails="""\
at: ConfigMap/nats-config:nats.conf:cluster
new: {conf: {cluster: null, gateway: null}, statefulSet: {spec: {replicas: 1}}}""",
    passes="new: {conf: {cluster: null, gateway: null, jetstream: null}}",
)
def clustered_store_left(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """JetStream leaves its cluster."""
    return context.loss(item, change, "clustered-store")


@impact(
    "DI108",
    "leader-never-elected",
    "deadlock",
    "release",
    why="A server that no other one of its meta group reaches never elects a leader, whatever its store holds.",
    source="run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1",
    remedy=MORE_SERVERS,
    fails="""\
untouched: true
conf: {cluster: {routes: ['nats://nats-0.nats-headless:6222']}, gateway: null}
new: {statefulSet: {spec: {replicas: 1}}}""",
    passes="new: {statefulSet: {spec: {replicas: 1}}}",
)
def leader_never_elected(context: Context) -> str | None:
    """The new release has one server in a cluster, which can elect no leader, and the old release has not."""
    for servers in context.servers:
        reason = never_elects(servers.after) if servers.after is not None else ""
        if reason and (servers.before is None or not never_elects(servers.before)):
            return reason
    return None


IMPACTS = (
    jetstream_turned_off,
    store_directory_changes,
    store_shrinks,
    claim_removed,
    store_not_mounted,
    standalone_store_left,
    clustered_store_left,
    leader_never_elected,
)
