"""What restarts: any difference in a pod template rolls its pods, and the roll may or may not keep a quorum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import Impact
from natsvalues.manifests.settings import jetstream_is_on
from natsvalues.manifests.transitions import refusals

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers

TEMPLATES = frozenset(("StatefulSet", "Deployment", "DaemonSet"))
QUORUM = 3
"""The fewest servers of which one may be missing."""


def restart(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """A difference in a pod template."""
    if item.key.kind not in TEMPLATES or change.path[:2] != ("spec", "template"):
        return None
    servers = context.of_statefulset(item)
    if servers is not None:
        return roll(servers)
    spec = (item.after or {}).get("spec") or {}
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return Impact("not-applied", "updateStrategy is OnDelete: pods keep the old template until they are deleted")
    if spec.get("replicas") == 0:
        return Impact("none", "no pods run")
    return Impact("restart", f"the pods of {item.key.kind} `{item.key.name}` restart")


def roll(servers: Servers) -> Impact:
    """What it means that these servers' pod template changes: which pods restart, and whether a quorum stays."""
    nats = servers.new or servers.old
    assert nats is not None  # noqa: S101 - servers are on one side at least
    spec = nats.statefulset.value["spec"]
    strategy = spec.get("updateStrategy") or {}
    count = servers.replicas
    if strategy.get("type") == "OnDelete":
        return Impact(
            "not-applied",
            f"updateStrategy is OnDelete: {_pods(nats.name, range(count))} stay as they are until deleted",
            "documented behaviour of the StatefulSet controller",
            "delete one pod at a time, and wait until it is ready and its streams are current",
        )
    rolling = strategy.get("rollingUpdate") or {}
    partition = rolling.get("partition") or 0
    rolled = range(min(_whole(partition), count), count)
    if not rolled:
        return Impact("not-applied", f"partition {partition} keeps every pod on the old template")
    if not jetstream_is_on(servers.new_conf) or not jetstream_is_on(servers.old_conf):
        return Impact("restart", f"{_pods(nats.name, rolled)} restart, one after another; clients reconnect")
    at_once = max(1, _whole(rolling.get("maxUnavailable") or 1))
    if count >= QUORUM and at_once <= (count - 1) // 2:
        kept = f"{count - at_once} of {count} servers stay, so JetStream keeps its quorum"
        return Impact("restart", f"{_pods(nats.name, rolled)} restart, one after another; {kept}")
    lost = "the only server" if count == 1 else f"{at_once} of {count} servers"
    return Impact(
        "restart",
        f"{_pods(nats.name, rolled)} restart; while {lost} is away JetStream has no quorum and acknowledges nothing",
        "raft quorum",
        "run three servers or more, and choose a quiet hour",
    )


def _pods(name: str, ordinals: range) -> str:
    """The pods in the order in which they roll: highest ordinal first."""
    names = [f"{name}-{ordinal}" for ordinal in reversed(ordinals)]
    return ", ".join(names) if len(names) <= 5 else f"{names[0]} to {names[-1]}"  # noqa: PLR2004 - more are hard to read


def _whole(given: Any) -> int:
    return given if isinstance(given, int) and not isinstance(given, bool) else 1


def refused(_: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """A transition that the API server does not allow."""
    if change.file or item.before is None or item.after is None or item.op != "change" or item.hook:
        return None
    for refusal in refusals(item.before, item.after):
        if _touches(refusal.path, change.path):
            source = "run on kube-apiserver 1.37"
            return Impact("refused", refusal.reason, source, refusal.remedy)
    return None


def _touches(refused_path: tuple[Any, ...], path: tuple[Any, ...]) -> bool:
    """Whether a change is at, inside or around a path that is refused."""
    plain = tuple(str(getattr(part, "value", part)) for part in path)
    other = tuple(str(getattr(part, "value", part)) for part in refused_path)
    length = min(len(plain), len(other))
    return plain[:length] == other[:length]
