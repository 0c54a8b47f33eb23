"""What is true of two releases as a whole, and of no single change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.stamps import REGION

if TYPE_CHECKING:
    from natsvalues.diff.impact.context import Context


@impact(
    "DI601",
    "post-renderer-missing",
    "outage",
    "release",
    why="The new release has none of the edits that the region needs: no gateway with remotes, no load balancer.",
    source="the stamps of natsvalues in both releases",
    remedy="Upgrade with --post-renderer natsvalues (and --post-renderer-args --region=REGION).",
    fails="new: {untouched: true}",
    passes="old: {untouched: true}",
)
def post_renderer_missing(context: Context) -> str | None:
    """The old release was rendered by natsvalues, and the new one was not."""
    old, new = context.comparison.old.release, context.comparison.new.release
    if not old.mentioning(REGION) or new.mentioning(REGION) or new.is_empty:
        return None
    return "the old release was rendered by natsvalues, and the new one was not: its edits are removed"


IMPACTS = (post_renderer_missing,)
