"""From where the regions are to where the overlays want them: the steps, in an order in which nothing is lost.

The most boring way is taken: first whatever changes a single region's store or identity, then the regions that leave,
then the walk through the stages, then what waited in backups, and last every region whose release has other overlays.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from natsvalues.runbook.data import emptied, into_cluster, is_to_be_emptied, restored
from natsvalues.runbook.draft import Draft
from natsvalues.runbook.immutable import is_refused, recreate, refuse_changes
from natsvalues.runbook.leaving import leave, remove_gone, scale_down
from natsvalues.runbook.rebuilding import rebuild
from natsvalues.runbook.renaming import rename_account, rename_servers
from natsvalues.runbook.step import Act, Check, Runbook, Step
from natsvalues.runbook.upgrading import require_alone, upgrade_servers
from natsvalues.runbook.walk import ROLLBACK, roll, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from natsvalues.overlays.folder import Overlays
    from natsvalues.runbook.draft import Backups
    from natsvalues.runbook.place import Place
    from natsvalues.supercluster.region_state import RegionState


def runbook(
    overlays: Overlays,
    places: dict[str, Place],
    backups: Backups,
    rendered: Mapping[str, RegionState] = MappingProxyType({}),
    *,
    needs_proof: bool = True,
) -> Runbook:
    """The plan. `places` are the regions that were seen; one of the overlays that is not among them is not installed.

    `backups` are the streams in the backups of each region, `rendered` the regions as the chart renders them with the
    new values, where it did. Only a rehearsal, from which proofs come, needs none.

    Raises NatsvaluesError for overlays that contradict each other.
    """
    draft = Draft(overlays, places, backups, rendered, needs_proof=needs_proof)
    _refuse_domains(draft)
    refuse_changes(draft)
    remove_gone(draft)
    upgrade_servers(draft)
    for name in draft.order:
        if draft.places[name].is_lost:
            rebuild(draft, name)
            continue
        if is_to_be_emptied(draft, name):
            emptied(draft, name)
            continue
        into_cluster(draft, name)
        rename_servers(draft, name)
        rename_account(draft, name)
        scale_down(draft, name)
    for name in draft.leaving:
        leave(draft, name)
    walk(draft)
    restored(draft)
    _update(draft)
    recreate(draft)
    require_alone(draft)
    steps = () if draft.refused else tuple(draft.steps)
    return Runbook(overlays.supercluster.name, steps, tuple(draft.refused), tuple(_done(draft)), tuple(_unknown(draft)))


def _refuse_domains(draft: Draft) -> None:
    """Regions that have joined with different domains: one meta group, in which streams cannot be placed everywhere.

    A domain in one of them alone, as scope region leaves it in the seed, goes with an update (docs/plan-runs.md).

    facts: docs/stages.md, "Two pieces of advice that do not hold"; a rehearsal does not get to a first step (2.14.6).
    """
    joined = [name for name in draft.order if draft.places[name].stage == "join" and draft.places[name].stored]
    states = [state for name in joined if (state := draft.places[name].state) is not None]
    domains = {state.domain for state in states if state.domain is not None}
    if len(domains) > 1 and len({state.account for state in states}) == 1:
        draft.refuse(
            joined[0],
            "update",
            "the regions share one meta group, and each has a JetStream domain of its own: no way out of that was run",
            "back the streams up first (nats stream backup --consumers), and remove the domains, one region after "
            "another; jetstream.domain in supercluster.yaml, if clients use one",
        )


def _update(draft: Draft) -> None:
    """Every region whose release was rendered with other overlays, or without natsvalues, and that no step upgrades.

    And those whose next release has a field that cannot change.
    """
    for name in draft.order:
        place = draft.places[name]
        is_right = place.digest == draft.plans[name].digest and not place.partition
        is_right = is_right and not is_refused(place)
        last = next((step for step in reversed(draft.steps) if step.region == name and "upgrade" in _kinds(step)), None)
        moves = last is not None and last.moves[name] is not None
        if draft.refused or (last is None and is_right) or (last is not None and not moves):
            continue
        is_new = not place.stamp
        draft.add(
            Step(
                "adopt" if is_new and last is None else "update",
                name,
                "render it with natsvalues"
                if is_new and last is None
                else "render it with the overlays as they are at the end",
                (Act("upgrade", name),),
                effect=roll(draft, name),
                before=(Check("healthy", name),),
                after=(Check("healthy", name),),
                back=ROLLBACK,
            ),
            {name: None},
        )


def _kinds(step: Step) -> set[str]:
    return {act.kind for act in step.acts}


def _done(draft: Draft) -> list[str]:
    lines = []
    busy = {step.region for step in draft.steps} | {refused.region for refused in draft.refused}
    for name in draft.order:
        place = draft.places[name]
        if name not in busy:
            lines.append(f"{name}: in stage {place.stage}, as the overlays want it")
        elif place.state is not None:
            lines.append(
                f"{name}: {place.read_from}: in stage {place.stage}"
                + (", rendered by natsvalues" if place.stamp else "")
            )
    return lines


def _unknown(draft: Draft) -> list[str]:
    busy = {step.region for step in draft.steps}
    deleted = [
        f"{name}: whether {', '.join(streams)} was deleted since, or is still to be restored: the backup has it, the "
        f"servers do not. Remove its folder from the backups if it was deleted; else restore it: nats --context {name} "
        f"stream restore …/{name}/{streams[0]}"
        for name, streams in draft.unsure.items()
    ]
    return deleted + [
        f"{name}: which streams its stores have: {place.silence or '--contexts'}, or --jsz {name}=FILE"
        for name, place in draft.places.items()
        if name in busy and place.stored is not None and place.stores is None and not place.is_lost
    ]
