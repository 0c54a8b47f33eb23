"""Why a supercluster is stuck: a chain from the pods that are not ready to what they wait for, perhaps circular."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.healthz import needs_leader
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.addresses import host_port
from natsvalues.rehearsal.convergence import missing
from natsvalues.rehearsal.groups import dialled, expected_groups, rejecting
from natsvalues.rehearsal.leaderless import why_incomplete
from natsvalues.rehearsal.outcome import Cause

if TYPE_CHECKING:
    from natsvalues.rehearsal.snapshot import BalancerNow, PodNow, Snapshot

RING = (
    "let no probe wait for a meta leader, and give the gateway a LoadBalancer Service of its own with "
    "publishNotReadyAddresses; natsvalues post-render does both"
)
_TROUBLES = {
    "duplicate name": "give every region a server name prefix of its own, before its first stream",
    "wrong gateway": "name each remote exactly as the other region's gateway.name",
    "rejected": "add the region to the remote gateways of the one that rejects it",
    "TLS": "make the certificates of each side valid for the name that the other side dials",
    "authorization": "use one gateway user and password in all regions",
    "reload refused": "restart the pods: gateway settings never reload; a post-rendered release restarts them",
}


_ENDS = (
    ("fatal", "its server to start", "correct the configuration that the server refuses"),
    ("ended", "its server to keep running", "see why its program ends: is it a nats-server for this machine?"),
)


class Why(NamedTuple):
    """The chain, what to do, and whether the chain is circular: then waiting longer changes nothing."""

    causes: tuple[Cause, ...]
    remedy: str
    is_ring: bool


def why_stuck(now: Snapshot) -> Why:
    """The visible causes, from probe results, logs, backends and connections."""
    return _ended(now) or _Chain(now).why()


def _ended(now: Snapshot) -> Why | None:
    """Servers that exit by themselves: their last log lines have the reason."""
    waiting = [pod for pod in now.pods if pod.restarts and not pod.ready]
    for trouble, waits_for, remedy in _ENDS:
        causes = tuple(Cause(pod.name, waits_for, pod.troubles[trouble]) for pod in waiting if trouble in pod.troubles)
        if causes:
            return Why(causes, remedy, is_ring=True)
    return None


class _Chain:
    def __init__(self, now: Snapshot) -> None:
        self.now = now
        self.causes: list[Cause] = []
        self.remedies: list[str] = []
        self.is_ring = False
        self._pods_at: dict[str, int] = {}
        self._linked: set[tuple[str, str]] = set()
        self._rejecting = rejecting(now.renderings)

    def why(self) -> Why:
        for region in self.now.renderings:
            self._pods_of(region)
        for group in expected_groups(self.now.renderings):
            lack = why_incomplete(self.now, group, len(self.causes))
            self.causes += lack.causes
            self.remedies += [lack.remedy] if lack.remedy else []
            self.is_ring |= lack.is_final
        self._links(tuple(self.now.renderings))
        if not self.causes:
            self.causes = [Cause("the supercluster", "the remaining steps", lack) for lack in missing(self.now)]
        return Why(tuple(self.causes), "; ".join(dict.fromkeys(self.remedies)), self.is_ring)

    def _pods_of(self, region: str) -> None:
        waiting = [pod for pod in self.now.of(region) if not pod.ready]
        for pod in waiting:
            if "not started" in pod.troubles:
                self.causes.append(Cause(pod.name, "its server to start", pod.troubles["not started"]))
        first = next((pod for pod in waiting if pod.waiting_on is not None), None)
        if first is None or first.waiting_on is None:
            return
        status, text = first.answer
        probe = first.waiting_on
        version = self.now.renderings[region].version
        leaderless = needs_leader(probe.path, version) and not first.view.leader
        self._pods_at[region] = len(self.causes)
        answer = f"{status}: {_error(text)}" if status else text or "no result yet"
        waits = "a meta leader" if leaderless else f"its {probe.kind} probe to succeed"
        self.causes.append(Cause(_listed(waiting), waits, f"the {probe} gets {answer}"))
        hiding = self.now.renderings[region].state.hiding
        every = len(self.now.of(region))
        if hiding is not None and leaderless and 2 * (every - len(waiting)) <= every:
            back = self._pods_at[region]
            seen = (
                f"the headless Service `{hiding.key.name}` names {every - len(waiting)} of {every} pods: it has no "
                "publishNotReadyAddresses"
            )
            self.causes.append(Cause(f"the routes of {region}", "names of pods that are ready", seen, closes=back))
            self.remedies.append(f"keep publishNotReadyAddresses: true on the headless Service `{hiding.key.name}`")
            self.is_ring = True

    def _links(self, regions: tuple[str, ...]) -> None:
        by_gateway = {item.gateway_name: key for key, item in self.now.renderings.items()}
        for region in regions:
            for name in dialled(self.now.renderings[region]):
                other = by_gateway.get(name)
                unconnected = [pod for pod in self.now.of(region) if name not in pod.view.outbound]
                if other is not None and unconnected and (region, other) not in self._linked:
                    self._linked.add((region, other))
                    self._link(region, other, name, unconnected)

    def _link(self, region: str, other: str, name: str, unconnected: list[PodNow]) -> None:
        subject = f"the gateway from {region} to {name}"
        balancer = self._balancer_to(region, other, name)
        if balancer is not None and balancer.breaks and balancer.arrived:  # servers only see what does not come
            waits = f"load balancer {balancer.key} to pass connections unchanged"
            self.causes.append(Cause(subject, waits, balancer.breaks))
            self.remedies.append(f"remove the annotation from the Service of {balancer.key}")
            self.is_ring = True
            return
        for pod in (*unconnected, *self.now.of(other)):
            trouble = next((kind for kind in _TROUBLES if kind in pod.troubles), None)
            if trouble is not None:
                self.causes.append(Cause(subject, f"a fix for: {trouble}", f"{pod.name}: {pod.troubles[trouble]}"))
                if trouble != "rejected" or other not in self._rejecting.get(region, ()):
                    self.remedies.append(_TROUBLES[trouble])
                self.is_ring |= trouble == "reload refused"
                return
        if {region, other} & self.now.cut:
            self.causes.append(Cause(subject, "the network", "the region is cut off"))
            return
        if balancer is None:
            hosts = ", ".join(sorted(self._dialled_hosts(region, name)))
            self.causes.append(
                Cause(subject, "a listener at " + hosts, f"no LoadBalancer Service of {other} has that address")
            )
            self.remedies.append(f"give {other} a LoadBalancer Service for its gateway")
            return
        seen = _use(balancer) if balancer.arrived else "nothing listens there yet"
        self.causes.append(Cause(subject, f"load balancer {balancer.key} ({balancer.address})", seen))
        if balancer.arrived:
            self._balancer(balancer, other)

    def _dialled_hosts(self, region: str, name: str) -> set[str]:
        remotes = self.now.renderings[region].state.remotes
        return {host_port(url)[0] for remote in remotes if remote.name == name for url in remote.urls}

    def _balancer_to(self, region: str, other: str, name: str) -> BalancerNow | None:
        """The load balancer of a region that another one dials; the first one if none has the name that it dials."""
        hosts = self._dialled_hosts(region, name)
        candidates = [item for item in self.now.balancers if item.region == self.now.renderings[other].region]
        named = (item for item in candidates if item.address.rpartition(":")[0] in hosts)
        return next(named, next(iter(candidates), None))

    def _balancer(self, balancer: BalancerNow, region: str) -> None:
        if balancer.backends:
            return
        back = self._pods_at.get(region)
        subject = f"load balancer {balancer.key}"
        if any(cause.subject == subject for cause in self.causes):
            return
        if balancer.publish_not_ready or balancer.endpoints:
            seen = f"{len(balancer.endpoints)} endpoints, but none passes its health check ({balancer.check})"
            self.causes.append(Cause(subject, "a pod that passes its health check", seen, closes=back))
            self.remedies.append("let the load balancer check a path that does not wait for a meta leader")
        else:
            seen = f"0 of {balancer.candidates} pods are endpoints: the Service has no publishNotReadyAddresses"
            self.causes.append(Cause(subject, "a pod that is ready", seen, closes=back))
            self.remedies.append(RING)
        if back is not None and self.causes[back].waits_for == "a meta leader":
            self.is_ring = True


def _use(balancer: BalancerNow) -> str:
    """What is known of the connections to a load balancer."""
    if not balancer.backends and not balancer.endpoints:
        return "connection refused: its Service has no endpoints"
    if balancer.refused is None:
        return f"it sends to {len(balancer.backends)} of {balancer.candidates} pods"
    return f"{balancer.refused} connections were reset"


def _listed(pods: list[PodNow]) -> str:
    return ", ".join(pod.name for pod in pods)


def _error(text: str) -> str:
    """The error text of a /healthz response."""
    _, separator, rest = text.partition('"error":"')
    return rest.partition('"')[0] if separator else text[:200]
