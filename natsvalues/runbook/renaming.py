"""Ways that change a JetStream identity: server names, one server at a time; the system account, by its folder.

facts: docs/stages.md, "Names, accounts and joins". Servers that were renamed one by one with peer-remove lost
nothing in 15 runs (2.12.8, 2.14.6, 2.15.1); streams of one replica have to be raised first: not raised, 39 of 287
messages were lost. A renamed account folder kept file streams in 13 of 13 runs, and lost streams in memory in 13 of
13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.manifests.settings import POD
from natsvalues.overlays.model import AccountFolder, Move
from natsvalues.runbook.raising import raise_single
from natsvalues.runbook.step import Act, Check, Step
from natsvalues.runbook.walk import ROLLBACK

if TYPE_CHECKING:
    from natsvalues.runbook.draft import Draft
    from natsvalues.runbook.place import Place

FEWEST = 3
"""Servers that a region needs so that one may be away, and a majority of the replicas is left."""


def rename_servers(draft: Draft, name: str) -> None:
    """The servers get the names that the overlay wants, one by one."""
    now, place = draft.now[name], draft.places[name]
    wanted = draft.names(name)
    begun = draft.is_under_way(name, "server-names") and bool(place.old_names) and now.names == wanted
    if not now.ran or place.state is None or not draft.has_jetstream(name) or (now.names == wanted and not begun):
        return
    if not draft.is_proven(name, "rename-servers"):
        return
    if now.servers < FEWEST:
        draft.refuse(
            name,
            "rename-servers",
            f"with {now.servers} servers none can be away while streams have a majority",
            "scale to three servers first; or keep the names: serverNames.prefix in the overlay",
        )
        return
    stage, pods = draft.now[name].stage, place.state.nats.name
    old_names, left = (place.old_names, _not_renamed(place, place.old_names)) if begun else (now.names, now.servers)
    healthy = (Check("healthy", name), Check("group", name, (str(draft.group(name)),)), Check("whole", name))
    if not begun:
        raise_single(draft, name, "rename-servers", healthy)
    account = draft.account(name)
    changes = bool(account) and account != now.account
    if changes and draft.is_shared:
        draft.refuse(
            name,
            "rename-servers",
            f"its system account changes, too, from `{now.account}`, and one rendering cannot hold it",
            "keep the names for now: serverNames.prefix in the overlay as it was",
        )
        return
    hold = Move(
        stage=_stated(draft, name, stage),
        partition=now.servers,
        system_account=now.account if changes else None,
        allow=("server-names",),
    )
    if not begun:
        draft.add(
            Step(
                "rename-servers",
                name,
                f"render the new names, `{wanted.replace(POD, pods + '-N')}`, and replace no pod yet",
                (Act("upgrade", name),),
                effect="nothing restarts",
                before=(*healthy, Check("replicated", name)),
                after=healthy,
                back=ROLLBACK,
                back_until="the first pod is replaced",
            ),
            {name: hold},
        )
    for number in reversed(range(min(left, now.servers))):
        pod = f"{pods}-{number}"
        old, new = old_names.replace(POD, pod), wanted.replace(POD, pod)
        draft.add(
            Step(
                "rename-servers",
                name,
                f"replace {pod}: the server {old} becomes {new}",
                (Act("upgrade", name), Act("remove-peer", name, (old,))),
                effect="one pod restarts; its replicas are copied to the new server before the next step",
                before=healthy,
                after=(Check("named", name, (new,)), *healthy),
                back="none for this server; the others keep their names as long as the partition stays",
            ),
            {name: hold._replace(partition=number)},
        )
    draft.becomes(name, names=wanted)
    draft.moves[name] = draft.at_stage(name, stage)


def _not_renamed(place: Place, old_names: str) -> int:
    """How many servers are still to be renamed, by the partition: the last one again, if its old name may be a peer."""
    assert place.state is not None  # noqa: S101   # of a region that is not installed nothing is renamed
    last = old_names.replace(POD, f"{place.state.nats.name}-{place.partition}")
    is_removed = place.stores is not None and last not in place.stores.offline
    return place.partition if is_removed else place.partition + 1


def rename_account(draft: Draft, name: str) -> None:
    """The region gets the system account that the overlay wants, with what is stored under the old one."""
    now, wanted = draft.now[name], draft.account(name)
    if not now.ran or not wanted or now.account == wanted or not draft.has_jetstream(name):
        return
    if not draft.is_proven(name, "rename-account"):
        return
    in_memory = draft.streams(name, lambda stream: stream.storage == "memory")
    if in_memory:
        draft.refuse(
            name,
            "rename-account",
            f"streams in memory do not survive it: {', '.join(in_memory)}",
            "make them file streams (back up, delete, create with --storage file, restore), or keep the account: "
            f'systemAccount: "{now.account}"',
        )
        return
    stage = "expose" if now.stage == "join" else now.stage
    folder = AccountFolder(now.account)
    healthy = (Check("healthy", name), Check("group", name, (str(now.servers),)), Check("whole", name))
    draft.becomes(name, account=wanted, stage=stage)
    draft.add(
        Step(
            "rename-account",
            name,
            f"its system account `{now.account}` becomes `{wanted}`, pod by pod",
            (Act("upgrade", name),),
            effect="its pods restart one by one; meanwhile some JetStream requests get no response, for some seconds",
            before=(*healthy, Check("on-disk", name)),
            after=healthy,
            back=f"the same back: systemAccount as it was, and move: {{accountFolder: {{old: {wanted}}}}}",
        ),
        {name: Move(stage=_stated(draft, name, stage), account_folder=folder, allow=("system-account",))},
    )
    draft.moves[name] = draft.at_stage(name, stage)


def _stated(draft: Draft, name: str, stage: str) -> Literal["local", "expose", "join"] | None:
    held = draft.at_stage(name, stage)
    return held.stage if held is not None else None
