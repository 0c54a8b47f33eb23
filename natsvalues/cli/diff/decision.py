"""What the overlays decided for a release that was rendered elsewhere, which is part of judging its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.stamps import REGION
from natsvalues.supercluster.region_state import Decision

if TYPE_CHECKING:
    from natsvalues.diff.sides import Side


def decision_of(region: str | None, overlays: str | None) -> Decision:
    """The scope and the join of a region; empty without a region or overlays.

    Raises NatsvaluesError if the user named a folder of overlays that cannot be read or that lacks the region.
    """
    if region is None:
        return Decision()
    from natsvalues.cli.overlays_folder import is_named, overlays_folder  # files may be compared without overlays
    from natsvalues.overlays.folder import load
    from natsvalues.overlays.plan import seed_of

    try:
        files = load(overlays_folder(overlays))
        joins = files.region(region).region.joins
    except NatsvaluesError:
        if is_named(overlays):
            raise
        return Decision()
    return Decision(files.supercluster.jetstream.scope, joins or "", seed_of(files))


def stamped_region(side: Side) -> str | None:
    """The region in the annotations that natsvalues left on a release; None if there is none."""
    release = side.release
    stamped = release.manifests(release.mentioning(REGION, "StatefulSet"), lambda item: REGION in item.annotations)
    return str(stamped[0].annotations[REGION]) if stamped else None
