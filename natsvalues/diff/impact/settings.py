"""Settings of nats.conf: taken over by a reload, by a restart that comes anyway, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.changes import Impact
from natsvalues.diff.impact.workloads import roll
from natsvalues.manifests.reload_effect import effect
from natsvalues.text.paths import Item, dotted

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.reload_effect import Effect

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
    told = _effect(change, servers.new)
    by_hand = BY_HAND.format(name=servers.new.name)
    missing = _deaf(servers.new)
    if missing:
        return Impact("not-applied", f"{missing}, and the pod template stays the same", "the rendering", by_hand)
    if told.outcome == "reload":
        spoiler = _spoiler(item, change, servers.new)
        if spoiler is None:
            return Impact("reload", told.reason, told.source)
        return Impact(
            "not-applied",
            f"would reload, but {spoiler} in the same file does not, and a reload is all or nothing",
            "run on nats-server 2.10.26 to 2.15.1",
            by_hand,
        )
    if told.outcome == "crash":
        return Impact(
            "outage", f"{told.reason}; the reloaders of all pods signal at about the same time", told.source, by_hand
        )
    return Impact("not-applied", told.reason, told.source, by_hand)


def _effect(change: Change, nats: Nats) -> Effect:
    """What a reload does with a change; the table knows items of lists by their position only."""
    path = tuple(0 if isinstance(part, Item) else part for part in change.path)
    return effect(path, change.before, change.after, nats.version)


def _spoiler(item: ObjectDiff, change: Change, nats: Nats) -> str | None:
    """Another setting of the same server's files that makes the reload fail as a whole."""
    for other in item.changes:
        if other is not change and other.file and _effect(other, nats).outcome == "refused":
            return dotted(other.path)
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
