"""A region whose volumes are all gone: its servers come back under their names, with empty stores.

facts (docs/plan-runs.md; 2.12.8, 2.14.6 and 2.15.1): a server is a peer by its name, so one with an empty store takes
the place of the old one, and no peer is removed. It gets from the meta leader which streams there were: those of its
region are there with their durable consumers and without a message (36 of 36), or not there (1 of 9 earlier runs). A
region with a meta group of its own never elects a leader as long as it has remotes (docs/stages.md, 2.14.6): it starts
in stage `expose`.

Only whoever asks for the plan knows that the volumes are gone (`--lost`): nothing in a release shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.runbook.data import RESTORED, missing_streams, whole_group
from natsvalues.runbook.step import Act, Check, Step
from natsvalues.runbook.stores import number_of
from natsvalues.runbook.walk import ROLLBACK

if TYPE_CHECKING:
    from natsvalues.runbook.draft import Draft

WAY = "rebuild"


def rebuild(draft: Draft, name: str) -> None:
    """The region runs again, and has what its backups have."""
    place = draft.places[name]
    is_first = place.state is None and draft.is_shared and not _others(draft, name)
    if is_first and name != draft.seed:
        return  # a new region: it starts JetStream when it joins, and its backups are restored then
    if not draft.is_proven(name, WAY) or _is_refused(draft, name):
        return
    kept = _not_restored(draft, name)
    is_up = _is_up(draft, name)
    if place.state is None:
        stage = draft.goal[name].stage
        alone = "local" if is_first else "expose"
        draft.becomes(name, stage=alone if stage == "join" and (is_first or not draft.is_shared) else stage, ran=True)
    elif not draft.is_shared and not is_up and draft.now[name].stage == "join":
        draft.becomes(name, stage="expose")
    draft.moves[name] = draft.at_stage(name, draft.now[name].stage)
    if not is_up:
        _start(draft, name, kept)
    if kept:
        _restore(draft, name, kept)


def _not_restored(draft: Draft, name: str) -> tuple[str, ...]:
    """The streams of its backups that it lacks; one that had further messages since was restored, and is in use."""
    stores, kept = draft.places[name].stores, draft.backups.get(name, {})
    there = {stream.name: number_of(stream.last) for stream in (stores.streams if stores is not None else ())}
    missing = missing_streams(draft, name)
    return tuple(item for item in missing if there.get(item, 0) < max(number_of(kept[item].last), 1))


def _is_refused(draft: Draft, name: str) -> bool:
    place, now = draft.places[name], draft.now[name]
    streams = place.stores.of(place.cluster) if place.stores is not None else ()
    has = [stream.name for stream in streams if stream.messages]
    wanted = draft.account(name)
    if place.state is not None and (now.names != draft.names(name) or wanted not in ("", now.account)):
        draft.refuse(
            name,
            WAY,
            "its server names or its system account change, too: the peers with the old names would never come back",
            "keep serverNames.prefix and systemAccount in the overlay as they were until the region is whole again",
        )
    elif has and not _is_up(draft, name):
        draft.refuse(
            name,
            WAY,
            f"its volumes are said to be gone (--lost), and its servers have messages: {', '.join(has)}",
            "leave --lost out: a server that lost its volume alone gets everything from the others",
        )
    else:
        return False
    return True


def _is_up(draft: Draft, name: str) -> bool:
    """Whether its servers run again: they answer, none of them is offline, and they have a meta leader."""
    own = draft.places[name].stores
    offline = {peer for place in draft.places.values() if place.stores is not None for peer in place.stores.offline}
    return own is not None and bool(own.leader) and not offline & set(draft.servers(name))


def _others(draft: Draft, name: str) -> list[str]:
    """The regions that share its meta group, if it joins or has joined."""
    shares = draft.is_shared and draft.now[name].stage in ("absent", "join")
    return [item for item in draft.joined() if item != name and draft.now[item].ran] if shares else []


def _start(draft: Draft, name: str, kept: tuple[str, ...]) -> None:
    place, others = draft.places[name], _others(draft, name)
    total = draft.group(name)
    has_leader = 2 * (total - draft.now[name].servers) > total
    before = [Check("healthy", item) for item in others if has_leader]
    before += [Check("whole", item) for item in others if has_leader]
    for item in others:
        version = draft.now[item].version
        before += [Check("version", item, (str(version),))] if version is not None and version.exact else []
    upgrades = place.state is None or place.stage != draft.now[name].stage
    acts = [Act("upgrade", name)] if upgrades else []
    acts += [Act("wipe", name)] if place.state is not None else []
    remotes = tuple(sorted(draft.now[name].remotes)) if place.stage == "join" == draft.now[name].stage else ()
    draft.add(
        Step(
            WAY,
            name,
            "start its servers under their names, with empty stores",
            tuple(acts),
            effect=_effect(draft, name, kept, others=others, has_leader=has_leader),
            before=(*before, *((Check("backed-up", name, kept),) if kept else ())),
            after=(
                Check("healthy", name),
                Check("group", name, (str(total),)),
                *(Check("healthy", item) for item in others),
                *((Check("connected", name, remotes),) if remotes else ()),
            ),
            back="none: what its volumes had is gone",
        ),
    )


def _effect(draft: Draft, name: str, kept: tuple[str, ...], *, others: list[str], has_leader: bool) -> str:
    backups = draft.backups.get(name)
    copies = ", ".join(kept or backups or ()) or "there is none"
    words = [f"LOST is what streams in {name} had, but for what is in its backup ({copies})"]
    if others:
        words.append(f"streams in {', '.join(others)} stay as they are")
    if others and not has_leader:
        words.append("until these servers are back no stream is created, changed or listed in any region")
    words.append("its streams may be there again, empty: keep their publishers stopped until they are restored")
    words.append(f"nothing shows later that volumes were lost: add --lost {name} until the streams are restored")
    return "; ".join(words)


def _restore(draft: Draft, name: str, kept: tuple[str, ...]) -> None:
    without = [item.rpartition("/")[2] for item in draft.streams(name)]
    without = [item for item in without if item not in draft.backups.get(name, {})]
    left = f"; there empty, and without a backup: {', '.join(without)}" if without else ""
    draft.add(
        Step(
            WAY,
            name,
            "delete the empty streams that have a backup, and restore them",
            (Act("delete", name, kept), Act("restore", name, kept)),
            effect=f"{RESTORED}{left}",
            before=(Check("healthy", name), whole_group(draft, name), Check("empty", name, kept)),
            after=(Check("restored", name, kept), Check("whole", name)),
            back="delete the restored streams, and restore them again: also one whose restore failed half-way (10062), "
            f"which is refused as long as it is there (10130). {ROLLBACK} brings nothing back",
        ),
    )
