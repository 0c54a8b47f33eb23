"""Judge what changes do. One declared impact for each kind of consequence; every change gets the worst that applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import LEVELS, NO_IMPACT, Change, Impact, Level, Note, ObjectDiff
from natsvalues.diff.impact import (
    cold_start,
    durability,
    identity,
    joins,
    links,
    live,
    majority,
    objects,
    ports,
    region,
    removals,
    replicas,
    services,
    settings,
    stores,
    whole,
    workloads,
)
from natsvalues.diff.impact.context import Context, context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.diff.impact.context import Servers
    from natsvalues.diff.impact.declaration import Declared, Target
    from natsvalues.diff.impact.live import Drift
    from natsvalues.diff.releases import Comparison
    from natsvalues.supercluster.region_state import Decision

GROUPS: dict[str, tuple[Declared, ...]] = {
    "Identity": identity.IMPACTS,
    "Regions": joins.IMPACTS + majority.IMPACTS,
    "Cold start": cold_start.IMPACTS,
    "JetStream store": stores.IMPACTS,
    "Another region": region.IMPACTS,
    "Replicas": replicas.IMPACTS,
    "Links": links.IMPACTS,
    "Settings": settings.IMPACTS + durability.IMPACTS,
    "Restarts": workloads.IMPACTS,
    "Services": ports.IMPACTS + services.IMPACTS,
    "Objects": objects.IMPACTS + removals.IMPACTS,
    "Releases": whole.IMPACTS,
    "Cluster": live.IMPACTS,
}
"""In the order of their ids; of several with the worst level the first counts."""
IMPACTS: tuple[Declared, ...] = tuple(impact for group in GROUPS.values() for impact in group)


def _for_target(applies_to: Target) -> tuple[Declared, ...]:
    return tuple(impact for impact in IMPACTS if impact.applies_to == applies_to)


_OF_CHANGES, _OF_OBJECTS, _OF_RELEASES = _for_target("change"), _for_target("object"), _for_target("release")
_OF_DRIFT = _for_target("live")


def judge(comparison: Comparison, decision: Decision) -> tuple[tuple[ObjectDiff, ...], tuple[Note, ...]]:
    """The objects with the impact of each change, and notes on the releases as a whole."""
    releases = context(comparison, decision)
    judged = tuple(_judged(releases, item) for item in comparison.objects)
    return judged, tuple(_notes(releases, judged))


def _judged(releases: Context, item: ObjectDiff) -> ObjectDiff:
    changes = tuple(change._replace(impact=_of_change(releases, item, change)) for change in item.changes)
    return item._replace(changes=changes, impact=_of_object(releases, item))


def _of_change(releases: Context, item: ObjectDiff, change: Change) -> Impact:
    if item.hook:
        return NO_IMPACT
    return _worst(_OF_CHANGES, releases, item, change)


def _of_object(releases: Context, item: ObjectDiff) -> Impact:
    """What it does that an object is added, removed or renamed."""
    if item.hook:
        return Impact("none", "a hook, which Helm runs and does not keep")
    if item.op == "change":
        return NO_IMPACT
    if objects.is_kept(item):
        return Impact("none", "Helm leaves the object where it is (helm.sh/resource-policy: keep)")
    return _worst(_OF_OBJECTS, releases, item)


def of_drift(drift: Drift) -> Impact:
    """What a difference between the old release and the cluster means for the next upgrade."""
    return _worst(_OF_DRIFT, drift)


def _worst(declarations: tuple[Declared, ...], *seen: Any) -> Impact:
    """The worst impact that applies to what the declarations look at."""
    impacts = [
        declared.impact(consequence) for declared in declarations if (consequence := declared.check(*seen)) is not None
    ]
    return max(impacts, key=lambda impact: LEVELS.index(impact.level), default=NO_IMPACT)


def _notes(releases: Context, judged: tuple[ObjectDiff, ...]) -> list[Note]:
    notes = []
    for declared in _OF_RELEASES:
        consequence = declared.check(releases)
        if consequence is not None:
            notes.append(_note(declared.impact(consequence)))
    for servers in releases.servers:
        notes += [_note(impact) for impact in _hidden(servers, judged)]
        old, new = servers.starts
        if new is None or not new.hangs:
            continue
        impact = cold_start.cold_start_hangs.impact(cold_start.hanging(servers, new))
        if old is not None and old.hangs:
            as_before = f"`{servers.new.name if servers.new else ''}`, as before: {impact.reason}"
            notes.append(_note(impact._replace(level="none", reason=as_before)))
        elif not any(_has(item, impact.level) for item in judged):  # hidden behind something worse
            notes.append(_note(impact))
    return sorted(notes, key=lambda note: -LEVELS.index(note.level))  # the worst opens the report


def _hidden(servers: Servers, judged: tuple[ObjectDiff, ...]) -> Iterator[Impact]:
    """Losses that no change shows: behind something worse, or brought about by what is not in the releases."""
    shown = {impact.reason for item in judged for impact in (item.impact, *(change.impact for change in item.changes))}
    for loss in servers.losses:
        if loss.message not in shown:
            yield Impact(loss.manual.level, loss.message, loss.manual.source, loss.manual.remedy)


def _note(impact: Impact) -> Note:
    return Note(impact.level, impact.reason, impact.remedy, impact.id)


def _has(item: ObjectDiff, level: Level) -> bool:
    return level == item.impact.level or any(level == change.impact.level for change in item.changes)
