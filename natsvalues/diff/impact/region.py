"""For which region both releases were rendered: reports fold stamps, so this says what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.stamps import stamped_region

if TYPE_CHECKING:
    from natsvalues.diff.impact.context import Context


@impact(
    "DI109",
    "another-region",
    "data-loss",
    "release",
    why="A release of another region has other server names, another gateway and other remotes: over the old one its "
    "servers would not find their streams. It was rendered for the wrong region, or compared with the wrong cluster or "
    "namespace.",
    source="the stamps of natsvalues in both releases",
    remedy="Check --region (NATSVALUES_REGION), the kube context and the namespace. If the region was renamed, upgrade "
    "with --allow region.",
    fails="new: {statefulSet: {metadata: {annotations: {natsvalues.io/region: eu-west}}}}",
    passes="""\
old: {statefulSet: {metadata: {annotations: null}}}
new: {statefulSet: {metadata: {annotations: {natsvalues.io/region: eu-west}}}}""",
)
def another_region(context: Context) -> str | None:
    """Both releases were rendered by natsvalues, and for different regions."""
    for servers in context.servers:
        if servers.old is None or servers.new is None:
            continue
        old, new = (stamped_region(nats.statefulset) for nats in (servers.old, servers.new))
        if old and new and old != new:
            return f"the old release was rendered for region `{old}`, and the new one for `{new}`"
    return None


IMPACTS = (another_region,)
