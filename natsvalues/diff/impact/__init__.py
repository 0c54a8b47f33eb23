"""Judge what changes do. One unit for each kind of consequence; every change gets the worst that any unit finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.changes import LEVELS, NO_IMPACT, Change, Impact, Level, Note, ObjectDiff
from natsvalues.diff.impact.cold_start import deadlock, hanging, told
from natsvalues.diff.impact.context import Context, Decision, context
from natsvalues.diff.impact.identity import account, cluster_name, server_name
from natsvalues.diff.impact.joins import joining, leaving
from natsvalues.diff.impact.links import doors, gateways
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
    gateways,
    doors,
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
    judged = tuple(_judged(about, item) for item in comparison.objects)
    return judged, tuple(_notes(about, judged))


def _judged(about: Context, item: ObjectDiff) -> ObjectDiff:
    changes = tuple(change._replace(impact=_impact(about, item, change)) for change in item.changes)
    return item._replace(changes=changes, impact=whole(about, item))


def _impact(about: Context, item: ObjectDiff, change: Change) -> Impact:
    if item.hook:
        return NO_IMPACT
    found = [impact for rule in RULES if (impact := rule(about, item, change)) is not None]
    return max(found, key=lambda impact: LEVELS.index(impact.level), default=NO_IMPACT)


def _notes(about: Context, judged: tuple[ObjectDiff, ...]) -> list[Note]:
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
        if servers.new is None or not after.hangs:
            continue
        impact = hanging(servers.new, after)
        if before.hangs:
            found.append(Note("none", f"`{servers.new.name}`, as before: {impact.reason}", impact.remedy))
        elif not any(_has(item, impact.level) for item in judged):  # hidden behind something worse
            found.append(Note(impact.level, impact.reason, impact.remedy))
    return found


def _has(item: ObjectDiff, level: Level) -> bool:
    return level == item.impact.level or any(level == change.impact.level for change in item.changes)
