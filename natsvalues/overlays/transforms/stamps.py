"""Stamps: every object that natsvalues touched says so, so that a render which forgot natsvalues can be seen.

They stand on the object's own metadata, never on the pod template: nothing restarts for a stamp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues import __version__
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from natsvalues.overlays.plan import Plan
    from natsvalues.text.yamltree import Value

PREFIX = "natsvalues.io/"
RULE = "stamps"


def stamps(plan: Plan) -> dict[str, str]:
    """Region, version and digest of the effective overlay, as annotations."""
    return {
        PREFIX + "overlay-digest": plan.digest,
        PREFIX + "region": plan.region.name,
        PREFIX + "version": __version__,
    }


def stamp_ops(plan: Plan, document: Value) -> tuple[Op, ...]:
    """The operations that stamp one object."""
    wanted = stamps(plan)
    present = (document.get("metadata") or {}).get("annotations")
    if not isinstance(present, dict):
        return (Op("add", ("metadata", "annotations"), wanted),)
    return tuple(Op("add", ("metadata", "annotations", name), text) for name, text in wanted.items())


def is_stamped(document: Value) -> bool:
    """Whether the object carries a stamp of any version."""
    annotations = (document.get("metadata") or {}).get("annotations") or {}
    return isinstance(annotations, dict) and PREFIX + "region" in annotations
