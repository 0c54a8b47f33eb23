"""Which region may join when: the seed first, and no region whose JetStream already ran alone.

facts: docs/stages.md has the measured orders (2.11.4 to 2.15.1). If an empty region starts before the seed lists it, it
has no leader until then (from 2.12; on 2.12.8, 3 of 9 runs never had all replicas), or elects one alone (before 2.12)
and can lose acknowledged messages (2.11.10: in 6 of 6 runs messages were lost, or replicas were missing). A region that
ran JetStream alone can erase the streams of those it joins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from natsvalues.supercluster.region_state import RegionState


class Joining(NamedTuple):
    """A region in its overlay: how it joins (`seed`, `empty` or None), and its stage."""

    region: str
    joins: str | None
    stage: str

    @property
    def has_joined(self) -> bool:
        """Whether its stage is `join`."""
        return self.stage == "join"


class EarlyJoin(NamedTuple):
    """An empty region in stage `join` that may not join yet.

    `other` is the region that has to join first: the seed; without a seed, a region that is in another stage; None if
    there is no other region.
    """

    region: str
    other: Joining | None

    @property
    def message(self) -> str:
        """What is wrong, as a sentence."""
        if self.other is None:
            return f"`{self.region}` joins as `empty`, and there is no other region"
        name = f"the seed `{self.other.region}`" if self.other.joins == "seed" else f"`{self.other.region}`"
        return f"`{self.region}` joins, and {name} is in stage `{self.other.stage}`"


EARLY_JOIN_REMEDY = (
    "Bring the seed to stage join first, and wait until it is healthy. A region that starts JetStream without any "
    "other is itself the seed: joins: seed."
)


LISTED_FIRST = "first upgrade the regions that do not list it, and wait until all their servers are healthy"


def without_leader(new: RegionState, rejecting: str) -> str:
    """What it means that a region joins whose servers are rejected by `rejecting`, which do not list it yet.

    `new` is the region's first release with JetStream.
    """
    early = (
        "its JetStream has no leader until they do"
        if new.version.needs_all_votes
        else f"on nats-server {new.version} it elects a meta leader alone, and one side's messages are lost when they "
        "meet"
    )
    return f"{new.name} joins, and {rejecting} do not list it: {early}"


def early_joins(regions: Iterable[Joining]) -> list[EarlyJoin]:
    """The empty regions that join before the seed or, without a seed, alone; `regions` share one meta group."""
    listed = list(regions)
    seed = next((region for region in listed if region.joins == "seed"), None)
    joined = [region for region in listed if region.has_joined]
    if seed is None:
        others = [region for region in listed if region not in joined]
        is_early, other = len(joined) == 1, others[0] if others else None
    else:
        is_early, other = not seed.has_joined, seed
    return [EarlyJoin(region.region, other) for region in joined if region.joins == "empty" and is_early]


def upgrade_order(regions: Iterable[Joining]) -> list[str]:
    """The names of all regions in the order of their upgrades: the seed, those in stage join, the others; then by name.

    A region accepts no gateway that it does not list yet, so those that have joined go before a new one.
    """
    ordered = sorted(regions, key=lambda item: (item.joins != "seed", not item.has_joined, item.region))
    return [region.region for region in ordered]


def order_of_join(region: str, joins: str, seed: str, remotes: Sequence[str], known: Collection[str] = ()) -> str:
    """In which order regions that share one meta group are upgraded, so that `region` and its remotes connect.

    `joins` and `seed` are from the overlays, empty without them; `known` are the remotes that the region already has.
    """
    first = f"the seed `{seed}`" if seed else "the region that has streams"
    waiting = "wait until /healthz of all its servers answers 200"
    new = ", ".join(f"`{name}`" for name in remotes if name not in known)
    if joins == "seed":
        return f"this is the seed, so upgrade it before {new}, and {waiting}"
    if known:
        return f"upgrade {first} first, and {waiting}; then the regions that have joined, and last {new}"
    return f"upgrade {first} first, and {waiting}; then the other regions that have joined, and last `{region}`"


def order_of_change(before: RegionState | None, after: RegionState) -> str:
    """The order of the upgrades where a region that shares JetStream gets remotes; empty if it gets none."""
    known = [remote.name for remote in before.remotes] if before is not None else []
    remotes = [remote.name for remote in after.remotes]
    if not after.has_jetstream or not after.shares_meta_group or set(remotes) <= set(known):
        return ""
    return order_of_join(after.name, after.decision.joins, after.decision.seed, remotes, known)


def unlisted(states: Iterable[RegionState]) -> dict[str, tuple[str, ...]]:
    """For each region, those under its system account that it dials and that reject it, because they do not list it.

    Regions that nobody rejects are left out.
    """
    from natsvalues.supercluster.meta_groups import dials, links, member  # only where states are at hand

    members = [member(state) for state in states if state.is_clustered]
    rejecting = {
        source.region: tuple(
            target.region
            for target in members
            if target.account == source.account and dials(source, target) and not links(source, target)
        )
        for source in members
    }
    return {region: names for region, names in rejecting.items() if names}


def joins_unlisted(
    before: Mapping[str, RegionState], after: Mapping[str, RegionState]
) -> dict[str, tuple[RegionState, tuple[str, ...]]]:
    """The regions whose first JetStream starts with remotes that reject them, because they do not list them.

    Each has its new state, and the names of those that reject it. Both mappings are by region.
    """
    rejecting = unlisted(after.values())
    first = {
        name: state
        for name, state in after.items()
        if state.has_jetstream and state.shares_meta_group and not (name in before and before[name].has_jetstream)
    }
    return {name: (state, rejecting[name]) for name, state in first.items() if name in rejecting}


def dialled_alone(states: Iterable[RegionState]) -> Iterator[tuple[RegionState, RegionState]]:
    """Regions with JetStream and without remotes that another region, under the same system account, already dials.

    Each is paired with the first region that dials it.
    """
    from natsvalues.supercluster.meta_groups import dials, member

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
