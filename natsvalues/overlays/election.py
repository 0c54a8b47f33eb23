"""Refuses a region of one server whose JetStream would never elect a leader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.supercluster.cold_start import MORE_SERVERS, never_elects
from natsvalues.supercluster.region_state import region_state

if TYPE_CHECKING:
    from natsvalues.overlays.scene import Scene


def require_election(scene: Scene) -> None:
    """Raise NatsvaluesError if the region's only server never elects a leader.

    No edit lets it start and keeps its streams: without the cluster block it starts alone, but a cluster does not take
    over what it stores then, and without routes it does not start.
    """
    plan = scene.plan
    state = region_state(
        scene.release, scene.nats, plan.region.name, version=plan.region.nats.version, decision=plan.decision
    )
    reason = never_elects(state)
    if reason:
        line = scene.nats.statefulset.line_of("spec", "replicas")
        raise NatsvaluesError(
            "NV-T062",
            reason,
            where=(
                scene.release.where(line, f"StatefulSet/{scene.nats.name}: spec.replicas"),
                plan.positions.where("stage"),
            ),
            hint=MORE_SERVERS,
        )
