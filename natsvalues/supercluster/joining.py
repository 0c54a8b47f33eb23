"""Which region may join when: the seed first, and no region whose JetStream already ran alone.

facts: docs/stages.md has the measured orders (2.11.4 to 2.15.1). If an empty region starts before the seed lists it, it
has no leader until then (from 2.12; on 2.12.8, 3 of 9 runs never had all replicas), or elects one alone (before 2.12)
and can lose acknowledged messages (2.11.10: in 6 of 6 runs messages were lost, or replicas were missing). A region that
ran JetStream alone can erase the streams of those it joins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from natsvalues.supercluster.meta_groups import dials, member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.supercluster.region_state import RegionState


class Joining(NamedTuple):
    """A region in its overlay: how it joins (`seed`, `empty` or None), and whether its stage is `join`."""

    region: str
    joins: str | None
    has_joined: bool


def before_seed(regions: Iterable[Joining]) -> list[tuple[str, str]]:
    """The empty regions that join before the seed, each with the seed's name; `regions` share one meta group."""
    listed = list(regions)
    seed = next((region for region in listed if region.joins == "seed"), None)
    if seed is None or seed.has_joined:
        return []
    return [(region.region, seed.region) for region in listed if region.joins == "empty" and region.has_joined]


def dialled_alone(states: Iterable[RegionState]) -> Iterator[tuple[RegionState, RegionState]]:
    """Regions with JetStream and without remotes that another region, under the same system account, already dials.

    Each is paired with the first region that dials it.
    """
    running = [state for state in states if state.has_jetstream]
    for alone in running:
        if alone.remotes:
            continue
        dialling = (
            state for state in running if state.account == alone.account and dials(member(state), member(alone))
        )
        first = next(dialling, None)
        if first is not None:
            yield alone, first
