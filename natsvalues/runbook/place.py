"""Where a region is now: its release, what its store may hold from earlier revisions, and what its servers report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.stamps import OVERLAY_DIGEST, accepted_losses, stamped_region
from natsvalues.records import NamedTuple
from natsvalues.supercluster.region_state import region_state

if TYPE_CHECKING:
    from natsvalues.manifests.release import Release
    from natsvalues.overlays.plan import Plan
    from natsvalues.runbook.immutable import Upgrade
    from natsvalues.runbook.stores import Stores
    from natsvalues.supercluster.kept import Kept
    from natsvalues.supercluster.region_state import RegionState

EMPTIED: Literal["join-with-state"] = "join-with-state"
"""The loss that is accepted where a region's stores are emptied."""
_CHART = re.compile(r"-(\d+\.\d+\.\d+.*)$")
Stage = Literal["absent", "local", "expose", "join"]


class Place(NamedTuple):
    """One region as it was seen.

    `state` is None where no release is installed. `stored` is the state that left the store as it is: that of the last
    revision with JetStream. `old_names` are the names that its servers had before the revision that gave them others;
    empty if Helm keeps none. `stores` is None where no server was asked. `read_from` says where the release was read.
    """

    region: str
    read_from: str
    state: RegionState | None = None
    stored: RegionState | None = None
    stores: Stores | None = None
    old_names: str = ""
    is_emptied: bool = False
    """Whether its stores were emptied since JetStream was taken out, which nothing in the release shows."""
    is_lost: bool = False
    """Whether all its volumes are gone, which nothing in the release shows."""
    running: int | None = None
    """How many servers the StatefulSet has in the cluster; None where nobody looked."""
    upgrade: Upgrade | None = None
    """What its next release changes, where that was rendered."""
    silence: str = ""
    """Why its servers said nothing of their streams, although its cluster was looked at; empty if they did."""

    @property
    def stage(self) -> Stage:
        """How far the region is connected."""
        if self.state is None:
            return "absent"
        if not self.state.gateway:
            return "local"
        return "join" if self.state.remotes else "expose"

    @property
    def stamp(self) -> str:
        """The region for which natsvalues rendered it; empty if it did not."""
        return stamped_region(self.state.nats.statefulset) if self.state is not None else ""

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its StatefulSet; empty where no release is installed."""
        metadata = self.state.nats.statefulset.value.get("metadata") if self.state is not None else None
        return (metadata or {}).get("labels") or {}

    @property
    def chart(self) -> str:
        """The version of the chart in its label `helm.sh/chart`; empty if that says none."""
        version = _CHART.search(self.labels.get("helm.sh/chart", ""))
        return version[1] if version else ""

    @property
    def digest(self) -> str:
        """The digest of the overlay that it was rendered with; empty without one."""
        if self.state is None:
            return ""
        return str(self.state.nats.statefulset.annotations.get(OVERLAY_DIGEST, ""))

    @property
    def servers(self) -> int:
        """How many servers it has: in the cluster, else in the release."""
        if self.running is not None or self.state is None:
            return self.running or 0
        return self.state.replicas

    @property
    def partition(self) -> int:
        """The ordinal below which a roll leaves pods as they are."""
        strategy = (self.state.spec.get("updateStrategy") or {}) if self.state is not None else {}
        return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)

    @property
    def has_data(self) -> bool:
        """Whether its store may have streams: JetStream ran, and the servers, if they were asked, list one."""
        return self.stored is not None and (self.stores is None or bool(self.stores.of(self.cluster)))

    @property
    def cluster(self) -> str:
        """The name of its cluster."""
        state = self.stored or self.state
        return str((state.conf.get("cluster") or {}).get("name") or "") if state is not None else ""


def place_of(release: Release, kept: Kept, plan: Plan, read_from: str) -> Place:
    """Where a region with this release is. Raises NatsvaluesError for a release without NATS, or with several."""
    state = state_of(release, plan)
    stored: RegionState | None = state if state.has_jetstream else None
    accepted = _emptied_up_to(state)
    old_names = ""
    for revision in kept.earlier:
        try:
            earlier = state_of(revision.release, plan)
        except NatsvaluesError:  # no server started with it
            continue
        if stored is None and earlier.has_jetstream and revision.ran and revision.number > accepted:
            stored = earlier
        accepted = max(accepted, _emptied_up_to(earlier))
        if earlier.server_names != state.server_names:
            old_names = earlier.server_names
        if stored is not None and (old_names or not _may_be_renaming(state)):
            break
    return Place(plan.region.name, read_from, state, stored, old_names=old_names)


def plan_of(name: str, wanted: dict[str, Plan]) -> Plan:
    """The region's plan; for a region that leaves, that of another one under its name, which has the same scope."""
    if name in wanted:
        return wanted[name]
    any_plan = next(iter(wanted.values()))
    selector = any_plan.region.nats._replace(name=None, namespace=None, version=None)
    return any_plan._replace(region=any_plan.region._replace(name=name, nats=selector))


def with_empty_stores(place: Place) -> Place:
    """The place after its stores were emptied; as it is, while its release has JetStream."""
    if place.state is None or place.state.has_jetstream:
        return place
    return place._replace(stored=None, is_emptied=True)


def _emptied_up_to(state: RegionState) -> int:
    """The revision up to which what ran is gone: that was accepted where JetStream was taken out; 0 for none.

    A region that had a system account of its own loses its streams with that account.
    """
    accepted = accepted_losses(state.nats.statefulset)
    return 0 if state.has_jetstream else max(accepted.get(EMPTIED, 0), accepted.get("system-account", 0))


def _may_be_renaming(state: RegionState) -> bool:
    """Whether a partition holds up a roll, so that some servers still have their old names."""
    return "partition" in ((state.spec.get("updateStrategy") or {}).get("rollingUpdate") or {})


def state_of(release: Release, plan: Plan) -> RegionState:
    """The region with this release. Raises NatsvaluesError for a release without NATS, or with several."""
    selector = plan.region.nats
    nats = find_nats(release, selector.name, selector.namespace)
    return region_state(release, nats, plan.region.name, version=selector.version, decision=plan.decision)
