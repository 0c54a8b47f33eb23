"""The meta groups as the servers report them, and cold starts that wait for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.doctor.live import JSZ, STRICT
from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.settings import POD
from natsvalues.rehearsal.causes import why_stuck
from natsvalues.rehearsal.convergence import OK
from natsvalues.rehearsal.groups import leaders_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.live import Live
    from natsvalues.doctor.live_set import LiveSet
    from natsvalues.rehearsal.monitoring import Meta
    from natsvalues.supercluster.meta_groups import MetaGroup


@rule(
    "DR401", "cold-start-stuck", "error", "live",
    why="The pods are Ready only with a meta leader, the leader needs the other regions, and those reach only pods "
    "that are Ready. Waiting changes nothing.",
    source="the chain that rehearsals on loopback and on real clusters show; docs/kubernetes.md",
    remedy="At once: give the gateway's Service publishNotReadyAddresses: true in every region. Then upgrade with "
    "natsvalues, whose probes do not wait for a leader and whose gateway has a Service of its own.",
    fails="stuck: true",
    passes="us-east: {troubles: {}}",
)  # fmt: skip
def stuck(live: LiveSet) -> Iterator[Problem]:
    """The regions wait for each other in a ring."""
    if all(pod.ready for pod in live.snapshot.pods) or not live.regions:
        return
    why = why_stuck(live.snapshot)
    if not any(cause.closes is not None for cause in why.causes):
        return
    chain = "; ".join(f"{cause.subject} waits for {cause.waits_for} ({cause.seen})" for cause in why.causes)
    regions = tuple(dict.fromkeys(pod.region for pod in live.snapshot.pods if not pod.ready))
    where = tuple(
        live.regions[region].at(f"Pod {_first_waiting(live, region)}: {STRICT}") for region in regions
    )  # fmt: skip
    yield Problem(f"this cold start waits for itself: {chain}", where, regions)


def _first_waiting(live: LiveSet, region: str) -> str:
    return next(pod.name.partition("/")[2] for pod in live.snapshot.of(region) if not pod.ready)


def _members(live: LiveSet, group: MetaGroup) -> Iterator[tuple[Live, str, Meta]]:
    for name in group.regions:
        region = live.regions[name]
        for pod in region.pods:
            meta = region.meta(pod)
            if meta is not None and meta.has_jetstream:
                yield region, pod, meta


def leader_of(live: LiveSet, group: MetaGroup) -> str:
    """The meta leader that the group's servers name; empty if none does."""
    return next((meta.leader for _, _, meta in _members(live, group) if meta.leader), "")


@rule(
    "DR402", "no-meta-leader", "error", "live",
    why="Without a meta leader nothing can be created or listed in JetStream, and plain /healthz answers 503. It needs "
    "a majority of the expected servers.",
    source="run on nats-server 2.10.26 to 2.15.1",
    remedy="Start the servers that are missing, and connect the regions; a majority of the expected size elects.",
    fails="""\
leader: ''
us-east: {healthz: 503}
eu-west: {healthz: 503}
""",
    passes="leader: us-east-nats-1",
)  # fmt: skip
def no_leader(live: LiveSet) -> Iterator[Problem]:
    """The servers of a meta group have no leader."""
    for group in live.groups:
        members = list(_members(live, group))
        lacking = [
            (region, pod) for region, pod, meta in members
            if not meta.leader and region.health(pod).status not in (OK, 0)
        ]  # fmt: skip
        if lacking:
            first, pod = lacking[0]
            regions = tuple(dict.fromkeys(region.name for region, _ in lacking))
            sizes = sorted({meta.size for _, _, meta in members})
            message = (
                f"{len(lacking)} of {len(members)} servers that answer in {', '.join(group.regions)} have no meta "
                f"leader; they expect {' or '.join(map(str, sizes))} servers ({first.health(pod).reason})"
            )
            where = tuple(region.at(f"Pod {pod}: {JSZ} meta_cluster") for region, pod in lacking)
            yield Problem(message, where, regions)


@rule(
    "DR403", "meta-group-split", "error", "live",
    why="Regions that should share one meta group follow leaders of their own. When they connect, one side's streams "
    "are deleted.",
    source="run on nats-server 2.10.26 to 2.15.1",
    remedy="Do not connect them now. Decide which region keeps its streams, back the others up, and let those join "
    "with empty stores: `natsvalues plan` has the steps.",
    fails="""\
us-east: {jsz: {leader: us-east-nats-0, cluster_size: 3}}
eu-west: {jsz: {leader: eu-west-nats-2, cluster_size: 3}}
""",
    passes="us-east: {jsz: {leader: eu-west-nats-2, cluster_size: 6}}",
)  # fmt: skip
def apart(live: LiveSet) -> Iterator[Problem]:
    """Regions that should share a meta group have leaders of their own."""
    pairs = leaders_apart(live.snapshot)
    if pairs:
        texts = ", ".join(f"`{region}` follows {leader}" for region, leader in pairs)
        where = tuple(live.regions[region].at(f"{JSZ} meta_cluster.leader") for region, _ in pairs)
        yield Problem(f"one meta group is expected, and {texts}", where, tuple(region for region, _ in pairs))


@rule(
    "DR404", "meta-group-of-another-size", "error", "live",
    why="The expected size decides what a majority is. Servers that are counted and do not exist bring it nearer to "
    "its loss; servers that exist and are not counted have no vote.",
    source="/jsz cluster_size; run on nats-server 2.10.26 to 2.15.1",
    remedy="Start the servers that are missing; remove those that are gone for good: `nats server cluster "
    "peer-remove`. `natsvalues plan` removes those of a step that was broken off.",
    fails="us-east: {jsz: {cluster_size: 5}}\neu-west: {jsz: {cluster_size: 5}}",
    passes="us-east: {jsz: {cluster_size: 6}}",
)  # fmt: skip
def size(live: LiveSet) -> Iterator[Problem]:
    """A meta group has a leader, and another size than its regions have servers."""
    if live.unread:
        return  # the size that is right is not known
    is_split = bool(leaders_apart(live.snapshot))
    for group in live.groups:
        wrong = [
            (region, pod, meta) for region, pod, meta in _members(live, group) if meta.size and meta.size != group.size
        ]
        if wrong and leader_of(live, group) and not is_split:
            sizes = ", ".join(map(str, sorted({meta.size for _, _, meta in wrong})))
            message = f"the meta group of {', '.join(group.regions)} counts {sizes} servers, and there are {group.size}"
            where = tuple(region.at(f"Pod {pod}: {JSZ} meta_cluster.cluster_size") for region, pod, _ in wrong)
            yield Problem(message, where, tuple(dict.fromkeys(region.name for region, _, _ in wrong)))


def _expected_names(live: LiveSet) -> dict[str, str]:
    """The names of the servers that the regions have, with their regions."""
    names = {}
    for name, region in live.regions.items():
        for pod in region.expected:
            names[region.cluster.state.server_names.replace(POD, pod)] = name
    return names


@rule(
    "DR405", "meta-peer-offline", "error", "live",
    why="The leader does not hear of this server: the majority is nearer to its loss, and its replicas are behind.",
    source="/jsz of the leader: meta_cluster.replicas",
    remedy="Start the server, and see whether its region is connected.",
    fails="peers: {us-east-nats-1: {offline: true, current: false}}",
    passes="peers: {us-east-nats-1: {offline: false, current: true}}",
)  # fmt: skip
def offline(live: LiveSet) -> Iterator[Problem]:
    """A server of the meta group is offline for its leader."""
    for group in live.groups:
        expected = _expected_names(live)
        for region, pod, meta in _members(live, group):
            gone = [peer.name for peer in meta.peers if peer.is_offline and peer.name in expected]
            if gone:
                message = f"for the meta leader {meta.leader} these servers are offline: {', '.join(gone)}"
                where = (region.at(f"Pod {pod}: {JSZ} meta_cluster.replicas"),)
                yield Problem(message, where, tuple(dict.fromkeys(expected[name] for name in gone)))


@rule(
    "DR406", "meta-peer-that-is-gone", "error", "live",
    why="The meta group counts a server that no region has. It will never answer, and every majority needs it.",
    source="/jsz of the leader: meta_cluster.replicas",
    remedy="If it is gone for good: `nats server cluster peer-remove NAME`, which is the first step of `natsvalues "
    "plan` then. If a region was scaled down for a while, scale it up again.",
    fails="peers: {us-east-nats-7: {offline: true, current: false}}",
    passes="peers: {us-east-nats-2: {offline: false, current: true}}",
)  # fmt: skip
def ghosts(live: LiveSet) -> Iterator[Problem]:
    """The meta group has a peer that is a server of no region."""
    if live.unread:
        return
    for group in live.groups:
        expected = _expected_names(live)
        for region, pod, meta in _members(live, group):
            strangers = [peer.name for peer in meta.peers if peer.name not in expected]
            if strangers:
                message = f"the meta group has peers that no region has: {', '.join(strangers)}"
                where = (region.at(f"Pod {pod}: {JSZ} meta_cluster.replicas"),)
                yield Problem(message, where, (region.name,))
