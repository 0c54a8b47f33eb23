"""What an impact is judged from: both releases, their NATS servers side by side, and what the overlays decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.diff.comparison import compare
from natsvalues.manifests.services import leads_to_gateway, selects
from natsvalues.supercluster.cold_start import ColdStart, cold_start
from natsvalues.supercluster.losses import losses
from natsvalues.supercluster.pairing import paired
from natsvalues.supercluster.region_state import Decision, RegionState, region_state
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.releases import Comparison
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Release, ResourceKey
    from natsvalues.supercluster.losses import Kind, Loss


class Servers(NamedTuple):
    """One NATS of both releases; `old` or `new` is None where it is only on the other side.

    `before` and `after` are its states; also None where its configuration cannot be read.
    """

    before: RegionState | None
    after: RegionState | None
    old: Nats | None
    new: Nats | None
    template_changes: tuple[Change, ...]
    """What differs in the pod template: anything at all restarts the pods."""

    @property
    def old_conf(self) -> dict[str, Any]:
        """What the old nats.conf means; empty where there is none."""
        return self.before.conf if self.before is not None else {}

    @property
    def new_conf(self) -> dict[str, Any]:
        """What the new nats.conf means; empty where there is none."""
        return self.after.conf if self.after is not None else {}

    @property
    def losses(self) -> list[Loss]:
        """What their JetStream loses."""
        return losses(self.before, self.after) if self.before is not None and self.after is not None else []

    @property
    def starts(self) -> tuple[ColdStart | None, ColdStart | None]:
        """The cold start of the old release, and of the new."""
        old, new = (cold_start(state) if state is not None else None for state in (self.before, self.after))
        return old, new

    @property
    def replicas(self) -> int:
        """Servers of the new release."""
        state = self.after or self.before
        return state.replicas if state is not None else 1

    def leads_to_gateway(self, service: dict[str, Any]) -> bool:
        """Whether a Service has a port that ends at their gateways."""
        state = self.after or self.before
        return state is not None and leads_to_gateway(service, state.listen, state.nats)

    def has_config_map(self, key: ResourceKey) -> bool:
        """Whether their configuration is in this ConfigMap, on either side."""
        return any(nats is not None and nats.config_map.key == key for nats in (self.old, self.new))

    def is_statefulset(self, key: ResourceKey) -> bool:
        """Whether this StatefulSet runs them, on either side."""
        return any(nats is not None and nats.statefulset.key == key for nats in (self.old, self.new))


class Context(NamedTuple):
    """Everything a rule may look at."""

    comparison: Comparison
    servers: tuple[Servers, ...]
    decision: Decision

    def of_config_map(self, item: ObjectDiff) -> Servers | None:
        """The servers whose configuration a ConfigMap holds."""
        keys = [key for key in (item.key, item.was) if key is not None]
        return next((servers for servers in self.servers if any(map(servers.has_config_map, keys))), None)

    def of_statefulset(self, item: ObjectDiff) -> Servers | None:
        """The servers that a StatefulSet runs."""
        keys = [key for key in (item.key, item.was) if key is not None]
        return next((servers for servers in self.servers if any(map(servers.is_statefulset, keys))), None)

    def loss(self, item: ObjectDiff, change: Change, kind: Kind) -> str | None:
        """What is lost, of this kind, because of a change; None where nothing is."""
        if not change.file and item.key.kind != "StatefulSet":
            return None
        servers = self.of_config_map(item) if change.file else self.of_statefulset(item)
        lost = servers.losses if servers is not None else []
        due = (
            loss.message
            for loss in lost
            if loss.kind == kind and loss.is_due_to(change.path, setting=bool(change.file))
        )
        return next(due, None)

    def of_service(self, item: ObjectDiff) -> Servers | None:
        """The servers to whose pods a Service sends, on the side where it is."""
        for servers in self.servers:
            for nats, value in ((servers.new, item.after), (servers.old, item.before)):
                if nats is not None and value is not None and selects(value, nats):
                    return servers
        return None


def context(comparison: Comparison, decision: Decision) -> Context:
    """Put the servers of both sides together."""
    renamed = {pair.new.key: pair.old.key for pair in comparison.pairs if pair.old and pair.new}
    pairs = paired(comparison.old_nats, comparison.new_nats, renamed)
    old, new = comparison.old.release, comparison.new.release
    servers = tuple(
        Servers(_state(old, before, decision), _state(new, after, decision), before, after, _template(before, after))
        for before, after in pairs
    )
    return Context(comparison, servers, decision)


def _state(release: Release, nats: Nats | None, decision: Decision) -> RegionState | None:
    """The region's state; None where there is none, or its configuration cannot be read (a note says so)."""
    try:
        return region_state(release, nats, decision=decision) if nats is not None else None
    except ConfSyntaxError:
        return None


def _template(old: Nats | None, new: Nats | None) -> tuple[Change, ...]:
    if old is None or new is None:
        return ()
    before, after = (nats.statefulset.value["spec"].get("template") for nats in (old, new))
    return compare(before, after, of_object=True)
