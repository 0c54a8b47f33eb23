"""What a region loses from its prior release to the new rendering, and what else whoever upgrades it must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.chart import all_nats
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.server_conf import placed
from natsvalues.supercluster.emptied import BACK_UP, emptied
from natsvalues.supercluster.joining import order_of_change
from natsvalues.supercluster.kept import kept_losses, post_rendered_before
from natsvalues.supercluster.pairing import paired
from natsvalues.supercluster.readiness import READY_WITHOUT_LEADER, WATCH, readiness_changes
from natsvalues.supercluster.region_state import RegionState, region_state
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Release
    from natsvalues.overlays.pipeline import Result
    from natsvalues.overlays.plan import Plan
    from natsvalues.supercluster.kept import Kept
    from natsvalues.supercluster.losses import Loss


def losses_since(prior: Release, kept: Kept, result: Result) -> list[Loss]:
    """The losses of the region's NATS; empty if the prior release has no counterpart, or no JetStream ever ran.

    Raises NatsvaluesError for a nats.conf that the server would refuse.
    """
    before = counterpart(prior, result)
    if before is None:
        return []
    return kept_losses(_state(prior, before, result.plan), state_after(result), kept)


def way_back(prior: Release, kept: Kept, result: Result) -> int | None:
    """The revision to go back to where the post-renderer was forgotten in the prior one, and nowhere else."""
    before = counterpart(prior, result)
    if before is None:
        return None
    return post_rendered_before(_state(prior, before, result.plan), state_after(result), kept)


def notes_since(prior: Release, result: Result) -> list[Notice]:
    """The order of the upgrades if the region joins others with this one; that Ready does not mean what it did.

    And what a restart of the pods deletes, as a warning.
    """
    before = counterpart(prior, result)
    known = _state(prior, before, result.plan) if before is not None else None
    after = state_after(result)
    order = order_of_change(known, after)
    notes = [Notice("note", order)] if order else []
    gone = emptied(known) if known is not None and known.spec["template"] != after.spec["template"] else ""
    if gone:
        notes.append(Notice("warning", f"this upgrade restarts the pods, and {gone}", hint=BACK_UP))
    return [*notes, Notice("note", READY_WITHOUT_LEADER, hint=WATCH)] if readiness_changes(known, after) else notes


def state_after(result: Result) -> RegionState:
    """The region as it is post-rendered. Raises NatsvaluesError for a nats.conf that the server would refuse."""
    return _state(result.release, _newest(result), result.plan)


def counterpart(prior: Release, result: Result) -> Nats | None:
    """The region's NATS in the prior release; None if that has none."""
    pairs = paired(all_nats(prior), all_nats(result.release))
    key = result.nats.statefulset.key
    return next((old for old, new in pairs if new is not None and new.statefulset.key == key), None)


def _newest(result: Result) -> Nats:
    """The region's NATS with all edits."""
    key = result.nats.statefulset.key
    return next((nats for nats in all_nats(result.release) if nats.statefulset.key == key), result.nats)


def _state(release: Release, nats: Nats, plan: Plan) -> RegionState:
    selector = plan.region.nats
    try:
        return region_state(release, nats, plan.region.name, version=selector.version, decision=plan.decision)
    except ConfSyntaxError as error:
        raise placed(release, nats, error) from None
