"""JetStream's store, and changes that lose it: the directory, the size, volume claims, the block itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.quantities import quantity
from natsvalues.manifests.settings import jetstream_is_on
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers

_SIZES = frozenset(("max_file_store", "max_file", "max_memory_store", "max_mem"))


@impact(
    "DI101",
    "jetstream-turned-off",
    "outage",
    why="Streams, consumers and key-value buckets of the region are not served while JetStream is off. What is stored "
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
    servers = _of_store(context, item, change)
    if servers is None or change.path != ("jetstream",) or jetstream_is_on(servers.new_conf):
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
    source="documented behaviour of the server",
    remedy="Keep the directory, or move the data on every volume while that server is stopped.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:jetstream.store_dir
new: {conf: {jetstream: {store_dir: /other}}}""",
    passes="""\
old: {conf: {jetstream: null}}
new: {conf: {jetstream: {store_dir: /other}}}""",
)
def store_directory_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The directory in which JetStream stores its data changes."""
    if _of_store(context, item, change) is None or str(change.path[-1]) != "store_dir":
        return None
    return (
        "the store directory changes: the servers start with an empty JetStream, and do not look for what is in the "
        "old directory"
    )


@impact(
    "DI103",
    "store-shrinks",
    "data-loss",
    why="A reload refuses a smaller store. After a restart, streams that no longer fit are not recovered, or take no "
    "messages.",
    source="reload: run on nats-server 2.12.8 and 2.14.6",
    remedy="Compare with what is in use (`nats server report jetstream`), and keep room for every stream's replicas.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:jetstream.max_file_store
new: {conf: {jetstream: {max_file_store: 5Gi}}}""",
    passes="new: {conf: {jetstream: {max_file_store: 50Gi}}}",
)
def store_shrinks(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The limit of JetStream's file or memory store gets smaller."""
    last = str(change.path[-1]) if change.path else ""
    if last not in _SIZES or not _shrinks(change) or _of_store(context, item, change) is None:
        return None
    return (
        f"the JetStream store gets smaller ({last}): a reload refuses that, and after a restart streams that no longer "
        "fit are not recovered or take no messages"
    )


def _of_store(context: Context, item: ObjectDiff, change: Change) -> Servers | None:
    """The servers whose JetStream settings a change is about, where JetStream ran."""
    if not change.file or change.path[:1] not in (("jetstream",), ("store_dir",)):
        return None
    servers = context.of_config_map(item)
    return servers if servers is not None and jetstream_is_on(servers.old_conf) else None


def _shrinks(change: Change) -> bool:
    before, after = quantity(change.before), quantity(change.after)
    return before is not None and after is not None and 0 <= after < before


@impact(
    "DI104",
    "claim-removed",
    "data-loss",
    why="The API server refuses to change the volume claim templates of a live StatefulSet; a StatefulSet that is "
    "created again without the claim starts its servers with empty stores.",
    source="run on kube-apiserver 1.34 and 1.37",
    remedy="Keep the claim. To change it, go server by server, and let each catch up before the next.",
    fails="""\
at: StatefulSet/nats:spec.volumeClaimTemplates
new: {statefulSet: {spec: {volumeClaimTemplates: null}}}""",
    passes="""\
conf: {jetstream: null}
new: {statefulSet: {spec: {volumeClaimTemplates: null}}}""",
)
def claim_removed(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The volume claim template that holds JetStream's store is removed."""
    servers = _with_claims(context, item, change)
    if servers is None or change.op != "remove" or change.path[:2] != ("spec", "volumeClaimTemplates"):
        return None
    if len(change.path) > 2 and not _holds_store(servers, change.path[2]):  # noqa: PLR2004 - one of the list
        return None
    return (
        "the volume claim that holds JetStream is removed: the API server refuses that on a live StatefulSet, and one "
        "that is created again starts its servers with empty stores"
    )


@impact(
    "DI105",
    "store-not-mounted",
    "data-loss",
    why="JetStream writes to the container's own file system, and starts with an empty store.",
    source="documented behaviour of the server",
    remedy="Mount the volume at jetstream.store_dir.",
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
    servers = _with_claims(context, item, change)
    if servers is None or change.op != "remove" or "volumeMounts" not in change.path:
        return None
    server = Item("name", servers.old.container) if servers.old else None
    if not jetstream_is_on(servers.new_conf) or server not in change.path:
        return None
    if not _is_store_mount(servers, change.path[-1], change.before):
        return None
    return "the volume is no longer mounted where JetStream keeps its store: the servers start with empty stores"


def _with_claims(context: Context, item: ObjectDiff, change: Change) -> Servers | None:
    """The servers whose StatefulSet a change is in, where JetStream ran."""
    servers = context.of_statefulset(item) if item.key.kind == "StatefulSet" and not change.file else None
    return servers if servers is not None and jetstream_is_on(servers.old_conf) else None


def _holds_store(servers: Servers, part: Any) -> bool:
    """Whether the claim of this name is mounted around the store directory."""
    name = part.value if isinstance(part, Item) else None
    mounts = servers.old.container_value.get("volumeMounts") or [] if servers.old else []
    return any(
        isinstance(mount, dict) and mount.get("name") == name and _around(mount.get("mountPath"), servers.old_conf)
        for mount in mounts
    )


def _is_store_mount(servers: Servers, part: Any, mount: Any) -> bool:
    path = mount.get("mountPath") if isinstance(mount, dict) else part.value if isinstance(part, Item) else None
    return _around(path, servers.old_conf)


def _around(mounted: Any, conf: dict[str, Any]) -> bool:
    block = conf.get("jetstream")
    folder = str(block.get("store_dir") or "") if isinstance(block, dict) else ""
    return isinstance(mounted, str) and (folder + "/").startswith(mounted.rstrip("/") + "/")


IMPACTS = (jetstream_turned_off, store_directory_changes, store_shrinks, claim_removed, store_not_mounted)
