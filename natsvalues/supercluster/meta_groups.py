"""Meta groups: the regions whose JetStream servers elect one leader together, and which of them it cannot do without.

facts, measured on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1: the meta group follows the system account
across gateways, whatever `jetstream.domain` says. A single server without a cluster has none. A server skips a
remote gateway with its own name; one that rejects unknown clusters accepts only those that it lists.

Without a majority of the group's servers there is no meta leader, from at most half a minute later on: /healthz is 503,
and nothing can be created or listed (10008). Streams of which a majority of the replicas is left still take and deliver
messages (regions of 3 and 3, 2 and 1, 1 and 1 servers, and a cluster of 2). With regions of 3, 3 and 1 servers any one
may fail, and with a cluster of 3 any server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.supercluster.region_state import RegionState

PAIR = 2


class Member(NamedTuple):
    """What decides a region's meta group. `gateway` is its gateway's name; `dials` are the names of its remotes.

    `servers` is None if their number is unknown. A region without clustered JetStream has no meta group, but connects
    the gateways of others.
    """

    region: str
    gateway: str | None
    account: str
    servers: int | None
    dials: frozenset[str]
    rejects_unknown: bool = False
    is_clustered: bool = True


class MetaGroup(NamedTuple):
    """Regions whose JetStream elects one leader together.

    `counts` are the numbers of their servers, None where one is unknown; one more None if other regions may be in it.
    """

    account: str
    regions: tuple[str, ...]
    counts: tuple[int | None, ...]

    @property
    def servers(self) -> int | None:
        """How many servers it has; None if that is unknown."""
        known = [count for count in self.counts if count is not None]
        return sum(known) if len(known) == len(self.counts) else None

    @property
    def size(self) -> int:
        """How many servers it has; 0 if that is unknown."""
        return self.servers or 0


def member(state: RegionState) -> Member:
    """What decides the meta group of a rendered region."""
    remotes = frozenset(remote.name for remote in state.remotes)
    return Member(
        state.name,
        state.gateway_name,
        state.account,
        state.replicas,
        remotes,
        state.rejects_unknown,
        state.is_clustered,
    )


def dials(source: Member, target: Member) -> bool:
    """Whether a region lists another as a remote gateway."""
    return source.gateway != target.gateway and target.gateway in source.dials


def links(source: Member, target: Member) -> bool:
    """Whether a region dials another one that accepts its connection."""
    return dials(source, target) and (not target.rejects_unknown or dials(target, source))


def meta_groups(members: Iterable[Member]) -> tuple[MetaGroup, ...]:
    """The meta groups that these regions form once all gateways connect.

    Regions that are connected through a third one learn each other's addresses by gossip.
    """
    remaining = list(members)
    groups = []
    while remaining:
        mesh = [remaining.pop(0)]
        for region in mesh:  # grows during the loop
            neighbours = [other for other in remaining if links(region, other) or links(other, region)]
            mesh += neighbours
            remaining = [other for other in remaining if other not in neighbours]
        electing = [region for region in mesh if region.is_clustered]
        groups += [
            _group(account, [region for region in electing if region.account == account])
            for account in dict.fromkeys(region.account for region in electing)
        ]
    return tuple(groups)


def _group(account: str, members: list[Member]) -> MetaGroup:
    return MetaGroup(account, tuple(region.region for region in members), tuple(region.servers for region in members))


class Outage(NamedTuple):
    """A failure that leaves a meta group without a leader: of any one of `regions`, or of one server of only two.

    `cause` says what fails, `message` the whole as a clause, `remedy` what changes it.
    """

    regions: tuple[str, ...]
    cause: str
    message: str
    remedy: str


def outage(group: MetaGroup) -> Outage | None:
    """Which failure of one region, or of one server, leaves a meta group without a majority.

    None if there is none, or if it depends on numbers that are not known. A region that is alone in its group takes all
    servers along, so of such a region only its servers are judged.
    """
    total = group.servers
    if total is None:
        return _of_unknown_size(group) if len(group.regions) == len(group.counts) == PAIR else None
    if len(group.regions) == 1:
        cause = f"one of the two servers of `{group.regions[0]}`"
        message = f"if {cause} fails, JetStream has no leader: 1 of 2 servers is no majority"
        return Outage(group.regions, cause, message, "with three servers one may fail") if total == PAIR else None
    counts = {region: count or 0 for region, count in zip(group.regions, group.counts, strict=True)}
    needed = sorted(region for region, count in counts.items() if 2 * (total - count) <= total)
    if not needed or not total:
        return None
    rest = total - counts[needed[0]]
    more = counts[needed[0]] - rest + 1
    servers = f"{more} more JetStream servers" if more > 1 else "one more JetStream server"
    where = "a third region" if len(counts) == PAIR else "the other regions"
    verb = "is" if rest == 1 else "are"
    return _outage(needed, "", f"{rest} of {total} servers {verb} no majority", f"{servers} in {where}")


def _of_unknown_size(group: MetaGroup) -> Outage:
    """Of two regions one always has at least half of the servers."""
    whichever = ", whichever has more servers (either, if they have as many),"
    enough = "enough JetStream servers in a third region"
    return _outage(sorted(group.regions), whichever, "the servers that remain are no majority", enough)


def _outage(regions: list[str], whichever: str, why: str, more: str) -> Outage:
    cause = " or ".join(f"`{region}`" for region in regions)
    return Outage(
        tuple(regions),
        cause,
        f"if {cause}{whichever} fails, JetStream has no leader in any region: {why}",
        f"with {more} any one region may fail; in scope `region` each region has a leader of its own",
    )


def own_group(state: RegionState, servers: tuple[int | None, ...] | None = None) -> MetaGroup:
    """The meta group of one region and its remotes, of which `servers` has the numbers, if they are known.

    Remotes under other system accounts are in it only if `state` is assumed to share its meta group with them.
    """
    if not state.is_clustered or state.extends_jetstream:
        return MetaGroup(state.account, (), ())
    remotes = tuple(remote.name for remote in state.remotes) if state.shares_meta_group else ()
    counts = servers if servers is not None and len(servers) == len(remotes) else (None,) * len(remotes)
    return MetaGroup(state.account, (state.name, *remotes), (state.replicas, *counts))


def leaves_group(before: RegionState, after: RegionState) -> bool:
    """Whether a region with JetStream no longer dials the regions with which it shared a meta group."""
    has_left = bool(before.remotes) and not after.remotes
    return has_left and before.has_jetstream and after.has_jetstream and before.shares_meta_group


def groups_of(states: Iterable[RegionState]) -> tuple[MetaGroup, ...]:
    """The meta groups of rendered regions."""
    return meta_groups(map(member, states))
