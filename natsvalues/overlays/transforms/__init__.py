"""The edits a region needs, each a small function from a scene to patches, in the order they are applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.overlays.transforms.credentials import credentials
from natsvalues.overlays.transforms.gateway import gateway
from natsvalues.overlays.transforms.jetstream import jetstream, sync
from natsvalues.overlays.transforms.names import names
from natsvalues.overlays.transforms.overrides import overrides
from natsvalues.overlays.transforms.probes import probes
from natsvalues.overlays.transforms.service import gateway_service
from natsvalues.overlays.transforms.system_account import system_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.patches import Outcome
    from natsvalues.overlays.scene import Scene


def _moving(scene: Scene) -> Iterator[Outcome]:
    """What the overlay's `move` needs; nearly always there is none."""
    if scene.plan.region.move is not None:
        from natsvalues.overlays.transforms.moving import moving

        yield from moving(scene, scene.plan.region.move)


TRANSFORMS = (names, gateway, credentials, jetstream, sync, system_account, overrides, probes, gateway_service, _moving)
"""In this order; then the user's patches, the roll digest (which must see them) and the stamps."""
