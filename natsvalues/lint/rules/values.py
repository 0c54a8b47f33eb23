"""Values files for the chart: settings that it ignores without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Subject

IGNORED = {
    ("service", "type"): "service.merge.spec.type",
    ("service", "annotations"): "service.merge.metadata.annotations",
    ("service", "labels"): "service.merge.metadata.labels",
    ("service", "merge", "type"): "service.merge.spec.type",
    ("service", "merge", "annotations"): "service.merge.metadata.annotations",
    ("nats", "jetstream"): "config.jetstream",
    ("nats", "image"): "container.image",
    ("cluster", "enabled"): "config.cluster.enabled",
    ("gateway", "enabled"): "config.gateway.enabled",
    ("gateway", "gateways"): "config.gateway.merge.gateways",
    ("gateway", "advertise"): "config.gateway.merge.advertise",
}
"""Keys of charts before 1.0, and the place of each since."""


@rule(
    "HS010",
    "values-ignored",
    "warning",
    "supercluster",
    why="Since 1.0 the chart keeps its settings elsewhere, and Helm passes unknown values without a word: a Service "
    "meant as load balancer comes out as ClusterIP.",
    source="nats-io/k8s issues 1004 and 784",
    holds="charts since 1.0",
    remedy="Write the setting where the chart reads it now.",
    fails="values: {service: {type: LoadBalancer}}",
    passes="values: {service: {merge: {spec: {type: LoadBalancer}}}}",
)
def values_ignored(subject: Subject) -> Iterator[Problem]:
    """A values file has a setting where charts before 1.0 had it."""
    regions = tuple(cluster.region for cluster in subject.clusters)
    for values in subject.values:
        for path, now in IGNORED.items():
            if values.has(*path):
                written = ".".join(path)
                message = f"the chart ignores `{written}`; it reads `{now}`"
                yield Problem(message, (values.where(*path),), regions)


RULES = (values_ignored,)
