"""Stamps: annotations on every object that natsvalues changed; they show whether a release was post-rendered.

They are on the object's own metadata, never on the pod template: a stamp restarts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues import __version__
from natsvalues.manifests.stamps import ACCEPTED, OVERLAY_DIGEST, PREFIX, REGION
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from natsvalues.manifests.release import Manifest
    from natsvalues.overlays.plan import Plan

RULE = "stamps"


def stamps(plan: Plan) -> dict[str, str]:
    """Region, version, digest of the effective overlay, and the losses that the user accepted, as annotations."""
    accepted = {ACCEPTED: plan.accepted} if plan.accepted else {}
    return {
        OVERLAY_DIGEST: plan.digest,
        REGION: plan.region.name,
        PREFIX + "version": __version__,
        **accepted,
    }


def stamp_ops(plan: Plan, manifest: Manifest) -> tuple[Op, ...]:
    """The operations that stamp one object."""
    wanted = stamps(plan)
    if not manifest.annotations:
        return (Op("add", ("metadata", "annotations"), wanted),)
    return tuple(Op("add", ("metadata", "annotations", name), text) for name, text in wanted.items())


def is_stamped(manifest: Manifest) -> bool:
    """Whether the object carries a stamp of any version."""
    return REGION in manifest.annotations
