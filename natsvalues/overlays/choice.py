"""Which region a release is for: the requested one, or the only one whose `nats` selector matches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.chart import all_nats, find_nats, no_nats

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Release
    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.plan import Plan


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


def is_clear(overlays: Overlays, release: Release, region: str | None) -> bool:
    """Whether it can be said which region a rendering is: it was named, or no other can be meant."""
    return bool(region) or len(overlays.regions) == 1 or len(candidates(overlays, release)) == 1


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


def nats_of(release: Release, plan: Plan) -> Nats:
    """The NATS of the release that a region's `nats` selector means. Raises NatsvaluesError as find_nats does."""
    selector = plan.region.nats
    try:
        return find_nats(release, selector.name, selector.namespace)
    except NatsvaluesError as error:
        if error.code == "NV-I005":
            error.where = (plan.positions.where("nats"), *error.where)
        raise
