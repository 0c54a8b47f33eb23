"""Whether servers that all start at once elect a meta leader: with their stores (cold start), or without (first boot).

facts, run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1 with two and three regions behind load balancers:

- With JetStream across gateways, a startup or readiness probe that needs a meta leader keeps every pod from being
  Ready; a load balancer that sends to Ready pods only, or that checks such a path itself, then sends to no pod; and
  the election needs the servers behind the load balancers. Either fix ends it: a gateway Service with
  publishNotReadyAddresses, or probes that need no leader.
- A region with a majority of its meta group elects the leader alone, and becomes Ready. So does a region whose system
  account no other region shares: two such regions with the strict probe converge in 7.7 s.
- A first boot counts routes and the urls of remote gateways. From 2.12 on servers with empty stores elect only once
  all that are counted have voted; servers under another system account are counted and never vote (two such regions:
  2.10.26 and 2.11.10 elect within 4 s, 2.12.8, 2.14.6 and 2.15.1 never do).
- A server that no other one of its meta group reaches never elects a leader (503, "Waiting for routing to be
  established"): with its own route, without a gateway, with one without remotes, with a remote under another system
  account; with an empty store, with a single server's streams in it, with the store of a former cluster, and also
  after `peer-remove` of all others (2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1). Two servers elect, and so does one
  in each of two regions with remotes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.healthz import needs_leader, ready_path
from natsvalues.manifests.probes import http_path, waits_for_leader
from natsvalues.manifests.services import port_role, ports_of, publishes_not_ready
from natsvalues.providers.meaning import meaning_of
from natsvalues.records import NamedTuple
from natsvalues.supercluster.meta_groups import groups_of
from natsvalues.text.endpoints import read_endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsvalues.manifests.probes import Kind
    from natsvalues.manifests.server import ServerVersion
    from natsvalues.supercluster.region_state import RegionState

SOURCE = "run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1"
MORE_SERVERS = (
    "Give the region three servers (config.cluster.enabled: true and config.cluster.replicas: 3 in the chart's "
    "values). In scope supercluster a region of one server can also have joins: empty: then JetStream starts in stage "
    "join, together with the other regions' servers."
)
BOOT_WITHOUT_REMOTES = "boot the region once without remotes (stage local or expose), then join"


class ColdStart(NamedTuple):
    """What decides whether a region's servers, all started at once with their stores, become Ready."""

    needs_others: bool
    """JetStream is on, and the region's servers are no majority of their meta group."""
    needs_peers: bool
    """The servers of the meta group that connect before they are Ready are no majority of it."""
    probe: Kind | None
    """The probe that keeps a pod from being Ready until there is a leader; None if none does."""
    path: str
    """That probe's path; empty without one."""
    closed: str
    """Why other regions cannot reach the gateways of pods without a leader, as a clause; empty if they can."""
    held: str
    """Why servers of the region cannot connect to each other before they are Ready, as a clause; empty if they can."""

    @property
    def hangs(self) -> bool:
        """Whether the servers wait forever for a leader, whose election needs them."""
        return (self.needs_others and bool(self.closed)) or (self.needs_peers and bool(self.held))

    @property
    def reason(self) -> str:
        """Why it hangs, as a sentence; empty if it does not."""
        if not self.hangs:
            return ""
        waiting = f"the {self.probe} probe `{self.path}` waits for a meta leader, " if self.probe else ""
        if self.needs_others and self.closed:
            return f"a cold start would hang: {waiting}{self.closed}, and the leader needs the gateways"
        return f"a cold start would hang: {waiting}{self.held}, and the leader needs a majority of the servers"


def remedy(version: ServerVersion) -> str:
    """How to prevent a cold start that hangs."""
    return (
        "Give the gateway a Service of its own with publishNotReadyAddresses: true, and probes and health checks the "
        f"path {ready_path(version)}; natsvalues post-render does both."
    )


class _Counts(NamedTuple):
    """Of a meta group: its regions, its servers, and those of them that connect before there is a leader."""

    regions: int
    servers: int
    starting: int


@lru_cache(maxsize=4)
def cold_starts(states: tuple[RegionState, ...]) -> dict[str, ColdStart]:
    """The cold start of each region by its name, all of them started together. The names must be distinct.

    A remote region that is not among `states` is assumed to share the meta group if the overlays say so or, without
    overlays, if the region uses the default system account; and to start in the same way as this region.
    """
    by_name = {state.name: state for state in states}
    gateways = {state.gateway_name for state in states}
    counts: dict[str, _Counts] = {}
    for group in groups_of(states):
        members = [by_name[name] for name in group.regions]
        counted = _Counts(len(members), sum(member.replicas for member in members), sum(map(_starting, members)))
        counts |= dict.fromkeys(group.regions, counted)
    starts = {}
    for state in states:
        probe = waits_for_leader(state.container, state.version)
        path = http_path(state.container, probe) or "" if probe is not None else ""
        group_counts = counts.get(state.name)
        is_unknown = state.shares_meta_group and any(remote.name not in gateways for remote in state.remotes)
        starts[state.name] = ColdStart(
            needs_others=group_counts is not None
            and (is_unknown or (group_counts.regions > 1 and 2 * state.replicas <= group_counts.servers)),
            needs_peers=group_counts is not None and 2 * group_counts.starting <= group_counts.servers,
            probe=probe,
            path=path,
            closed=_closed(state, probe),
            held=_held(state, probe),
        )
    return starts


def cold_start(state: RegionState) -> ColdStart:
    """The cold start of one region whose remote regions are not available; see `cold_starts` for the assumptions."""
    return cold_starts((state,))[state.name]


def _starting(state: RegionState) -> int:
    """How many servers of a region connect to each other before there is a leader."""
    return 1 if _held(state, waits_for_leader(state.container, state.version)) else state.replicas


def _held(state: RegionState, probe: Kind | None) -> str:
    """Why servers cannot connect to their peers before they are Ready; empty if they can."""
    if probe is None or state.replicas == 1 or not state.routes or not state.has_jetstream:
        return ""
    if state.spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady":
        return "pods start one after another (podManagementPolicy OrderedReady)"
    hiding = state.hiding
    return f"the headless Service `{hiding.key.name}` names only pods that are Ready" if hiding is not None else ""


def _closed(state: RegionState, probe: Kind | None) -> str:
    """Why no Service sends to the gateways of servers without a leader; empty if one does, or none is needed."""
    if state.uses_host_network:
        return ""
    services = state.entrances
    hidden = [service for service in services if probe is not None and not publishes_not_ready(service.value)]
    checked = {service.key: _strict_check(state, service.value) for service in services}
    if any(service not in hidden and not checked[service.key] for service in services):
        return ""
    if hidden:
        return f"Service `{hidden[0].key.name}` sends only to pods that are Ready"
    if services:
        name = services[0].key.name
        path = checked[services[0].key]
        return f"the load balancer of Service `{name}` checks `{path}`, which fails until there is a meta leader"
    return "no Service of this release sends to gateways of pods that are not Ready" if probe is not None else ""


def _strict_check(state: RegionState, service: dict[str, Any]) -> str:
    """The path of the load balancer's own health check, if it fails without a leader; else empty."""
    meaning = meaning_of(service)
    for port in ports_of(service):
        if port_role(port, state.listen, state.nats) != "gateway":
            continue
        for check in meaning.checks_of(port):
            if check.http_path and not check.facts.fails_open and needs_leader(check.http_path, state.version):
                return check.http_path
    return ""


def first_boot(state: RegionState, others: Sequence[RegionState] = ()) -> str:
    """Why a region whose servers have empty stores never elects a leader, as a sentence; empty if it can.

    `others` are the other regions, as far as they are known. Only configurations are compared: whether the other
    regions are up is unknown here.
    """
    if not state.is_clustered or never_elects(state, others):
        return ""
    known = {other.gateway_name: other for other in others if other is not state}
    counted = len(state.routes) + sum(len(remote.urls) for remote in state.remotes)
    foreign = sum(len(remote.urls) for remote in state.remotes if not _votes(state, known.get(remote.name)))
    if not foreign or (not state.version.needs_all_votes and 2 * (counted - foreign) > counted):
        return ""
    return (
        f"a first boot never elects a leader: it counts {counted} servers, {foreign} of them behind remote gateways "
        f"under another system account than `{state.account}`, which never vote"
    )


def never_elects(state: RegionState, others: Sequence[RegionState] = ()) -> str:
    """Why a region's only server never elects a leader, at any start, as a sentence; empty if it can.

    `others` are the other regions, as far as they are known; one that is not known is assumed to share the meta group
    as in `cold_starts`.
    """
    if state.nats.plain is not None:
        return ""  # one file is one server of a region that may have others
    if not state.is_clustered or state.replicas != 1 or state.extends_jetstream or not _routes_to_itself(state):
        return ""
    known = [other for other in others if other is not state]
    names = {other.gateway_name for other in known}
    is_unknown = state.shares_meta_group and any(remote.name not in names for remote in state.remotes)
    groups = groups_of((state, *known))
    if is_unknown or any(state.name in group.regions and len(group.regions) > 1 for group in groups):
        return ""
    return (
        "JetStream never elects a leader: the region has one server, and no other region's servers are in its meta "
        "group (503, `Waiting for routing to be established`, with streams in its store or without)"
    )


def _routes_to_itself(state: RegionState) -> bool:
    """Whether there are routes, and all lead to the region's own pod, as far as their hosts show."""
    headless = state.headless
    own = {*state.pods, headless.key.name if headless is not None else "localhost", "localhost"}
    endpoints = [read_endpoint(str(url)) for url in state.routes]
    hosts = ["" if address is None else address.host for address in endpoints]
    return bool(hosts) and all(host.split(".")[0] in own or host.startswith("127.") for host in hosts)


def _votes(state: RegionState, remote: RegionState | None) -> bool:
    """Whether a remote region's servers are in this region's meta group; None for one that is not available."""
    return remote.is_clustered and remote.account == state.account if remote is not None else state.shares_meta_group


def elects_early(state: RegionState) -> bool:
    """Whether a first boot can elect a leader before the region is connected to the others of its meta group.

    facts: measured on 2.10.26 and 2.11.4; when the gateways connect later, one region's streams are lost. Servers of an
    unknown version do not count.
    """
    version = state.version
    is_early = version.known and not version.needs_all_votes
    return is_early and state.is_clustered and bool(state.remotes) and state.shares_meta_group
