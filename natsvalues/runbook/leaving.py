"""Ways that take servers away: a smaller region, and a region that leaves the supercluster.

A server that is gone still counts in its meta group until it is removed as a peer, which needs a leader: so servers go
one by one, each removed before the next one stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.settings import POD
from natsvalues.overlays.model import Move
from natsvalues.runbook.data import backed_up
from natsvalues.runbook.raising import raise_single, raised
from natsvalues.runbook.step import Act, Check, Step

if TYPE_CHECKING:
    from natsvalues.runbook.draft import Draft


def remove_gone(draft: Draft) -> None:
    """Remove peers that no region has any more: a step that took a server away was broken off before its end.

    Only where the servers of all regions were asked: a name that is not known here may belong to another one.
    """
    installed = [place for place in draft.places.values() if place.state is not None]
    if any(place.stores is None for place in installed if place.stored is not None):
        return
    known = {server for name in draft.now for server in draft.servers(name)}
    # Old names are removed by the way that renames; how many servers an unseen region has, nobody knows.
    patterns = [place.old_names for place in installed if place.old_names]
    patterns += [draft.now[name].names for name, place in draft.places.items() if place.state is None]
    others = tuple(pattern.partition(POD)[0] for pattern in patterns)
    removed: set[str] = set()
    for place in installed:
        offline = place.stores.offline if place.stores is not None else ()
        gone = [peer for peer in offline if peer not in known | removed and not peer.startswith(others)]
        for peer in gone if gone and draft.is_proven(place.region, "scale-down") else ():
            removed.add(peer)
            group = Check("group", place.region, (str(draft.group(place.region)),))
            draft.add(
                Step(
                    "scale-down",
                    place.region,
                    f"remove {peer}, which no region has any more, from the meta group",
                    (Act("remove-peer", place.region, (peer,), place.region),),
                    effect="its replicas move to other servers; streams stay available",
                    before=(Check("healthy", place.region),),
                    after=(group, Check("whole", place.region)),
                    back="none: if it starts again, it comes back as a new peer",
                ),
            )


def scale_down(draft: Draft, name: str) -> None:
    """A region gets fewer servers, one by one."""
    now, wanted = draft.now[name], draft.goal[name].servers
    if wanted is None or wanted >= now.servers or draft.places[name].state is None:
        return
    if not now.ran or not draft.is_proven(name, "scale-down"):
        return
    wide = draft.streams(name, lambda stream: stream.replicas > wanted)
    if wide:
        draft.refuse(
            name,
            "scale-down",
            f"streams have more replicas than {wanted}: {', '.join(wide)}",
            f"nats stream edit NAME --replicas {wanted}",
        )
        return
    if wanted < 3:  # noqa: PLR2004   # a majority with one server away
        draft.refuse(
            name,
            "scale-down",
            f"with {wanted} servers none may fail",
            "keep three, or move the streams to another region",
        )
        return
    raise_single(draft, name, "scale-down", (Check("healthy", name), Check("whole", name)))
    _one_by_one(draft, name, wanted, "scale-down", through=name)


def leave(draft: Draft, name: str) -> None:
    """A region that is not in the overlays any more is taken away, after its streams."""
    stays = next((other for other in draft.joined() if other in draft.goal), "")
    now = draft.now[name]
    shares = now.stage == "join" and bool(stays) and draft.is_shared and now.ran
    if not draft.is_proven(name, "leave"):
        return
    if shares:
        _move_streams(draft, name, stays)
        _one_by_one(draft, name, 0, "leave", through=stays)
    elif now.has_data:
        backed_up(draft, name, "leave")  # its streams belong to this region alone
    draft.becomes(name, stage="absent", servers=0)
    draft.add(
        Step(
            "leave",
            name,
            "uninstall it, and delete its volume claims",
            (Act("uninstall", name),),
            effect="its clients have no servers there any more; the others keep running",
            after=(Check("healthy", stays),) if stays else (),
            back="install it again, as a new region",
        ),
    )


def _move_streams(draft: Draft, name: str, stays: str) -> None:
    """The streams of a region that leaves go to one that stays: on older servers with one replica on the way.

    facts: moved with one replica and given three afterwards, a stream on 2.12.8 had no member of the old region, lost
    nothing, and could do without a server, in 7 of 7 runs. A new leader cures nothing (2 of 2 runs), two replicas in
    between not always (1 of 2).
    """
    there, is_known = draft.streams(name), draft.place(name).stores is not None
    unmoved = bool(there) or (bool(draft.now[name].servers) and not is_known)
    several = draft.streams(name, lambda stream: stream.replicas > 1)
    alone = draft.streams(stays, lambda stream: stream.replicas == 1)
    states = [draft.place(region).state for region in (name, stays)]
    keeps_members = any(state is not None and state.version.keeps_old_members for state in states)
    if keeps_members and unmoved and (several or not is_known):
        draft.add(
            Step(
                "leave",
                name,
                "give every stream one replica before it moves",
                (Act("raise", name, several, "1"),),
                effect="servers older than 2.14 would count servers of the old region as members; until they "
                "have three replicas again, streams wait if their server stops, and those in memory are lost with it",
                before=(Check("healthy", name), Check("healthy", stays), Check("whole", name)),
                after=(Check("healthy", name), Check("whole", name)),
                back="nats stream edit NAME --replicas 3",
            )
        )
    if unmoved:
        draft.add(
            Step(
                "leave",
                name,
                f"move its streams to {stays}",
                (Act("place", name, there, stays),),
                effect="the streams are copied, and stay available",
                before=(Check("healthy", name), Check("healthy", stays), Check("whole", name)),
                after=(Check("whole", stays),),
                back=f"nats stream edit NAME --cluster {name}",
                back_until="its servers are removed",
            )
        )
    if keeps_members and (unmoved or alone):
        knows_all = is_known and draft.place(stays).stores is not None
        draft.add(raised(stays, "leave", (*there, *alone) if knows_all else (), (Check("healthy", stays),)))


def _one_by_one(draft: Draft, name: str, wanted: int, way: str, *, through: str) -> None:
    leaves = name in draft.leaving
    for server in draft.servers(name)[: draft.now[name].servers - wanted]:
        left = draft.now[name].servers - 1
        draft.becomes(name, servers=left)
        stops = Act("scale", name, (str(left),)) if leaves else Act("upgrade", name, (str(left),))
        held = draft.moves.get(name) or Move()
        draft.add(
            Step(
                way,
                name,
                f"stop the server {server}, and remove it from the meta group",
                (stops, Act("remove-peer", name, (server,), through)),
                effect="its replicas move to other servers; streams stay available",
                before=(
                    Check("healthy", through),
                    Check("whole", through),
                    *(() if leaves else (Check("replicated", name),)),
                ),
                after=(
                    Check("healthy", through),
                    Check("group", through, (str(draft.group(through)),)),
                    Check("whole", through),
                ),
                back="the number of servers as it was: this one comes back as a new peer",
                back_until="its volume claim is deleted",
            ),
            {} if leaves else {name: held._replace(servers=left if left > wanted else None)},
        )
    if not leaves:
        draft.moves[name] = draft.at_stage(name, draft.now[name].stage)
