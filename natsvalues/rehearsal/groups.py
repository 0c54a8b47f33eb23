"""Meta groups: who should be in one together, who is, and what it means when two that elected alone meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsvalues.manifests.settings import gateway, jetstream, jetstream_is_on, remotes, system_account
from natsvalues.rehearsal.outcome import Group

if TYPE_CHECKING:
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.snapshot import Snapshot


class Expected(NamedTuple):
    """A meta group as the configurations make it: regions that share a system account and are joined by gateways."""

    regions: tuple[str, ...]
    size: int
    account: str


def expected_groups(renderings: dict[str, Rendering]) -> tuple[Expected, ...]:
    """The meta groups that these renderings form once everybody reaches everybody.

    facts: the meta group follows the system account across gateways, whatever jetstream.domain says (measured on
    2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1). A single server without a cluster has none.
    """
    left = [region for region, rendering in renderings.items() if clustered(rendering)]
    found = []
    while left:
        joined = [left.pop(0)]
        for region in joined:  # grows while it is walked
            near = [other for other in left if _meet(renderings[region], renderings[other])]
            joined += near
            left = [other for other in left if other not in near]
        size = sum(renderings[region].replicas for region in joined)
        found.append(Expected(tuple(joined), size, system_account(renderings[joined[0]].conf)))
    return tuple(found)


def clustered(rendering: Rendering) -> bool:
    """Whether its servers have JetStream in a cluster or behind gateways, and so a meta group."""
    return jetstream_is_on(rendering.conf) and bool(rendering.conf.get("cluster") or rendering.conf.get("gateway"))


def _meet(one: Rendering, other: Rendering) -> bool:
    return system_account(one.conf) == system_account(other.conf) and (links(one, other) or links(other, one))


def links(one: Rendering, other: Rendering) -> bool:
    """Whether a region dials another that lets it in: one that rejects unknown clusters must dial back."""
    block = gateway(other.conf)
    rejects = block.get("reject_unknown_cluster", block.get("reject_unknown", False)) is True
    return bool(block) and dials(one, other) and (not rejects or dials(other, one))


def dials(one: Rendering, other: Rendering) -> bool:
    """Whether a region has another among its remote gateways."""
    if one.gateway_name == other.gateway_name:
        return False  # the same name: each takes the other for itself
    return any(remote.name == other.gateway_name for remote in remotes(one.conf))


def dialled(rendering: Rendering) -> tuple[str, ...]:
    """The names of the remote gateways that a region dials, its own left out."""
    own = gateway(rendering.conf).get("name")
    return tuple(dict.fromkeys(remote.name for remote in remotes(rendering.conf) if remote.name != own))


def observed_groups(now: Snapshot) -> tuple[Group, ...]:
    """The meta groups as the servers report them: by leader, with the number of servers of each region."""
    found: dict[str, dict[str, int]] = {}
    sizes: dict[str, int] = {}
    domains: dict[str, set[str]] = {}
    for pod in now.pods:
        if pod.view.jetstream and pod.view.leader:
            members = found.setdefault(pod.view.leader, {})
            members[pod.region] = members.get(pod.region, 0) + 1
            sizes[pod.view.leader] = max(sizes.get(pod.view.leader, 0), pod.view.size)
            domain = jetstream(now.renderings[pod.region].conf).get("domain")
            domains.setdefault(pod.view.leader, set()).add(str(domain or ""))
    return tuple(
        Group(leader, sizes[leader], members, tuple(sorted(domains[leader]))) for leader, members in found.items()
    )


def leaders_apart(now: Snapshot) -> tuple[tuple[str, str], ...]:
    """Regions that should share one meta group and each follow a leader of their own: pairs of region and leader."""
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
