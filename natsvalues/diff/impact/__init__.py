"""Judge what changes do. One unit for each kind of consequence; every change gets the worst that any unit finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.changes import LEVELS, NO_IMPACT, Change, Impact, Note, ObjectDiff
from natsvalues.diff.impact.cold_start import deadlock, told
from natsvalues.diff.impact.context import Context, Decision, context
from natsvalues.diff.impact.identity import account, cluster_name, server_name
from natsvalues.diff.impact.joins import joining, leaving
from natsvalues.diff.impact.objects import whole
from natsvalues.diff.impact.services import service
from natsvalues.diff.impact.settings import setting
from natsvalues.diff.impact.stores import claims, replicas, store
from natsvalues.diff.impact.workloads import refused, restart
from natsvalues.manifests.stamps import REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.diff.releases import Comparison

RULES: tuple[Callable[[Context, ObjectDiff, Change], Impact | None], ...] = (
    joining,
    leaving,
    server_name,
    account,
    cluster_name,
    store,
    claims,
    replicas,
    deadlock,
    refused,
    service,
    setting,
    restart,
)


def judge(comparison: Comparison, decision: Decision) -> tuple[tuple[ObjectDiff, ...], tuple[Note, ...]]:
    """The objects with the impact of each change, and what is to be said of the whole."""
    about = context(comparison, decision)
    return tuple(_judged(about, item) for item in comparison.objects), tuple(_notes(about))


def _judged(about: Context, item: ObjectDiff) -> ObjectDiff:
    changes = tuple(change._replace(impact=_impact(about, item, change)) for change in item.changes)
    return item._replace(changes=changes, impact=whole(about, item))


def _impact(about: Context, item: ObjectDiff, change: Change) -> Impact:
    if item.hook:
        return NO_IMPACT
    found = [impact for rule in RULES if (impact := rule(about, item, change)) is not None]
    return max(found, key=lambda impact: LEVELS.index(impact.level), default=NO_IMPACT)


def _notes(about: Context) -> list[Note]:
    old, new = about.comparison.old, about.comparison.new
    found = []
    if old.release.mentioning(REGION) and not new.release.mentioning(REGION) and not new.release.is_empty:
        found.append(
            Note(
                "outage",
                "the old release was rendered by natsvalues, and the new one was not: its edits go",
                "upgrade with --post-renderer natsvalues (and --post-renderer-args --region=REGION)",
            )
        )
    for servers in about.servers:
        before, after = told(servers, about)
        if before.hangs and after.hangs and servers.new is not None:
            found.append(
                Note(
                    "none",
                    f"as before, a cold start of `{servers.new.name}` would never end: {after.probe} waits for a meta "
                    f"leader, and {after.shut}",
                    "post-render the release with natsvalues: it gives the gateway a Service of its own, and the probe "
                    "a path that waits for no leader",
                )
            )
    return found
