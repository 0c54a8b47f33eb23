"""What is true of two releases as a whole, and of no single change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.stamps import REGION

if TYPE_CHECKING:
    from natsvalues.diff.impact.context import Context
    from natsvalues.supercluster.region_state import RegionState


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


FIRST = "DI603"


@impact(
    FIRST,
    "first-installation",
    "none",
    "release",
    why="Nothing that runs can change. What the Services open, whether a first boot ends and in which order regions "
    "join counts all the same.",
    source="the releases",
    fails="old: {empty: true}",
    passes="new: {empty: true}",
)
def first_installation(context: Context) -> str | None:
    """The old side is empty, and the new one has servers."""
    if not context.comparison.old.release.is_empty or context.comparison.new.release.is_empty:
        return None
    installed = [_described(servers.after) for servers in context.servers if servers.after is not None]
    return f"nothing is there yet: this installs {', and '.join(installed)}" if installed else None


def _described(state: RegionState) -> str:
    """The servers of a region in some words: how many of which version, their JetStream, their gateway."""
    count = f"{state.replicas} server" + ("s" if state.replicas > 1 else "")
    parts = [f"JetStream, its store on a {state.store_ends_with}"] if state.has_jetstream else ["no JetStream"]
    if state.gateway:
        remotes = ", ".join(remote.name for remote in state.remotes)
        parts.append(f"a gateway to {remotes}" if remotes else "a gateway without remotes")
    return f"{count} of nats-server {state.version} (StatefulSet {state.nats.name}) with {' and '.join(parts)}"


IMPACTS = (post_renderer_missing, configuration_unreadable, first_installation)
