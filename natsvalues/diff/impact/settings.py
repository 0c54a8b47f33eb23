"""Settings of nats.conf: taken over by a reload, by a restart that comes anyway, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import Impact
from natsvalues.diff.impact.workloads import roll
from natsvalues.manifests.reloads import effect
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.reloads import Effect

BY_HAND = "roll the pods afterwards: `kubectl rollout restart statefulset/{name}`"


def setting(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """One setting of a server's configuration."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or servers.new is None:
        return None
    if servers.old is None:
        return None  # servers that start anew read everything
    if servers.template_changes:
        return roll(servers)
    told = _effect(change, servers)
    by_hand = BY_HAND.format(name=servers.new.name)
    missing = _deaf(servers.new)
    if missing:
        return Impact("not-applied", f"{missing}, and the pod template stays the same", "the rendering", by_hand)
    if told.outcome == "reload":
        spoiler = _spoiler(item, change, servers)
        if spoiler is None:
            return Impact("reload", told.reason, told.source)
        return Impact(
            "not-applied",
            f"would reload, but {spoiler} in the same file does not, and a reload is all or nothing",
            "run on nats-server 2.12.8 and 2.14.6",
            by_hand,
        )
    return Impact("not-applied", told.reason, told.source, by_hand)


def _effect(change: Change, servers: Servers) -> Effect:
    assert servers.new is not None  # noqa: S101 - asked for before
    return effect(_plain(change.path), change.before, change.after, servers.new.version)


def _plain(path: tuple[Any, ...]) -> tuple[str | int, ...]:
    return tuple(part.value if isinstance(part, Item) else part for part in path)


def _spoiler(item: ObjectDiff, change: Change, servers: Servers) -> str | None:
    """Another setting of the same server's files that makes the reload fail as a whole."""
    for other in item.changes:
        if other is not change and other.file and _effect(other, servers).outcome == "refused":
            return ".".join(str(part) for part in _plain(other.path))
    return None


def _deaf(nats: Nats) -> str | None:
    """Why the servers do not notice that the file changed; None if they do."""
    pod = nats.statefulset.value["spec"]["template"]["spec"]
    for mount in nats.container_value.get("volumeMounts") or []:
        if isinstance(mount, dict) and mount.get("subPath") == nats.config_key:
            return f"{nats.config_key} is mounted by subPath, which never follows its ConfigMap"
    containers = [*(pod.get("containers") or []), *(pod.get("initContainers") or [])]
    if any("reloader" in f"{item.get('name')} {item.get('image')}" for item in containers if isinstance(item, dict)):
        return None
    return "no reloader runs beside the servers"
