"""Meta groups: whose JetStream elects one leader together.

facts, measured on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1: the meta group follows the system account
across gateways, whatever `jetstream.domain` says. A single server without a cluster has none. A server takes a remote
gateway of its own name for itself; one that rejects unknown clusters lets in only those that it lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.supercluster.region_state import RegionState


class Member(NamedTuple):
    """One region as far as meta groups go. `gateway` is the name by which others know it; `dials` names remotes.

    `servers` is None where their number is not known. One without clustered JetStream still connects others.
    """

    region: str
    gateway: str | None
    account: str
    servers: int | None
    dials: frozenset[str]
    rejects_unknown: bool = False
    is_clustered: bool = True


class MetaGroup(NamedTuple):
    """Regions whose JetStream elects one leader together; `servers` is None where a region's number is not known."""

    account: str
    regions: tuple[str, ...]
    servers: int | None

    @property
    def size(self) -> int:
        """How many servers it has, as far as that is known: 0 where it is not."""
        return self.servers or 0


def member(state: RegionState) -> Member:
    """A rendered region as a member."""
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
    """Whether a region has another among its remote gateways."""
    return source.gateway != target.gateway and target.gateway in source.dials


def links(source: Member, target: Member) -> bool:
    """Whether a region dials another that lets it in."""
    return dials(source, target) and (not target.rejects_unknown or dials(target, source))


def meta_groups(members: Iterable[Member]) -> tuple[MetaGroup, ...]:
    """The meta groups that these regions form once everybody reaches everybody.

    Regions that are connected through a third one learn each other's addresses by gossip.
    """
    left = list(members)
    groups = []
    while left:
        mesh = [left.pop(0)]
        for region in mesh:  # grows while it is walked
            near = [other for other in left if links(region, other) or links(other, region)]
            mesh += near
            left = [other for other in left if other not in near]
        electing = [region for region in mesh if region.is_clustered]
        groups += [
            _group(account, [region for region in electing if region.account == account])
            for account in dict.fromkeys(region.account for region in electing)
        ]
    return tuple(groups)


def _group(account: str, members: list[Member]) -> MetaGroup:
    known = [region.servers for region in members if region.servers is not None]
    servers = sum(known) if len(known) == len(members) else None
    return MetaGroup(account, tuple(region.region for region in members), servers)


def groups_of(states: Iterable[RegionState]) -> tuple[MetaGroup, ...]:
    """The meta groups of rendered regions."""
    return meta_groups(map(member, states))
