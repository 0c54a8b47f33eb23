"""The load balancer's own health check: its path, protocol and port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.healthz import health_query, needs_leader
from natsvalues.manifests.probes import http_path
from natsvalues.manifests.services import port_role, ports_of
from natsvalues.providers.meaning import TRAFFIC, meaning_of
from natsvalues.supercluster.cold_start import cold_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.rule import Severity
    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.manifests.release import Manifest


def _at(cluster: Cluster, service: Manifest, key: str) -> tuple[Where, ...]:
    return (cluster.at(service, "metadata", "annotations", key),)


@rule(
    "LB011",
    "health-check-waits-for-leader",
    "error",
    "supercluster",
    why="The load balancer then sends to no server at a cold start, whatever the pods' own probes say. It is a "
    "warning where the load balancer sends to all servers as long as all of them fail (AWS): then the cold start "
    "ends.",
    source="run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
    remedy="Set the path to /healthz?js-server-only=true on 2.11 or later, /healthz?js-enabled-only=true before.",
    fails="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: /healthz}}""",
    passes="""\
container: {image: nats:2.14.2-alpine}
service:
  metadata:
    annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: '/healthz?js-server-only=true'}""",
)
def health_check_waits(subject: Subject) -> Iterator[Problem]:
    """The load balancer's own health check fails until a meta leader is elected, and that needs other regions."""
    starts = cold_starts(subject.states)
    for cluster in subject.clusters:
        start = starts[cluster.region]
        for service in cluster.balancers if start.needs_others else ():
            for check in meaning_of(service.value).checks:
                if check.path and check.http_path and needs_leader(check.http_path, cluster.version):
                    message = f"`{check.path.text}` fails on server {cluster.version} until a meta leader is elected"
                    severity: Severity = "error" if start.hangs else "warning"
                    where = _at(cluster, service, check.path.key)
                    yield Problem(message, where, (cluster.region,), severity=severity)


@rule(
    "LB012",
    "health-check-always-fails",
    "error",
    why="The server answers 400 to a value that is neither true nor false, and 404 to an escaped `?`.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Set the path to /healthz?js-server-only=true, with `true` or `1` and an unescaped question mark.",
    fails="""\
service:
  metadata:
    annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: '/healthz%3Fjs-server-only=true'}""",
    passes="""\
service:
  metadata:
    annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: '/healthz?js-server-only=1'}""",
)
def health_check_always_fails(cluster: Cluster) -> Iterator[Problem]:
    """The load balancer's health check uses a path that the server always refuses."""
    for service in cluster.balancers:
        for check in meaning_of(service.value).checks:
            if check.path and (refused := health_query(check.path.text).refused):
                message = f"the server answers {refused} to `{check.path.text}`"
                yield Problem(message, _at(cluster, service, check.path.key), (cluster.region,))


@rule(
    "LB013",
    "health-check-speaks-http-to-gateway",
    "error",
    why="A gateway does not speak HTTP: it closes the connection with `Authorization Violation`, so the check fails "
    "forever and the server logs each attempt.",
    source="run on nats-server 2.14.6; nats-io/k8s issue 921",
    remedy="Check the monitoring port over HTTP if the provider supports that, otherwise the gateway's port over TCP.",
    fails="service: {metadata: {annotations: {service.beta.kubernetes.io/linode-loadbalancer-check-type: http}}}",
    passes="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/linode-loadbalancer-check-type: connection}}""",
)
def health_check_speaks_http(cluster: Cluster) -> Iterator[Problem]:
    """The load balancer checks the gateway's port over HTTP."""
    for service in cluster.balancers:
        ports, meaning = ports_of(service.value), meaning_of(service.value)
        gateways = [port for port in ports if port_role(port, cluster.listen) == "gateway"]
        checks = [check for port in gateways for check in meaning.checks_of(port) if check.is_http]
        for key, check in {check.protocol.key: check for check in checks if check.protocol}.items():
            target = check.target_port(ports)
            if target == TRAFFIC or port_role({"targetPort": target}, cluster.listen) == "gateway":
                message = f"`{key}: {service.annotations[key]}` checks the gateway's own port"
                yield Problem(message, _at(cluster, service, key), (cluster.region,))


@rule(
    "LB014",
    "health-check-differs-from-readiness",
    "warning",
    why="The kubelet and the load balancer then disagree on which servers are healthy.",
    source="run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
    remedy="Set the same path in the readiness probe and in the load balancer's health check.",
    fails="""\
container: {image: nats:2.14.2-alpine, readinessProbe: {httpGet: {path: '/healthz?js-enabled-only=true'}}}
service:
  metadata:
    annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: '/healthz?js-server-only=true'}""",
    passes="""\
container: {image: nats:2.14.2-alpine, readinessProbe: {httpGet: {path: '/healthz?js-server-only=true'}}}
service:
  metadata:
    annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: '/healthz?js-server-only=true'}""",
)
def health_check_differs(cluster: Cluster) -> Iterator[Problem]:
    """The load balancer and the readiness probe check different things."""
    path = http_path(cluster.container, "readiness")
    if path is None or not path.startswith("/healthz"):
        return
    if needs_leader(path, cluster.version):
        return  # a finding of its own, and the load balancer must not wait as well
    for service in cluster.balancers:
        for check in meaning_of(service.value).checks:
            if check.path and check.path.text.startswith("/healthz") and _meaning(check.path.text) != _meaning(path):
                where = (
                    *_at(cluster, service, check.path.key),
                    cluster.at_container("readinessProbe", "httpGet", "path"),
                )
                message = f"the load balancer checks `{check.path.text}`, the readiness probe `{path}`"
                yield Problem(message, where, (cluster.region,))


def _meaning(path: str) -> frozenset[str]:
    return health_query(path).on


RULES = (health_check_waits, health_check_always_fails, health_check_speaks_http, health_check_differs)
