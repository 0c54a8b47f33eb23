"""What JetStream keeps, and changes that take it away: store directory, store size, volume claims, the block itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import Impact
from natsvalues.manifests.quantities import quantity
from natsvalues.manifests.settings import jetstream_is_on
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers

_SIZES = frozenset(("max_file_store", "max_file", "max_memory_store", "max_mem"))


def store(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """JetStream's own settings, where it ran."""
    servers = context.of_config_map(item) if change.file else None
    if (
        servers is None
        or not jetstream_is_on(servers.old_conf)
        or change.path[:1] not in (("jetstream",), ("store_dir",))
    ):
        return None
    if change.path == ("jetstream",) and not jetstream_is_on(servers.new_conf):
        return Impact(
            "outage",
            "JetStream is turned off: streams, consumers and key-value buckets of this region are not served; what is "
            "stored stays on the volumes",
            "documented behaviour of the server",
            "if the region is to join a supercluster as an empty one, empty its store before JetStream comes back",
        )
    last = str(change.path[-1])
    if last == "store_dir" or (change.path == ("store_dir",)):
        return Impact(
            "data-loss",
            "the store directory changes: the servers start with an empty JetStream, and what is in the old directory "
            "is not looked for",
            "documented behaviour of the server",
            "keep it; or move the data on every volume while that server is stopped",
        )
    if last in _SIZES and _shrinks(change):
        return Impact(
            "data-loss",
            f"the JetStream store shrinks ({last}): a reload refuses that, and after a restart streams that do not fit "
            "any more are not recovered or take no messages",
            "reload: run on nats-server 2.12.8 and 2.14.6",
            "compare with what is in use (`nats server report jetstream`) and keep room for every stream's replicas",
        )
    return None


def _shrinks(change: Change) -> bool:
    before, after = quantity(change.before), quantity(change.after)
    return before is not None and after is not None and 0 <= after < before


def claims(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """The volumes of the servers: a claim that goes, one that shrinks, a mount that no longer is the store."""
    servers = context.of_statefulset(item) if item.key.kind == "StatefulSet" and not change.file else None
    if servers is None or not jetstream_is_on(servers.old_conf):
        return None
    if change.path[:2] == ("spec", "volumeClaimTemplates"):
        if change.op == "remove" and (len(change.path) == 2 or _holds_store(servers, change.path[2])):  # noqa: PLR2004 - the list, or one of it
            return Impact(
                "data-loss",
                "the volume claim that holds JetStream goes: the API server refuses that on a live StatefulSet, and "
                "one made anew starts its servers with empty stores",
                "run on kube-apiserver 1.34 and 1.37",
                "keep the claim; to change it, do so server by server, and let each catch up before the next",
            )
        return None
    server = Item("name", servers.old.container) if servers.old else None
    goes_on = jetstream_is_on(servers.new_conf)
    unmounted = goes_on and change.op == "remove" and "volumeMounts" in change.path and server in change.path
    if unmounted and _is_store_mount(servers, change.path[-1], change.before):
        return Impact(
            "data-loss",
            "the volume is no longer mounted where JetStream keeps its store: the servers start with empty stores",
            "documented behaviour of the server",
            "mount it where jetstream.store_dir is",
        )
    return None


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


def replicas(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """Fewer or more servers."""
    servers = context.of_statefulset(item) if item.key.kind == "StatefulSet" else None
    if servers is None or change.path != ("spec", "replicas"):
        return None
    before, after = _count(change.before), _count(change.after)
    if after >= before:
        return Impact("none", f"{after - before} more servers start; those that run go on") if after > before else None
    if not jetstream_is_on(servers.old_conf):
        return Impact("outage", f"{before - after} servers stop, and their clients connect elsewhere")
    policy = (item.after or {}).get("spec", {}).get("persistentVolumeClaimRetentionPolicy") or {}
    if policy.get("whenScaled") == "Delete":
        return Impact(
            "data-loss",
            f"{before - after} servers go, and their volume claims are deleted with them (whenScaled: Delete): streams "
            "with one replica there are lost",
            "documented behaviour of the StatefulSet controller",
            "move their streams first, and `nats server raft peer-remove` each server that goes",
        )
    majority = before // 2 + 1
    lost = f"; {after} of {before} are no majority, so JetStream has no leader any more" if after < majority else ""
    return Impact(
        "outage",
        f"{before - after} servers go without leaving the meta group: streams with replicas there lose them{lost}",
        "raft quorum",
        "move their streams first, `nats server raft peer-remove` each server that goes, then take one away at a time",
    )


def _count(given: Any) -> int:
    return given if isinstance(given, int) and not isinstance(given, bool) else 1
