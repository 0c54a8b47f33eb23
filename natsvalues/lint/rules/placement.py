"""Where the pods run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.spread import is_spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Cluster


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
    "nodes than servers. (With two zones one of them has a majority: use three.)",
    fails="statefulSet: {spec: {template: {spec: {topologySpreadConstraints: null}}}}",
    passes="""\
statefulSet:
  spec:
    template:
      spec:
        topologySpreadConstraints:
        - {topologyKey: kubernetes.io/hostname, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: {}}""",
)
def servers_not_spread(cluster: Cluster) -> Iterator[Problem]:
    """Nothing keeps the servers of a region on different nodes or in different zones."""
    labels = cluster.nats.pod_labels
    pod = cluster.state.spec["template"]["spec"]
    if cluster.replicas > 1 and not is_spread(pod, labels, cluster.replicas):
        yield Problem(
            f"nothing keeps the {cluster.replicas} servers of `{cluster.region}` on different nodes",
            (cluster.at(cluster.nats.statefulset, "spec", "template", "spec"),),
            (cluster.region,),
            severity=None if cluster.has_jetstream else "note",
        )


RULES = (servers_not_spread,)
