"""Why a meta group is not whole: which servers it counts, and which of them can be in it at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsvalues.rehearsal.outcome import Cause
from natsvalues.supercluster.cold_start import BOOT_WITHOUT_REMOTES, VOTES_OF_ALL

if TYPE_CHECKING:
    from natsvalues.rehearsal.snapshot import PodNow, Snapshot
    from natsvalues.supercluster.meta_groups import MetaGroup

DOMAINS = "state the scope: no domain of its own for a region (supercluster), or a system account for each (region)"
NAMES = "keep the server names; to change them, restart one server at a time and take its old name out (docs/stages.md)"
ACCOUNT = "let a region that holds streams keep the system account it has"


class Lack(NamedTuple):
    """The causes, what to do, and whether waiting is useless whatever the gateways do."""

    causes: tuple[Cause, ...] = ()
    remedy: str = ""
    is_final: bool = False


def why_not_whole(now: Snapshot, group: MetaGroup, position: int) -> Lack:
    """What keeps a meta group from being whole; nothing if it is. `position` is the index of the first cause."""
    views = [pod.view for pod in now.pods if pod.region in group.regions]
    leaders = {view.leader for view in views}
    name = f"the meta group of {', '.join(group.regions)}"
    size = max((view.size for view in views), default=0) or group.size
    if len(leaders) == 1 and "" not in leaders:
        sizes = sorted({view.size for view in views})
        if sizes == [group.size]:
            return Lack()
        if size <= group.size:
            told = f"its servers count {', '.join(map(str, sizes))} servers of {group.size}"
            return Lack((Cause(name, "one count of its members", told),), early(now, group.regions))
        seen = f"it counts {size} servers, and {group.size} exist: names that are gone stay members"
        return Lack((Cause(name, "servers of other names", seen),), NAMES, is_final=True)
    seen = "; ".join(f"{region}: {_told(now.of(region))}" for region in group.regions)
    domains = {now.renderings[region].state.domain or "none" for region in group.regions}
    if len(domains) > 1 and leaders != {""}:
        told = f"the domains differ ({', '.join(sorted(domains))}), but there is one meta group of {size}: {seen}"
        waits = "one JetStream domain, or a system account for each"
        return Lack((Cause(name, waits, told),), DOMAINS, is_final=True)
    if len(group.regions) == 1 and leaders == {""} and size > group.size:
        return _alone(now, group, Cause(name, f"votes of {size} servers, which it counts", seen), size, position)
    waits = f"votes: it is fresh, and counts {size}" if now.fresh else f"a majority of {size} servers"
    return Lack((Cause(name, waits, seen),))


def early(now: Snapshot, regions: tuple[str, ...]) -> str:
    """What to do where a version elects before it has heard all; empty where all wait. facts: measured up to 2.11.4."""
    found = {str(now.renderings[key].version) for key in regions if now.renderings[key].version[:2] < VOTES_OF_ALL}
    return (
        f"run {'.'.join(map(str, VOTES_OF_ALL))}.0 or later: nats-server {', '.join(sorted(found))} elects a leader "
        "before it has heard all servers; until then install the seed alone first, and create no streams before the "
        "meta group is whole"
        if found
        else ""
    )


def _alone(now: Snapshot, group: MetaGroup, first: Cause, size: int, position: int) -> Lack:
    """A group of one region that counts servers which are not in it."""
    rendering = now.renderings[group.regions[0]]
    urls = sum(len(remote.urls) for remote in rendering.state.remotes)
    subject = f"the {group.size} servers of {group.regions[0]}"
    if urls and size == group.size + urls:
        waits = f"votes of servers behind gateways, under another system account than `{group.account}`"
        seen = "those never vote in it; a first boot with remotes counts them all the same"
        return Lack((first, Cause(subject, waits, seen, closes=position)), BOOT_WITHOUT_REMOTES, is_final=True)
    waits = "servers that were in their meta group before"
    seen = f"nobody else is under system account `{group.account}`, and {group.size} of {size} are no majority"
    return Lack((first, Cause(subject, waits, seen, closes=position)), ACCOUNT, is_final=2 * group.size <= size)


def _told(pods: tuple[PodNow, ...]) -> str:
    names = sorted({pod.view.leader for pod in pods if pod.view.leader})
    sizes = "/".join(map(str, sorted({pod.view.size for pod in pods})))
    return f"leader {', '.join(names) or 'none'}, {len(pods)} servers, group size {sizes}"
