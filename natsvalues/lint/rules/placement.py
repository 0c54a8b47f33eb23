"""Where the pods run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.spread import ZONE, is_spread
from natsvalues.supercluster.power_cuts import REMEDY, SOURCE, unwritten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Cluster

POD = ("spec", "template", "spec")
_ON_NODES = """\
statefulSet:
  spec:
    template:
      spec:
        topologySpreadConstraints:
        - {topologyKey: kubernetes.io/hostname, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}}"""


@rule(
    "PL001",
    "servers-not-spread",
    "warning",
    why="If one node has all servers, or a majority of them, its failure or its drain ends JetStream, and disconnects "
    "all clients. Without a constraint the scheduler has only a preference for different nodes, which free memory and "
    "other preferences can outweigh. (A note without JetStream.)",
    source="Kubernetes documentation, Pod Topology Spread Constraints: the built-in default constraints are "
    "ScheduleAnyway",
    remedy="In the chart's values: podTemplate.topologySpreadConstraints: {kubernetes.io/hostname: {maxSkew: 1, "
    "whenUnsatisfiable: DoNotSchedule}}; topology.kubernetes.io/zone for zones, ScheduleAnyway if there may be fewer "
    "nodes than servers. (With two zones one of them has a majority: use three.) If a power cut can take all "
    "servers at once, only jetstream.sync: always in the overlays keeps what they acknowledged.",
    fails="statefulSet: {spec: {template: {spec: {topologySpreadConstraints: null}}}}",
    passes=_ON_NODES,
)
def servers_not_spread(cluster: Cluster) -> Iterator[Problem]:
    """Nothing keeps the servers of a region on different nodes or in different zones."""
    labels = cluster.nats.pod_labels
    pod = cluster.state.spec["template"]["spec"]
    if cluster.replicas > 1 and not is_spread(pod, labels, cluster.replicas):
        interval = unwritten(cluster.state)
        cost = (
            f", and a power cut of one node can lose messages that they acknowledged: sync_interval is {interval}"
            if interval
            else ""
        )
        yield Problem(
            f"nothing keeps the {cluster.replicas} servers of `{cluster.region}` on different nodes{cost}",
            (cluster.at(cluster.nats.statefulset, *POD),),
            (cluster.region,),
            severity=None if cluster.has_jetstream else "note",
        )


@rule(
    "PL002",
    "power-cut-loses-messages",
    "note",
    why="Servers acknowledge a message when a majority of a stream's replicas has it, and write it to their disks "
    "every sync_interval, by default two minutes. All replicas of a stream are in one region, so a power cut there can "
    "take them all: in tests 252 to 1,678 messages that were acknowledged within 40 s were lost, and a new stream as "
    "a whole; with `always` none. (Not where PL001 says it, or something keeps the servers in different zones.)",
    source=SOURCE,
    remedy=f"{REMEDY}; config.jetstream.merge.sync_interval in the chart's values. Or keep the servers in zones with "
    "power of their own: podTemplate.topologySpreadConstraints: {topology.kubernetes.io/zone: {maxSkew: 1, "
    "whenUnsatisfiable: ScheduleAnyway}}. Where such a loss is acceptable, ignore this rule.",
    fails=_ON_NODES,
    passes=f"{_ON_NODES}\nsupercluster: {{jetstream: {{sync: always}}}}",
)
def power_cut_loses_messages(cluster: Cluster) -> Iterator[Problem]:
    """Servers acknowledge messages before they are on a disk, and nothing keeps the servers in different zones."""
    interval = unwritten(cluster.state)
    labels, count = cluster.nats.pod_labels, cluster.replicas
    pod = cluster.state.spec["template"]["spec"]
    if not interval or (count > 1 and (not is_spread(pod, labels, count) or is_spread(pod, labels, count, ZONE))):
        return
    servers = f"all {count} servers" if count > 1 else "the server"
    yield Problem(
        f"a power cut of {servers} of `{cluster.region}` loses messages that were acknowledged: "
        f"sync_interval is {interval}",
        (cluster.at_conf("jetstream", "sync_interval"), cluster.at(cluster.nats.statefulset, *POD)),
        (cluster.region,),
    )


RULES = (servers_not_spread, power_cut_loses_messages)
