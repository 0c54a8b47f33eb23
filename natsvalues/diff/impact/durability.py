"""How often JetStream's servers write to their disks: what a power cut then loses, and what that costs.

What a reload does with the setting is in `settings.py`, as for others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.quantities import nanoseconds
from natsvalues.manifests.settings import SYNC_INTERVAL, jetstream_is_on, sync_interval
from natsvalues.supercluster.power_cuts import SOURCE, THROUGHPUT

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers


@impact(
    "DI309",
    "acknowledged-before-written",
    "data-loss",
    why="With `always` a message is on the servers' disks before it is acknowledged. With an interval a power cut of "
    "all servers of the region loses what was acknowledged since they last wrote, and new streams as a whole.",
    source=SOURCE,
    remedy="Keep jetstream.sync: always in the overlays (config.jetstream.merge.sync_interval in the chart's values), "
    "unless the messages may be lost.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:jetstream.sync_interval
old: {supercluster: {jetstream: {sync: always}}}""",
    passes="""\
old: {supercluster: {jetstream: {sync: 10s}}}""",
)
def acknowledged_before_written(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """JetStream wrote messages to the disks before it acknowledged them, and does so no more."""
    path = change.path
    is_about_it = path[:1] == ("jetstream",) and (len(path) == 1 or path[1] in SYNC_INTERVAL)
    servers = context.of_config_map(item) if change.file and is_about_it else None
    before, after = _intervals(servers) if servers is not None else ("", "")
    if before != "always" or after in ("", "always"):
        return None
    return (
        f"a power cut of all servers loses messages that were acknowledged: sync_interval is {after} instead of always"
    )


@impact(
    "DI310",
    "written-at-another-interval",
    "none",
    "release",
    why="With `always` every message waits for the servers' disks. With an interval a power cut of all servers loses "
    "messages that were acknowledged since they last wrote.",
    source=SOURCE,
    fails="new: {supercluster: {jetstream: {sync: always}}}",
    passes="old: {supercluster: {jetstream: {sync: always}}}",
)
def written_at_another_interval(context: Context) -> str | None:
    """JetStream writes to the disks before it acknowledges, which it did not before, or at another interval."""
    for servers in context.servers:
        before, after = _intervals(servers)
        if before == after or "" in (before, after) or before == "always":
            continue
        if after == "always":
            return f"no power cut loses acknowledged messages any more; it costs throughput ({THROUGHPUT})"
        old, new = nanoseconds(before), nanoseconds(after)
        if old is not None and new is not None and old != new:
            return (
                f"a power cut of all servers loses {'more' if new > old else 'fewer'} acknowledged messages: "
                f"sync_interval is {after} instead of {before}"
            )
    return None


def _intervals(servers: Servers) -> tuple[str, str]:
    """`sync_interval` before and after; empty where JetStream is not on in both releases, or a variable has it."""
    if not jetstream_is_on(servers.old_conf) or not jetstream_is_on(servers.new_conf):
        return "", ""
    return sync_interval(servers.old_conf), sync_interval(servers.new_conf)


IMPACTS = (acknowledged_before_written, written_at_another_interval)
