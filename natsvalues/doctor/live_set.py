"""All live regions together: what doctor's rules look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.doctor.live import KINDS, Live, live_of, snapshot_of, stream_of
from natsvalues.errors import NatsvaluesError
from natsvalues.lint.subject import Subject
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.groups import expected_groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.seen import RegionSeen, Seen
    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.plan import Plan
    from natsvalues.rehearsal.snapshot import Snapshot
    from natsvalues.supercluster.meta_groups import MetaGroup


class LiveSet(NamedTuple):
    """The regions that could be read, by name; `unread` has those that could not, with the reason."""

    seen: Seen
    regions: dict[str, Live]
    unread: dict[str, str]
    snapshot: Snapshot
    subject: Subject

    @property
    def groups(self) -> tuple[MetaGroup, ...]:
        """The meta groups that the live configurations form."""
        return expected_groups(self.snapshot.renderings)

    @property
    def by_gateway(self) -> dict[str, Live]:
        """The regions by their gateways' names; of several with one name the first."""
        names: dict[str, Live] = {}
        for live in self.regions.values():
            if live.cluster.gateway_name is not None:
                names.setdefault(live.cluster.gateway_name, live)
        return names

    def record_of(self, region: str) -> RegionSeen:
        """What was seen of a region."""
        return next(item for item in self.seen.regions if item.name == region)

    def links(self) -> Iterator[tuple[Live, str, tuple[str, ...], Live | None]]:
        """Every remote that a region lists: the region, the remote's name and urls, and its region if that is known."""
        for live in self.regions.values():
            for remote in live.cluster.state.remotes:
                yield live, remote.name, remote.urls, self.by_gateway.get(remote.name)


def live_set(seen: Seen, overlays: Overlays | None = None, plans: dict[str, Plan] | None = None) -> LiveSet:
    """Read the record. A region that cannot be read is left out, with the reason."""
    plans = plans or {}
    regions: dict[str, Live] = {}
    unread: dict[str, str] = {}
    for item in seen.regions:
        reason = next(
            (item.unseen[question] for question in ("cluster", "nats", *KINDS) if question in item.unseen), None
        )
        try:
            if reason is None:
                regions[item.name] = live_of(item, plans.get(item.name))
        except NatsvaluesError as error:
            reason = error.message
        if reason is not None:
            unread[item.name] = reason
    texts = {item.place: stream_of(item) for item in seen.regions if item.name in regions}
    subject = Subject(overlays, plans, tuple(live.cluster for live in regions.values()), texts)
    return LiveSet(seen, regions, unread, snapshot_of(regions), subject)
