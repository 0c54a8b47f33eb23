"""Refuses JetStream of one server, which never elects a leader, and an empty region that would elect one alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.settings import dials_others
from natsvalues.supercluster.cold_start import MORE_SERVERS, never_elects
from natsvalues.supercluster.region_state import region_state

if TYPE_CHECKING:
    from natsvalues.overlays.scene import Scene


def require_election(scene: Scene) -> None:
    """Raise NatsvaluesError if an empty region starts JetStream alone, or if its only server never elects a leader."""
    _refuse_start_alone(scene)
    _refuse_one_server(scene)


def _refuse_start_alone(scene: Scene) -> None:
    """The user's patches may have turned JetStream on, or the remotes off."""
    plan = scene.plan
    if plan.shares_jetstream and plan.region.joins == "empty" and not dials_others(scene.conf):
        raise NatsvaluesError(
            "NV-O023",
            f"`{plan.region.name}` is empty and would start JetStream without remotes in stage `{plan.region.stage}`",
            where=(plan.positions.where("joins"), scene.at_conf("jetstream")),
            hint="remove the patch that turns JetStream on, or the remotes off: a JetStream that elected a leader\n"
            "alone can erase the others' streams when it joins them",
        )


def _refuse_one_server(scene: Scene) -> None:
    """Raise if the only server never elects a leader.

    No edit lets it start and keeps its streams: without the cluster block it starts alone, but a cluster does not take
    over what it stores then, and without routes it does not start.
    """
    plan = scene.plan
    state = region_state(
        scene.release, scene.nats, plan.region.name, version=plan.region.nats.version, decision=plan.decision
    )
    reason = never_elects(state)
    if reason:
        from textwrap import wrap  # imported here because it costs 2 ms

        line = scene.nats.statefulset.line_of("spec", "replicas")
        raise NatsvaluesError(
            "NV-T062",
            reason,
            where=(
                scene.release.where(line, f"StatefulSet/{scene.nats.name}: spec.replicas"),
                plan.positions.where("stage"),
            ),
            hint="\n".join(wrap(MORE_SERVERS, 100)),
        )
