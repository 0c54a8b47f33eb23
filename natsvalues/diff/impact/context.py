"""The input of every impact: both releases, their NATS servers in pairs, and what the overlays decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.comparison import compare
from natsvalues.manifests.services import leads_to_gateway, selects
from natsvalues.records import NamedTuple
from natsvalues.supercluster.cold_start import ColdStart, cold_start
from natsvalues.supercluster.kept import kept_losses
from natsvalues.supercluster.pairing import paired
from natsvalues.supercluster.region_state import Decision, RegionState, region_state
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.releases import Comparison
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Release, ResourceKey
    from natsvalues.supercluster.kept import Kept
    from natsvalues.supercluster.losses import Kind, Loss


class Servers(NamedTuple):
    """One NATS in both releases; `old` or `new` is None if it is only in the other release.

    `before` and `after` are its states, which are also None if its configuration cannot be read.
    """

    before: RegionState | None
    after: RegionState | None
    old: Nats | None
    new: Nats | None
    template_changes: tuple[Change, ...]
    """The differences in the pod template: any of them restarts the pods."""
    losses: tuple[Loss, ...]
    """What their JetStream loses; empty if they are in one release only."""
    starts: tuple[ColdStart | None, ColdStart | None]
    """The cold starts of the old and of the new release, each judged without the other regions."""

    @property
    def old_conf(self) -> dict[str, Any]:
        """The settings of the old nats.conf; empty without one."""
        return self.before.conf if self.before is not None else {}

    @property
    def new_conf(self) -> dict[str, Any]:
        """The settings of the new nats.conf; empty without one."""
        return self.after.conf if self.after is not None else {}

    @property
    def replicas(self) -> int:
        """How many servers there are in the new release; if they are removed, in the old one."""
        state = self.after or self.before
        return state.replicas if state is not None else 1

    def leads_to_gateway(self, service: dict[str, Any]) -> bool:
        """Whether a Service has a port that leads to their gateways."""
        state = self.after or self.before
        return state is not None and leads_to_gateway(service, state.listen, state.nats)

    def has_config_map(self, key: ResourceKey) -> bool:
        """Whether their configuration is in this ConfigMap, in either release."""
        return any(nats is not None and nats.config_map.key == key for nats in (self.old, self.new))

    def is_statefulset(self, key: ResourceKey) -> bool:
        """Whether this StatefulSet runs them, in either release."""
        return any(nats is not None and nats.statefulset.key == key for nats in (self.old, self.new))


class Context(NamedTuple):
    """Everything that an impact can depend on."""

    comparison: Comparison
    servers: tuple[Servers, ...]
    decision: Decision

    def of_config_map(self, item: ObjectDiff) -> Servers | None:
        """The servers whose configuration is in a ConfigMap; None if there are none."""
        keys = [key for key in (item.key, item.was) if key is not None]
        return next((servers for servers in self.servers if any(map(servers.has_config_map, keys))), None)

    def of_statefulset(self, item: ObjectDiff) -> Servers | None:
        """The servers that a StatefulSet runs; None if there are none."""
        keys = [key for key in (item.key, item.was) if key is not None]
        return next((servers for servers in self.servers if any(map(servers.is_statefulset, keys))), None)

    def loss(self, item: ObjectDiff, change: Change, kind: Kind) -> str | None:
        """The message of a loss of this kind that a change causes; None if it causes none."""
        if not change.file and item.key.kind != "StatefulSet":
            return None
        servers = self.of_config_map(item) if change.file else self.of_statefulset(item)
        messages = (
            loss.message
            for loss in (servers.losses if servers is not None else ())
            if loss.kind == kind and loss.is_due_to(change.path, setting=bool(change.file))
        )
        return next(messages, None)

    def of_service(self, item: ObjectDiff) -> Servers | None:
        """The servers whose pods a Service selects, in the release that has it; None if it selects none."""
        for servers in self.servers:
            for nats, value in ((servers.new, item.after), (servers.old, item.before)):
                if nats is not None and value is not None and selects(value, nats):
                    return servers
        return None


def context(comparison: Comparison, decision: Decision) -> Context:
    """The input of the impacts, with the servers of both releases in pairs."""
    renamed = {pair.new.key: pair.old.key for pair in comparison.pairs if pair.old and pair.new}
    pairs = paired(comparison.old_nats, comparison.new_nats, renamed)
    old, new = comparison.old.release, comparison.new.release
    servers = tuple(
        _servers(_state(old, before, decision), _state(new, after, decision), before, after, comparison.old.kept)
        for before, after in pairs
    )
    return Context(comparison, servers, decision)


def _servers(
    before: RegionState | None, after: RegionState | None, old: Nats | None, new: Nats | None, kept: Kept
) -> Servers:
    """One NATS with its losses and cold starts, judged once for all changes."""
    lost = tuple(kept_losses(before, after, kept)) if before is not None and after is not None else ()
    starts = (cold_start(before) if before is not None else None, cold_start(after) if after is not None else None)
    return Servers(before, after, old, new, _template(old, new), lost, starts)


def _state(release: Release, nats: Nats | None, decision: Decision) -> RegionState | None:
    """The state of a NATS; None without one, or if its configuration cannot be read (a note reports that)."""
    try:
        return region_state(release, nats, decision=decision) if nats is not None else None
    except ConfSyntaxError:
        return None


def _template(old: Nats | None, new: Nats | None) -> tuple[Change, ...]:
    if old is None or new is None:
        return ()
    before, after = (nats.statefulset.value["spec"].get("template") for nats in (old, new))
    return compare(before, after, of_object=True)
