"""Who may join when: the seed first, and nobody whose JetStream already ran alone.

facts: docs/stages.md has the walks (2.11.4 to 2.15.1). An empty region that starts before the seed lists it never
elects a leader, or, before 2.12, elects alone and can lose acknowledged messages (2.11.10: in 6 of 6 runs something
was lost or never whole). A region that ran JetStream alone can erase the streams of those it joins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsvalues.supercluster.meta_groups import member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.supercluster.region_state import RegionState


class Joining(NamedTuple):
    """A region as its overlay has it: how it joins (`seed`, `empty` or nothing) and whether it is in stage join."""

    region: str
    joins: str | None
    has_joined: bool


def before_seed(regions: Iterable[Joining]) -> list[tuple[str, str]]:
    """Regions that join before the seed, each with the seed's name, of regions that share one JetStream."""
    listed = list(regions)
    seed = next((region for region in listed if region.joins == "seed"), None)
    if seed is None or seed.has_joined:
        return []
    return [(region.region, seed.region) for region in listed if region.joins == "empty" and region.has_joined]


def dialled_alone(states: Iterable[RegionState]) -> Iterator[tuple[RegionState, RegionState]]:
    """Regions whose JetStream runs alone while another, under the same system account, already dials them.

    Pairs of the region that runs alone and the first that dials it.
    """
    listed = list(states)
    for state in listed:
        if not state.has_jetstream or state.remotes or state.gateway_name is None:
            continue
        for other in listed:
            if other.has_jetstream and other.account == state.account and state.gateway_name in member(other).dials:
                yield state, other
                break
