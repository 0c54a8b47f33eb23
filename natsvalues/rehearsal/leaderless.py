"""Why a meta group is not complete: how many servers it counts, and which of them can belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.server import COUNTS_A_URL_ONCE, NEEDS_ALL_VOTES
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.groups import domains_of, rejecting, states_of
from natsvalues.rehearsal.outcome import Cause
from natsvalues.supercluster.cold_start import BOOT_WITHOUT_REMOTES, MORE_SERVERS, never_elects
from natsvalues.supercluster.joining import LISTED_FIRST, without_leader

if TYPE_CHECKING:
    from natsvalues.rehearsal.snapshot import PodNow, Snapshot
    from natsvalues.supercluster.meta_groups import MetaGroup

DOMAINS = "choose a scope: no domain of its own for a region (supercluster), or a system account for each (region)"
NAMES = (
    "keep the server names; to change them, restart one server at a time and remove its old name "
    "(`natsvalues docs stages`)"
)
_ONCE = " or ".join(".".join(map(str, version)) for version in COUNTS_A_URL_ONCE)
ADDRESSES = (
    f"run nats-server {_ONCE} or later, or let each name have one address at the first boot: earlier servers count a "
    "remote's name once for each of its addresses"
)
ACCOUNT = "let a region that has streams keep its system account"


class Lack(NamedTuple):
    """The causes and the remedy. `is_final`: waiting longer, or more connections, would change nothing."""

    causes: tuple[Cause, ...] = ()
    remedy: str = ""
    is_final: bool = False


def why_incomplete(now: Snapshot, group: MetaGroup, position: int) -> Lack:
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
            return Lack((Cause(name, "one number of members", difference),), early_remedy(now, group.regions))
        seen = f"it counts {size} servers, and {group.size} exist: old server names stay members"
        return Lack((Cause(name, "servers with other names", seen),), NAMES, is_final=True)
    seen = "; ".join(f"{region}: {_leaders_and_sizes(now.of(region))}" for region in group.regions)
    domains = set(domains_of(now, group).values())
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
    return Lack((Cause(name, waits, seen),), ADDRESSES if now.fresh and _counts_addresses(now, group, size) else "")


def _counts_addresses(now: Snapshot, group: MetaGroup, size: int) -> bool:
    """Whether only names with several addresses explain how many servers it counts."""
    members = [now.renderings[region] for region in group.regions]
    counted = [len(item.state.routes) + sum(len(remote.urls) for remote in item.state.remotes) for item in members]
    return size > max(group.size, *counted) and any(item.version.counts_each_address for item in members)


def early_remedy(now: Snapshot, regions: tuple[str, ...]) -> str:
    """What to do if a server's version elects before all servers vote; empty if none does."""
    versions = {now.renderings[region].version for region in regions}
    early = sorted(str(version) for version in versions if not version.needs_all_votes)
    if not early:
        return ""
    return (
        f"run {'.'.join(map(str, NEEDS_ALL_VOTES))}.0 or later: nats-server {', '.join(early)} elects a leader "
        "before all servers vote; until then install the seed alone first, and create no streams before the "
        "meta group is complete"
    )


def _alone(now: Snapshot, group: MetaGroup, first: Cause, size: int, position: int) -> Lack:
    """A meta group of one region that counts servers of other groups."""
    region = group.regions[0]
    rendering = now.renderings[region]
    others = rejecting(now.renderings).get(region)
    if others:
        listed = ", ".join(others)
        seen = without_leader(states_of(now.renderings)[region], f"the releases of {listed}")
        cause = Cause(f"the {group.size} servers of {region}", f"{listed} to list {region}", seen)
        return Lack((first, cause), LISTED_FIRST, is_final=True)
    urls = sum(len(remote.urls) for remote in rendering.state.remotes)
    if never_elects(rendering.state, tuple(item.state for item in now.renderings.values())):
        waits = "another server of its meta group"
        seen = "it is the only one, and one server never elects a leader alone"
        cause = Cause(f"the server of {region}", waits, seen, closes=position)
        return Lack((first, cause), MORE_SERVERS, is_final=True)
    subject = f"the {group.size} servers of {region}"
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
