"""The load balancer's own health check: what it asks of the servers, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.checks import AWS, GATEWAY, LINODE, SERVICE, checks
from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.healthz import health_query, needs_leader
from natsvalues.manifests.services import port_role, ports_of

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
        for check in checks(service):
            if (
                check.path
                and cluster.has_jetstream
                and cluster.has_gateway
                and needs_leader(check.path[1], cluster.version)
            ):
                message = f"`{check.path[1]}` fails on server {cluster.version} until a meta leader is elected"
                yield Problem(message, _at(cluster, service, check.path[0]), (cluster.region,))


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
        for check in checks(service):
            if check.path and (refused := health_query(check.path[1]).refused):
                message = f"the server answers {refused} to `{check.path[1]}`"
                yield Problem(message, _at(cluster, service, check.path[0]), (cluster.region,))


@rule(
    "LB013",
    "health-check-speaks-http-to-gateway",
    "error",
    why="A gateway speaks no HTTP: it closes the connection with `Authorization Violation`, so the check fails for "
    "ever and the server logs each one.",
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
        gateway = {GATEWAY, str(cluster.listen)} | {
            str(port.get(key))
            for port in ports_of(service.value)
            if port_role(port, cluster.listen) == "gateway"
            for key in ("name", "port", "nodePort")
        }
        for check in checks(service):
            asks_gateway = check.port[1] in gateway if check.port else check.protocol and _defaults(check.protocol[0])
            if check.is_http and check.protocol and asks_gateway:
                message = f"`{check.protocol[0]}: {check.protocol[1]}` asks the gateway's own port"
                yield Problem(message, _at(cluster, service, check.protocol[0]), (cluster.region,))


def _defaults(key: str) -> bool:
    """Whether a provider checks the port of the traffic where no other is given."""
    return key in (AWS + "healthcheck-protocol", LINODE + "check-type") or key.startswith(SERVICE + "port_")


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
    if not isinstance(path, str):
        return
    for service in cluster.balancers:
        for check in checks(service):
            if check.path and check.path[1].startswith("/healthz") and _meaning(check.path[1]) != _meaning(path):
                where = (
                    *_at(cluster, service, check.path[0]),
                    cluster.at_container("readinessProbe", "httpGet", "path"),
                )
                message = f"the load balancer asks `{check.path[1]}`, readiness `{path}`"
                yield Problem(message, where, (cluster.region,))


def _meaning(path: str) -> frozenset[str]:
    return health_query(path).on


RULES = (health_check_waits, health_check_always_fails, health_check_speaks_http, health_check_differs)
