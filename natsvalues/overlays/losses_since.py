"""What a region loses from its prior release to the new rendering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.chart import all_nats
from natsvalues.overlays.server_conf import placed
from natsvalues.supercluster.losses import losses
from natsvalues.supercluster.pairing import paired
from natsvalues.supercluster.region_state import RegionState, region_state
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Release
    from natsvalues.overlays.pipeline import Result
    from natsvalues.overlays.plan import Plan
    from natsvalues.supercluster.losses import Loss


def losses_since(prior: Release, result: Result) -> list[Loss]:
    """The losses of the region's NATS; empty if the prior release has no counterpart, or ran no JetStream.

    Raises NatsvaluesError for a nats.conf that the server would refuse.
    """
    key = result.nats.statefulset.key
    for before, after in paired(all_nats(prior), all_nats(result.release)):
        if before is not None and after is not None and after.statefulset.key == key:
            return losses(_state(prior, before, result.plan), _state(result.release, after, result.plan))
    return []


def _state(release: Release, nats: Nats, plan: Plan) -> RegionState:
    selector = plan.region.nats
    try:
        return region_state(release, nats, plan.region.name, version=selector.version, decision=plan.decision)
    except ConfSyntaxError as error:
        raise placed(release, nats, error) from None
