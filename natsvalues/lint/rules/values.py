"""Values files for the chart: settings that it ignores silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.chart_keys import ignored_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Subject


@rule(
    "HS010",
    "values-ignored",
    "warning",
    "supercluster",
    why="Since 1.0 the chart's settings are under other keys, and Helm accepts unknown values without an error: a "
    "Service meant as a load balancer is rendered as ClusterIP.",
    source="nats-io/k8s issues 1004 and 784",
    versions="charts since 1.0",
    remedy="Write the setting where the chart reads it: `helm show values` lists the keys.",
    fails="values: {service: {type: LoadBalancer}}",
    passes="values: {service: {merge: {spec: {type: LoadBalancer}}}}",
)
def values_ignored(subject: Subject) -> Iterator[Problem]:
    """A values file has a key that the chart ignores, often from charts before 1.0."""
    regions = tuple(cluster.region for cluster in subject.clusters)
    for values in subject.values:
        for key in ignored_keys(values.keys, subject.chart_defaults):
            message = f"{key.message}: {key.hint}" if key.hint else key.message
            yield Problem(message, (values.where(*key.path),), regions)


RULES = (values_ignored,)
