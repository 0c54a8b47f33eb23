"""The annotations that mark an object as changed by natsvalues."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.manifests.release import Manifest

PREFIX = "natsvalues.io/"
REGION = PREFIX + "region"
OVERLAY_DIGEST = PREFIX + "overlay-digest"
"""The digest of the overlays that an object was rendered with: `Plan.digest`."""
RESTART_DIGEST = PREFIX + "restart-digest"
"""On the pod template: a digest of the settings that only a restart applies."""
CHART_CHECKSUM = "checksum/config"
"""The chart's own digest of the ConfigMap, on the pod template."""
ACCEPTED = PREFIX + "accepted"
"""The losses that the user accepted: `6: join-with-state,store` are those from revision 6 and the ones before it.

A rollback brings an old stamp back; the number keeps it from covering what ran in between.
"""


def stamped_region(manifest: Manifest) -> str:
    """The region for which natsvalues rendered an object; empty if it did not."""
    return str(manifest.annotations.get(REGION, ""))


def acceptance(revision: int, names: Iterable[str]) -> str:
    """The stamp for losses, by their names for `--allow`, that are accepted from a revision and those before it."""
    return f"{revision}: {','.join(sorted(names))}"


def accepted_losses(manifest: Manifest) -> dict[str, int]:
    """The losses that were accepted, by their names for `--allow`, each with the last revision that it counts for."""
    revision, _, names = str(manifest.annotations.get(ACCEPTED, "")).partition(": ")
    return dict.fromkeys(names.split(","), int(revision)) if revision.isdigit() else {}
