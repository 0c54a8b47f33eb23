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


@impact(
    "DI602",
    "configuration-unreadable",
    "outage",
    "release",
    why="nats-server refuses a configuration that it cannot read, so no pod of the new release starts.",
    source="documented behaviour of the server",
    remedy="Correct it in the chart's values; `nats-server -t -c FILE` names the place, too.",
    fails='new: {text: {old: "{", new: "{{"}}',
    passes='old: {text: {old: "{", new: "{{"}}',
)
def configuration_unreadable(context: Context) -> str | None:
    """A configuration file of the new release has an error of syntax."""
    unreadable = [
        f"{item.key} {item.file} of the new side cannot be read ({item.message})"
        for item in context.comparison.unreadable
    ]
    return f"{'; '.join(unreadable)}: the servers will not start with it" if unreadable else None


IMPACTS = (post_renderer_missing, configuration_unreadable)
