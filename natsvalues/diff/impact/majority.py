"""Regions that come to need each other: neither has a majority of the meta group alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.supercluster.meta_groups import outage, own_group

if TYPE_CHECKING:
    from natsvalues.diff.impact.context import Context


@impact(
    "DI020",
    "two-regions-share-jetstream",
    "none",
    "release",
    why="In one meta group the servers of both regions count, and the leader needs a majority of them: of two regions "
    "the larger one may not fail, and with equal numbers neither may. Then no stream or consumer can be created, "
    "changed or listed, and /healthz answers 503, in both.",
    source="run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1; nats-server issue 4502",
    remedy="Join a third region, or give each region a JetStream of its own (jetstream.scope: region).",
    fails="old: {conf: {gateway: {gateways: null}}}",
    passes="new: {roll: true}",
)
def two_regions_share_jetstream(context: Context) -> str | None:
    """A region with JetStream comes to share it with exactly one other region."""
    for servers in context.servers:
        before = outage(own_group(servers.before)) if servers.before is not None else None
        after = outage(own_group(servers.after)) if servers.after is not None else None
        if after is not None and len(after.regions) > 1 and (before is None or before.regions != after.regions):
            return after.message
    return None


IMPACTS = (two_regions_share_jetstream,)
