"""Why a meta group is not complete: how many servers it counts, and which of them can be in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsvalues.rehearsal.outcome import Cause
from natsvalues.supercluster.cold_start import BOOT_WITHOUT_REMOTES, VOTES_OF_ALL

if TYPE_CHECKING:
    from natsvalues.rehearsal.snapshot import PodNow, Snapshot
    from natsvalues.supercluster.meta_groups import MetaGroup

DOMAINS = "choose a scope: no domain of its own for a region (supercluster), or a system account for each (region)"
NAMES = "keep the server names; to change them, restart one server at a time and remove its old name (docs/stages.md)"
ACCOUNT = "let a region that has streams keep its system account"


class Lack(NamedTuple):
    """The causes, what to do, and whether waiting longer changes nothing, whatever the gateways do."""

    causes: tuple[Cause, ...] = ()
    remedy: str = ""
    is_final: bool = False


def why_not_whole(now: Snapshot, group: MetaGroup, position: int) -> Lack:
    """Why a meta group is not complete; empty if it is. `position` is the index of the first cause."""
    views = [pod.view for pod in now.pods if pod.region in group.regions]
    leaders = {view.leader for view in views}
    name = f"the meta group of {', '.join(group.regions)}"
    size = max((view.size for view in views), default=0) or group.size
    if len(leaders) == 1 and "" not in leaders:
        sizes = sorted({view.size for view in views})
        if sizes == [group.size]:
            return Lack()
        if size <= group.size:
            difference = f"its servers count {', '.join(map(str, sizes))} servers of {group.size}"
            return Lack((Cause(name, "one number of members", difference),), early(now, group.regions))
        seen = f"it counts {size} servers, and {group.size} exist: old server names stay members"
        return Lack((Cause(name, "servers with other names", seen),), NAMES, is_final=True)
    seen = "; ".join(f"{region}: {_leaders_and_sizes(now.of(region))}" for region in group.regions)
    domains = {now.renderings[region].state.domain or "none" for region in group.regions}
    if len(domains) > 1 and leaders != {""}:
        difference = f"the domains differ ({', '.join(sorted(domains))}), but there is one meta group of {size}: {seen}"
        waits = "one JetStream domain, or a system account for each"
        return Lack((Cause(name, waits, difference),), DOMAINS, is_final=True)
    if len(group.regions) == 1 and leaders == {""} and size > group.size:
        return _alone(now, group, Cause(name, f"votes of {size} servers, which it counts", seen), size, position)
    waits = (
        f"the votes of all {size} servers that it counts: its stores are empty"
        if now.fresh
        else f"a majority of {size} servers"
    )
    return Lack((Cause(name, waits, seen),))


def early(now: Snapshot, regions: tuple[str, ...]) -> str:
    """What to do if a version elects before all servers vote; empty if all wait. facts: measured up to 2.11.4."""
    old = {str(now.renderings[key].version) for key in regions if now.renderings[key].version[:2] < VOTES_OF_ALL}
    return (
        f"run {'.'.join(map(str, VOTES_OF_ALL))}.0 or later: nats-server {', '.join(sorted(old))} elects a leader "
        "before all servers vote; until then install the seed alone first, and create no streams before the "
        "meta group is complete"
        if old
        else ""
    )


def _alone(now: Snapshot, group: MetaGroup, first: Cause, size: int, position: int) -> Lack:
    """A meta group of one region that counts servers of other groups."""
    rendering = now.renderings[group.regions[0]]
    urls = sum(len(remote.urls) for remote in rendering.state.remotes)
    subject = f"the {group.size} servers of {group.regions[0]}"
    if urls and size == group.size + urls:
        waits = f"votes of servers behind gateways, under another system account than `{group.account}`"
        seen = "those never vote in it, but a first boot with remotes counts them"
        return Lack((first, Cause(subject, waits, seen, closes=position)), BOOT_WITHOUT_REMOTES, is_final=True)
    waits = "servers that were in their meta group before"
    seen = f"no other servers have system account `{group.account}`, and {group.size} of {size} are not a majority"
    return Lack((first, Cause(subject, waits, seen, closes=position)), ACCOUNT, is_final=2 * group.size <= size)


def _leaders_and_sizes(pods: tuple[PodNow, ...]) -> str:
    names = sorted({pod.view.leader for pod in pods if pod.view.leader})
    sizes = "/".join(map(str, sorted({pod.view.size for pod in pods})))
    return f"leader {', '.join(names) or 'none'}, {len(pods)} servers, group size {sizes}"
