"""Whether servers that all start at once come up: at a cold start with their stores, and at a first boot without.

facts, run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1 with two and three regions behind load balancers:

- With JetStream across gateways a startup (or readiness) probe that needs a meta leader keeps every pod from being
  Ready; a load balancer that sends to Ready pods only, or that checks such a path itself, then leads to nobody; and
  the leader needs the servers behind the load balancers. Either cure ends it: a gateway Service with
  publishNotReadyAddresses, or probes that need no leader.
- A region that has a majority of its meta group elects the leader alone, and is Ready. So does one whose system
  account no other region shares: two such regions with the strict probe converge in 7.7 s.
- A first boot counts routes and the urls of remote gateways. From 2.12 on servers with empty stores elect only once
  all that are counted have voted; servers under another system account are counted and never vote (two such regions:
  2.10.26 and 2.11.10 elect within 4 s, 2.12.8, 2.14.6 and 2.15.1 never do).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.manifests.healthz import needs_leader, ready_path
from natsvalues.manifests.probes import http_path, waits_for_leader
from natsvalues.manifests.services import port_role, ports_of, publishes_not_ready
from natsvalues.providers.meaning import meaning_of
from natsvalues.supercluster.meta_groups import groups_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsvalues.manifests.probes import Kind
    from natsvalues.manifests.server import ServerVersion
    from natsvalues.supercluster.region_state import RegionState

SOURCE = "run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1"
VOTES_OF_ALL = (2, 12)
"""From here on servers with empty stores elect only once all that are counted have voted."""
BOOT_WITHOUT_REMOTES = "boot the region once without remotes (stage local or expose), then join"


class ColdStart(NamedTuple):
    """What decides whether a region's servers, all started at once with their stores, come up."""

    needs_others: bool
    """JetStream is on, and its meta group has no majority without the servers of other regions."""
    needs_peers: bool
    """The servers that start without waiting for a leader are no majority of the meta group."""
    probe: Kind | None
    """The probe that keeps a pod from being Ready until there is a leader."""
    path: str
    """That probe's path."""
    closed: str
    """Why nobody reaches the gateways of pods that have no leader yet; empty where somebody does."""
    held: str
    """Why servers of the region do not meet one another before they are Ready; empty where they do."""

    @property
    def hangs(self) -> bool:
        """Whether the servers wait forever: for a leader that waits for them."""
        return (self.needs_others and bool(self.closed)) or (self.needs_peers and bool(self.held))

    @property
    def reason(self) -> str:
        """Why it hangs, as a sentence; empty where it does not."""
        if not self.hangs:
            return ""
        waiting = f"the {self.probe} probe `{self.path}` waits for a meta leader, " if self.probe else ""
        if self.needs_others and self.closed:
            return f"a cold start would hang: {waiting}{self.closed}, and the leader needs the gateways"
        return f"a cold start would hang: {waiting}{self.held}, and the leader needs a majority of the servers"


def remedy(version: ServerVersion) -> str:
    """How to end a cold start that hangs."""
    return (
        "Give the gateway a Service of its own with publishNotReadyAddresses: true, and probes and health checks the "
        f"path {ready_path(version)}; natsvalues post-render does both."
    )


@lru_cache(maxsize=4)
def cold_starts(states: tuple[RegionState, ...]) -> dict[str, ColdStart]:
    """Judge regions together, by name.

    Of a remote gateway that is not among them it is assumed that it shares the meta group if the overlays say so, or,
    without overlays, if the region uses the default system account; and that its servers start as this region's do.
    """
    by_name = {state.name: state for state in states}
    groups = {name: group for group in groups_of(states) for name in group.regions}
    gateways = {state.gateway_name for state in states}
    judged = {}
    for state in states:
        probe = waits_for_leader(state.container, state.version)
        path = http_path(state.container, probe) or "" if probe is not None else ""
        group = groups.get(state.name)
        absent = state.shares_meta_group and any(remote.name not in gateways for remote in state.remotes)
        size = group.size if group is not None else 0
        starting = sum(_starting(by_name[name]) for name in group.regions) if group is not None else 0
        judged[state.name] = ColdStart(
            needs_others=group is not None and bool(state.remotes) and (absent or 2 * state.replicas <= size),
            needs_peers=group is not None and 2 * starting <= size,
            probe=probe,
            path=path,
            closed=_closed(state, probe),
            held=_held(state, probe),
        )
    return judged


def cold_start(state: RegionState) -> ColdStart:
    """Judge one region of which the others are not at hand."""
    return cold_starts((state,))[state.name]


def _starting(state: RegionState) -> int:
    """How many servers of a region meet before there is a leader."""
    return 1 if _held(state, waits_for_leader(state.container, state.version)) else state.replicas


def _held(state: RegionState, probe: Kind | None) -> str:
    """Why servers do not meet their peers before they are Ready; empty where they do."""
    if probe is None or state.replicas == 1 or not state.routes or not state.has_jetstream:
        return ""
    if state.spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady":
        return "pods start one after another (podManagementPolicy OrderedReady)"
    headless = state.headless
    if headless is not None and not publishes_not_ready(headless.value):
        return f"the headless Service `{headless.key.name}` names only pods that are Ready"
    return ""


def _closed(state: RegionState, probe: Kind | None) -> str:
    """Why no Service sends to gateways of servers without a leader; empty where one does, or none is needed."""
    if state.uses_host_network:
        return ""
    services = state.ways_in
    hidden = [service for service in services if probe is not None and not publishes_not_ready(service.value)]
    checked = {service.key: _strict_check(state, service.value) for service in services}
    if any(service not in hidden and not checked[service.key] for service in services):
        return ""
    if hidden:
        return f"Service `{hidden[0].key.name}` sends only to pods that are Ready"
    if services:
        name = services[0].key.name
        return f"the load balancer of Service `{name}` checks `{checked[services[0].key]}`, which waits for one, too"
    return "no Service of this release sends to gateways of pods that are not Ready" if probe is not None else ""


def _strict_check(state: RegionState, service: dict[str, Any]) -> str:
    """The path of a load balancer's own check that fails without a leader; empty where there is none."""
    meaning = meaning_of(service)
    for port in ports_of(service):
        if port_role(port, state.listen, state.nats) != "gateway":
            continue
        for check in meaning.checks_of(port):
            path = check.path.text if check.path is not None and not check.is_off else ""
            if path and not check.facts.fails_open and needs_leader(path, state.version):
                return path
    return ""


def first_boot(state: RegionState, others: Sequence[RegionState] = ()) -> str:
    """Why a region whose servers have empty stores never elects a leader; empty where it does.

    Only what its own configuration decides: whether the other regions are up is not known here.
    """
    if not state.is_clustered:
        return ""
    known = {other.gateway_name: other for other in others if other is not state}
    foreign = [
        remote
        for remote in state.remotes
        if (
            known[remote.name].account != state.account or not known[remote.name].is_clustered
            if remote.name in known
            else not state.shares_meta_group
        )
    ]
    urls = sum(len(remote.urls) for remote in foreign)
    counted = len(state.routes) + sum(len(remote.urls) for remote in state.remotes)
    waits_for_all = state.version.known and state.version[:2] >= VOTES_OF_ALL
    if not urls or (not waits_for_all and 2 * (counted - urls) > counted):
        return ""
    return (
        f"a first boot never elects a leader: it counts {counted} servers, {urls} of them behind remote gateways under "
        f"another system account than `{state.account}`, which never vote"
    )


def elects_early(state: RegionState) -> bool:
    """Whether a first boot can elect a leader before the region has met those with which it shares the meta group.

    facts: measured on 2.10.26 and 2.11.4; when the gateways come, one region's streams are lost.
    """
    known = state.version.known and state.version[:2] < VOTES_OF_ALL
    return known and state.is_clustered and bool(state.remotes) and state.shares_meta_group
