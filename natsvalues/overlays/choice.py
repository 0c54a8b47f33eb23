"""Which region a release is for: the requested one, or the only one whose `nats` selector matches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.chart import all_nats, no_nats

if TYPE_CHECKING:
    from natsvalues.manifests.release import Release
    from natsvalues.overlays.folder import Overlays


def choose(overlays: Overlays, release: Release, requested: str | None) -> str:
    """The region's name. Raises NatsvaluesError if several match, or none does, or there is no NATS at all."""
    if requested is not None:
        return overlays.region(requested).region.name
    if len(overlays.regions) == 1:
        return next(iter(overlays.regions))
    matching = candidates(overlays, release)
    if len(matching) == 1:
        return matching[0]
    there = f"{len(matching)} regions match this release: {', '.join(matching)}" if matching else "no region matches"
    raise NatsvaluesError(
        "NV-O009",
        there,
        where=(Where(overlays.folder),),
        hint="set it: --region REGION (under helm: --post-renderer-args --region=REGION), NATSVALUES_REGION,\n"
        "spec.region where it runs as a KRM function, or nats: {name: …, namespace: …} in the region files",
    )


def candidates(overlays: Overlays, release: Release) -> list[str]:
    """The regions whose `nats` selector matches the release. Raises NatsvaluesError if there is no NATS at all."""
    servers = all_nats(release)
    if not servers:
        raise no_nats(release)
    return [
        name
        for name, file in overlays.regions.items()
        if any(nats.is_meant_by(file.region.nats.name, file.region.nats.namespace) for nats in servers)
    ]
