"""Ways that take streams out of a store and put them back: into a cluster, and into a supercluster that has its own.

facts: docs/stages.md, "From one server without a cluster"; two regions with data: backup with consumers, empty stores,
join as empty, restore (nine runs, nothing lost). What is published after the backup is not in it.

A step that was begun shows in the overlay's file: its `move.allow` stays until the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.manifests.settings import DEFAULT_ACCOUNT
from natsvalues.overlays.model import Move
from natsvalues.runbook.place import EMPTIED
from natsvalues.runbook.step import Act, Check, Step

if TYPE_CHECKING:
    from natsvalues.runbook.draft import Draft

_EVERYTHING: tuple[Literal["store", "server-names", "system-account"], ...] = (
    "store",
    "server-names",
    "system-account",
)
"""What may change together, because everything is restored from a backup."""
CLUSTERED = 3
NO_MIRRORS = (
    ". Mirrors over leaf nodes would need a shorter pause and are not offered: work that was acknowledged is delivered "
    "again (natsvalues docs plan)"
)
"""Why the way that stops publishing is taken. facts: docs/plan.md has the comparison, two runs on three versions."""
DELETED_AFTER = "60"
"""Seconds after which a new cluster has deleted what a single server left: it does so after 30."""
RESTORED = (
    "its streams are there again, with their consumers and positions; publishing can go on once the checks after this "
    "step hold"
)
"""What a restore does; a consumer may come after its stream, and one with interest retention keeps nothing without."""


def into_cluster(draft: Draft, name: str) -> None:
    """One server without a cluster becomes a cluster, with its streams."""
    now, goal = draft.now[name], draft.goal[name]
    begun = draft.is_under_way(name, "store") and not draft.is_under_way(name, EMPTIED)
    if now.is_clustered and begun:
        _went_on(draft, name)
        return
    if now.is_clustered or not draft.is_proven(name, "cluster"):
        return
    servers = max(goal.servers or CLUSTERED, 2)
    kept = backed_up(draft, name, "cluster") if now.has_data else ()
    wanted = draft.account(name) or now.account
    draft.becomes(name, is_clustered=True, servers=servers, stage="local", names=draft.names(name), account=wanted)
    draft.add(
        Step(
            "cluster",
            name,
            f"make it a cluster of {servers} servers (in the chart's values: config.cluster.enabled: true, "
            f"config.cluster.replicas: {servers})",
            (Act("upgrade", name), Act("wait", name, (DELETED_AFTER,))),
            effect="JetStream has no streams until they are restored; other clients reconnect in seconds",
            before=(Check("backed-up", name, kept),) if now.has_data else (),
            after=(Check("healthy", name), Check("group", name, (str(servers),))),
            back="helm rollback: within 30 s of the start the old files are still there",
            back_until="30 s after the first server started; then from the backup only",
        ),
        {name: Move(stage="local", allow=_EVERYTHING)},
    )
    if now.has_data:
        _restored(draft, name, "cluster", kept)
        _replicated(draft, name, kept, servers)
    draft.moves[name] = draft.at_stage(name, "local")


def _went_on(draft: Draft, name: str) -> None:
    """What is left of the streams' way into a cluster that has been made."""
    missing, kept = missing_streams(draft, name), draft.backups.get(name, {})
    single = draft.streams(name, lambda stream: stream.replicas == 1 and stream.name in kept)
    draft.moves[name] = draft.was_moving[name]  # until they are replicated
    if missing:
        _restored(draft, name, "cluster", missing)
    if missing or single:
        _replicated(draft, name, (*missing, *single), draft.now[name].servers)
    draft.moves[name] = draft.at_stage(name, "local")


def is_to_be_emptied(draft: Draft, name: str) -> bool:
    """Whether a region that joins as empty ran JetStream by itself, and still has what that left in its store."""
    now = draft.now[name]
    if not draft.is_shared or draft.goal[name].joins != "empty":
        return False
    if draft.is_under_way(name, EMPTIED):
        return not draft.places[name].is_emptied
    # A seed that is not installed has no account yet, and gets the default one.
    account = (draft.now[draft.seed].account or DEFAULT_ACCOUNT) if draft.seed else ""
    shares = now.stage == "join" and now.account == account
    return now.ran and not shares


def emptied(draft: Draft, name: str) -> None:
    """Its streams wait in a backup until it has joined."""
    now, goal = draft.now[name], draft.goal[name]
    begun = draft.is_under_way(name, EMPTIED)
    if not draft.is_proven(name, "empty"):
        return
    stage: Literal["expose", "local"] = "expose" if now.stage in ("expose", "join") else "local"
    kept: tuple[str, ...] = ()
    if not begun:
        kept = backed_up(draft, name, "empty") if now.has_data else ()
        draft.add(
            Step(
                "empty",
                name,
                "take JetStream out",
                (Act("upgrade", name),),
                effect="its streams are away until they are restored; its pods restart one by one, and core NATS stays",
                before=(Check("backed-up", name, kept),) if now.has_data else (),
                after=(Check("healthy", name),),
                back="helm rollback, and the edit of the overlay undone",
                back_until="the stores are emptied",
            ),
            {name: Move(stage=stage, allow=(EMPTIED, *_EVERYTHING))},
        )
    if begun:
        draft.moves[name] = draft.was_moving[name]  # until they are empty
    servers = goal.servers or now.servers
    draft.becomes(name, stage=stage, ran=False, is_clustered=True, account="", servers=servers, names=draft.names(name))
    draft.add(
        Step(
            "empty",
            name,
            "empty its stores",
            (Act("wipe", name),),
            effect="all its pods stop, and start again; clients go to other regions meanwhile. Nothing shows later "
            f"that it was done: add --emptied {name} until it has joined",
            before=(Check("healthy", name), *((Check("backed-up", name, kept),) if now.has_data else ())),
            after=(Check("healthy", name),),
            back="from the backup only",
        ),
    )
    draft.moves[name] = draft.at_stage(name, stage)
    if now.has_data or draft.backups.get(name):
        draft.to_restore[name] = kept or missing_streams(draft, name)


def restored(draft: Draft) -> None:
    """After the join: what waits in backups."""
    for name in draft.goal if draft.is_shared else ():
        left = missing_streams(draft, name)
        if not left or draft.goal[name].joins != "empty" or draft.places[name].state is None:
            continue
        if name not in draft.to_restore and len(left) < len(draft.backups[name]):
            draft.unsure[name] = left  # others were restored: these may have been deleted since, and stay so
        else:
            draft.to_restore.setdefault(name, left)
    for name, kept in draft.to_restore.items():
        if draft.now[name].stage == "join" and not draft.refused:
            _restored(draft, name, "empty", kept)


def missing_streams(draft: Draft, name: str) -> tuple[str, ...]:
    """The streams of the region's backups that its servers do not have as whole as the backup."""
    stores = draft.places[name].stores
    there = {stream.name: stream for stream in stores.streams} if stores is not None else {}
    kept = draft.backups.get(name, {})
    return tuple(stream for stream, backup in kept.items() if backup.lacks(there.get(stream)))


def _require_on_disk(draft: Draft, name: str, way: str) -> None:
    """Refuse to back up streams in memory.

    facts: `snapshot failed: no impl` (2.14.6).
    """
    in_memory = draft.streams(name, lambda stream: stream.storage == "memory")
    if in_memory:
        draft.refuse(
            name,
            way,
            f"servers make no backup of streams in memory: {', '.join(in_memory)}",
            "delete them, or read them out; and create them again at the end of the plan",
        )


def backed_up(draft: Draft, name: str, way: str) -> tuple[str, ...]:
    """Add the backup; the streams as `ACCOUNT/NAME`, empty if nobody asked the servers."""
    _require_on_disk(draft, name, way)
    kept = draft.streams(name)
    if draft.is_backed_up(name):
        return kept
    draft.add(
        Step(
            way,
            name,
            "stop publishing, and back up every stream with its consumers",
            (Act("backup", name, kept),),
            effect="nothing is changed; what is published from now on is not in the backup"
            + (NO_MIRRORS if way == "empty" else ""),
            before=(Check("healthy", name), Check("whole", name), Check("on-disk", name)),
            after=(Check("backed-up", name, kept),),
            back="nothing to undo",
        ),
    )
    return kept


def _restored(draft: Draft, name: str, way: str, kept: tuple[str, ...]) -> None:
    """Add the restore: each stream gets the replicas that it had.

    facts: on busy servers, 3 of 320 restores stopped with 10062, "is stalled"; the stream was there, without its
    consumers, and could not be restored again (10130) before it was deleted (2.15.1). The consumers come after the
    answer: of a stream with interest retention, one or two messages that were published at once were acknowledged, and
    not stored, in 5 of 6 runs (2.12.8, 2.14.6, 2.15.1); in 1 of 5 where its consumer was waited for.
    """
    draft.add(
        Step(
            way,
            name,
            "restore every stream",
            (Act("restore", name, kept),),
            effect=RESTORED,
            before=(Check("healthy", name), whole_group(draft, name), Check("backed-up", name, kept)),
            after=(Check("restored", name, kept), Check("whole", name)),
            back="delete the restored streams, and restore them again: also one whose restore failed half-way (10062), "
            "which is refused as long as it is there (10130)",
        ),
    )


def _replicated(draft: Draft, name: str, kept: tuple[str, ...], servers: int) -> None:
    """Add the replicas that a single server did not have.

    It is a step of its own. facts: where replicas were added as soon as the restore was answered, a consumer began
    again at the first message in 1 of 160 runs on busy servers; where its position was looked at first, in none of 160
    (2.15.1).
    """
    replicas = min(servers, CLUSTERED)
    draft.add(
        Step(
            "cluster",
            name,
            f"give every stream {replicas} replicas",
            (Act("raise", name, kept, str(replicas)),),
            effect="the streams are copied; they stay available",
            before=(Check("healthy", name), whole_group(draft, name), Check("restored", name, kept)),
            after=(Check("restored", name, kept), Check("replicated", name), Check("whole", name)),
            back="nats stream edit NAME --replicas 1",
        ),
    )


def whole_group(draft: Draft, name: str) -> Check:
    """The check that the region's meta group has all its servers."""
    return Check("group", name, (str(draft.group(name)),))
