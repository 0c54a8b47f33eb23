"""Meta groups that elected leaders separately and then merge: one meta log is overwritten, and its streams are lost.

facts: run twice and more on 2.10.26 to 2.15.1; which log is overwritten differs from run to run, also if one has no
stream. So the merge itself is reported, whether or not a stream was lost this time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.groups import expected_groups, leaders_apart, observed_groups

if TYPE_CHECKING:
    from natsvalues.rehearsal.snapshot import Snapshot

SECONDS = 1.5
"""Two leaders for a shorter time may be one leader and its successor."""


class Meeting(NamedTuple):
    """Regions of one meta group, each with the leader that it elected separately; `fresh`: on their first boot."""

    leaders: tuple[tuple[str, str], ...]
    fresh: bool

    def __str__(self) -> str:
        return ", ".join(f"{region} ({leader})" for region, leader in self.leaders)


class Elections(NamedTuple):
    """What was observed so far: regions that elected alone, since when new ones were separate, and merges."""

    alone: dict[str, str]
    apart_since: float | None = None
    meetings: tuple[Meeting, ...] = ()


def observe(before: Elections, now: Snapshot) -> Elections:
    """The observations after one more snapshot."""
    alone = dict(before.alone)
    meetings = list(before.meetings)
    groups = expected_groups(now.renderings)
    by_themselves = {group.regions[0] for group in groups if len(group.regions) == 1}
    for observed in observed_groups(now):
        regions = set(observed.regions)
        if len(regions) == 1 and regions <= by_themselves:
            alone[min(regions)] = observed.leader
    for group in groups:
        met = tuple((region, alone[region]) for region in group.regions if region in alone)
        if len(met) > 1:
            meetings.append(Meeting(met, fresh=False))
    apart = leaders_apart(now) if now.fresh else ()
    since = (before.apart_since if before.apart_since is not None else now.seconds) if apart else None
    if since is not None and now.seconds - since >= SECONDS:
        meetings.append(Meeting(apart, fresh=True))
    kept: dict[tuple[bool, tuple[str, ...]], Meeting] = {}
    for meeting in meetings:
        kept.setdefault((meeting.fresh, tuple(region for region, _ in meeting.leaders)), meeting)
    return Elections(alone, since, tuple(kept.values()))
