"""Meta groups: the expected ones, the observed ones, and regions that elected leaders of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.rehearsal.outcome import Group
from natsvalues.supercluster.joining import unlisted
from natsvalues.supercluster.meta_groups import MetaGroup, links, member, meta_groups

if TYPE_CHECKING:
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.snapshot import Snapshot
    from natsvalues.supercluster.region_state import RegionState


def expected_groups(renderings: dict[str, Rendering]) -> tuple[MetaGroup, ...]:
    """The meta groups that these renderings form once all regions are connected, by the rehearsal's region names."""
    return meta_groups(member(rendering.state)._replace(region=region) for region, rendering in renderings.items())


def states_of(renderings: dict[str, Rendering]) -> dict[str, RegionState]:
    """The regions' states, under the rehearsal's region names."""
    return {region: rendering.state._replace(name=region) for region, rendering in renderings.items()}


def rejecting(renderings: dict[str, Rendering]) -> dict[str, tuple[str, ...]]:
    """For each region of a meta group, those that it dials and that reject it, because they do not list it."""
    return unlisted(states_of(renderings).values())


def is_linked(source: Rendering, target: Rendering) -> bool:
    """Whether a region dials another that accepts it."""
    return links(member(source.state), member(target.state))


def dialled(rendering: Rendering) -> tuple[str, ...]:
    """The names of the remote gateways that a region dials, without its own."""
    return tuple(dict.fromkeys(remote.name for remote in rendering.state.remotes))


def observed_groups(now: Snapshot) -> tuple[Group, ...]:
    """The meta groups as the servers report them: by leader, with the number of servers of each region."""
    members: dict[str, dict[str, int]] = {}
    sizes: dict[str, int] = {}
    domains: dict[str, set[str]] = {}
    for pod in now.pods:
        if pod.view.jetstream and pod.view.leader:
            counts = members.setdefault(pod.view.leader, {})
            counts[pod.region] = counts.get(pod.region, 0) + 1
            sizes[pod.view.leader] = max(sizes.get(pod.view.leader, 0), pod.view.size)
            domains.setdefault(pod.view.leader, set()).add(now.renderings[pod.region].state.domain or "")
    return tuple(
        Group(leader, sizes[leader], counts, tuple(sorted(domains[leader]))) for leader, counts in members.items()
    )


def domains_of(now: Snapshot, group: MetaGroup) -> dict[str, str]:
    """The JetStream domain of each region of a meta group; `none` for a region without one."""
    return {region: now.renderings[region].state.domain or "none" for region in group.regions}


def leaders_apart(now: Snapshot) -> tuple[tuple[str, str], ...]:
    """Regions that should share one meta group but follow leaders of their own: pairs of region and leader."""
    for group in expected_groups(now.renderings):
        own: dict[str, str] = {}
        for region in group.regions:
            names = {pod.view.name for pod in now.of(region)}
            leaders = {pod.view.leader for pod in now.of(region) if pod.view.leader in names and pod.view.leader}
            if leaders:
                own[region] = min(leaders)
        if len(set(own.values())) > 1:
            return tuple(own.items())
    return ()
