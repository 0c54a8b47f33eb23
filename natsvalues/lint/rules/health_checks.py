"""The load balancer's own health check: what it asks of the servers, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.healthz import question
from natsvalues.lint.rule import Problem, rule
from natsvalues.lint.subject import ports_of
from natsvalues.manifests.chart import port_role
from natsvalues.manifests.server import needs_leader
from natsvalues.providers.meaning import TRAFFIC, meaning_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.subject import Cluster
    from natsvalues.manifests.release import Manifest


def _at(cluster: Cluster, service: Manifest, key: str) -> tuple[Where, ...]:
    return (cluster.at(service, "metadata", "annotations", key),)


@rule(
    "LB011",
    "health-check-waits-for-leader",
    "error",
    why="The load balancer then sends to nobody at a cold start, whatever the pods' own probes say.",
    source="run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
    remedy="Check /healthz?js-server-only=true on 2.11 or later, /healthz?js-enabled-only=true before.",
    fails="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: /healthz}}""",
    passes="""\
container: {image: nats:2.14.2-alpine}
service:
  metadata:
    annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: '/healthz?js-server-only=true'}""",
)
def health_check_waits(cluster: Cluster) -> Iterator[Problem]:
    """The load balancer's own health check fails until a meta leader is elected."""
    for service in cluster.balancers:
        for check in meaning_of(service.value).checks:
            if check.path and cluster.waits_for_leader and needs_leader(check.path.text, cluster.version):
                message = f"`{check.path.text}` fails on server {cluster.version} until a meta leader is elected"
                yield Problem(message, _at(cluster, service, check.path.key), (cluster.region,))


@rule(
    "LB012",
    "health-check-always-fails",
    "error",
    why="The server answers 400 to a value that is neither true nor false, and 404 to an escaped `?`.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Write /healthz?js-server-only=true, with `true` or `1` and a plain question mark.",
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
    """The load balancer's health check asks a path that the server always refuses."""
    for service in cluster.balancers:
        for check in meaning_of(service.value).checks:
            if check.path and (refused := question(check.path.text).refused):
                message = f"the server answers {refused} to `{check.path.text}`"
                yield Problem(message, _at(cluster, service, check.path.key), (cluster.region,))


@rule(
    "LB013",
    "health-check-speaks-http-to-gateway",
    "error",
    why="A gateway speaks no HTTP: it closes the connection with `Authorization Violation`, so the check fails "
    "forever and the server logs each one.",
    source="run on nats-server 2.14.6; nats-io/k8s issue 921",
    remedy="Check the monitoring port over HTTP where the provider can, otherwise the gateway's port over TCP.",
    fails="service: {metadata: {annotations: {service.beta.kubernetes.io/linode-loadbalancer-check-type: http}}}",
    passes="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/linode-loadbalancer-check-type: connection}}""",
)
def health_check_speaks_http(cluster: Cluster) -> Iterator[Problem]:
    """The load balancer checks the gateway's port over HTTP."""
    for service in cluster.balancers:
        ports, meaning = ports_of(service), meaning_of(service.value)
        gateways = [port for port in ports if port_role(port, cluster.listen) == "gateway"]
        checks = [check for port in gateways for check in meaning.checks_of(port) if check.is_http]
        for key, check in {check.protocol.key: check for check in checks if check.protocol}.items():
            target = check.target_port(ports)
            if target == TRAFFIC or port_role({"targetPort": target}, cluster.listen) == "gateway":
                message = f"`{key}: {service.annotations[key]}` asks the gateway's own port"
                yield Problem(message, _at(cluster, service, key), (cluster.region,))


@rule(
    "LB014",
    "health-check-differs-from-readiness",
    "warning",
    why="kubelet and the load balancer then disagree on who is up: one sends where the other has given up.",
    source="run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
    remedy="Give the readiness probe and the load balancer the same path.",
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
    """The load balancer and the readiness probe ask different questions."""
    probe = cluster.container.get("readinessProbe")
    get = probe.get("httpGet") if isinstance(probe, dict) else None
    path = get.get("path") if isinstance(get, dict) else None
    if not isinstance(path, str) or not path.startswith("/healthz"):
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
                message = f"the load balancer asks `{check.path.text}`, readiness `{path}`"
                yield Problem(message, where, (cluster.region,))


def _meaning(path: str) -> frozenset[str]:
    given = question(path).given
    return frozenset(name for name, text in given.items() if text.lower() in ("1", "t", "true"))


RULES = (health_check_waits, health_check_always_fails, health_check_speaks_http, health_check_differs)
