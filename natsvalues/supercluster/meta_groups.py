"""Meta groups: the regions whose JetStream servers elect one leader together.

facts, measured on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1: the meta group follows the system account
across gateways, whatever `jetstream.domain` says. A single server without a cluster has none. A server skips a
remote gateway with its own name; one that rejects unknown clusters accepts only those that it lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.supercluster.region_state import RegionState


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
    """Regions whose JetStream elects one leader together; `servers` is None if a region's number is unknown."""

    account: str
    regions: tuple[str, ...]
    servers: int | None

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
    counts = [region.servers for region in members if region.servers is not None]
    servers = sum(counts) if len(counts) == len(members) else None
    return MetaGroup(account, tuple(region.region for region in members), servers)


def leaves_group(before: RegionState, after: RegionState) -> bool:
    """Whether a region with JetStream no longer dials the regions with which it shared a meta group."""
    has_left = bool(before.remotes) and not after.remotes
    return has_left and before.has_jetstream and after.has_jetstream and before.shares_meta_group


def groups_of(states: Iterable[RegionState]) -> tuple[MetaGroup, ...]:
    """The meta groups of rendered regions."""
    return meta_groups(map(member, states))
