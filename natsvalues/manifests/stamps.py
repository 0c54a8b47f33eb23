"""The annotations that mark an object as changed by natsvalues."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsvalues.manifests.release import Manifest

PREFIX = "natsvalues.io/"
REGION = PREFIX + "region"
RESTART_DIGEST = PREFIX + "restart-digest"
"""On the pod template: a digest of the settings that only a restart applies."""
CHART_CHECKSUM = "checksum/config"
"""The chart's own digest of the ConfigMap, on the pod template."""
ACCEPTED = PREFIX + "accepted"
"""The losses that the user accepted for this revision, by their names for `--allow`, with commas between them."""


def stamped_region(manifest: Manifest) -> str:
    """The region for which natsvalues rendered an object; empty if it did not."""
    return str(manifest.annotations.get(REGION, ""))


def accepted_losses(manifest: Manifest) -> frozenset[str]:
    """The losses that were accepted for an object's revision, by their names for `--allow`."""
    return frozenset(filter(None, str(manifest.annotations.get(ACCEPTED, "")).split(",")))
