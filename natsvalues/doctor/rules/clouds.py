"""What the cloud has for the gateway's load balancer. Nothing is judged unless `--cloud` asked it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.doctor.clouds import judged
from natsvalues.doctor.clouds.health import APPLIED, LEADER
from natsvalues.doctor.clouds.of_region import load_balancers
from natsvalues.lint.rule import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.live_set import LiveSet

_EVENTS = "See the Service's events (`kubectl describe service`), and the log of the load balancer's controller. "
RUN = "run with awscli against moto's server"


def _failing(live: LiveSet, *ids: str) -> Iterator[Problem]:
    for region in live.regions.values():
        for balancer in load_balancers(region):
            for verdict in balancer.verdicts:
                if verdict.status == "fail" and verdict.id in ids:
                    name = f"Service `{balancer.service}` of `{region.name}` ({balancer.place})"
                    kind = "Route" if balancer.seen.cloud == "openshift" else "Service"
                    field = region.at(f"{kind} {balancer.service}: {verdict.field or 'status.loadBalancer'}")
                    yield Problem(f"{name}: {verdict.message}", (field,), (region.name,))


@rule(
    "DR601", "cloud-load-balancer-missing", "error", "live",
    why="The Service's status names an address behind which the cloud has no load balancer in service, or one of "
    "another region: other regions connect to nothing, or to another cluster.",
    source=RUN,
    remedy=_EVENTS + "A status that is older than the load balancer goes away when the controller works again.",
    fails="""\
us-east:
  balancers: {nats-gateway: {cloud: aws, place: region us-east-1, is_absent: true, reason: there is none}}
""",
    passes="""\
us-east:
  balancers: {nats-gateway: {cloud: aws, place: region us-east-1, balancer: {cloud: aws, kind: network, name: a}}}
""",
)  # fmt: skip
def missing(live: LiveSet) -> Iterator[Problem]:
    """The load balancer does not exist, is not in service, or is in another region than the nodes."""
    yield from _failing(live, judged.THERE, judged.REGION)


@rule(
    "DR602", "cloud-health-check-not-applied", "error", "live",
    why="An annotation is a request. What the load balancer checks decides whether it sends connections.",
    source=RUN,
    remedy=_EVENTS + "What is edited in the cloud may be undone by the controller.",
    fails="""\
us-east:
  services:
    nats-gateway:
      metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval: '10'}}
  balancers:
    nats-gateway:
      cloud: aws
      balancer:
        cloud: aws
        kind: network
        name: a
        listeners: [{port: 7222, groups: [g]}]
        groups: [{name: g, check: {protocol: TCP, port: traffic-port, interval: 30}}]
""",
    passes="""\
us-east:
  services:
    nats-gateway:
      metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval: '10'}}
  balancers:
    nats-gateway:
      cloud: aws
      balancer:
        cloud: aws
        kind: network
        name: a
        listeners: [{port: 7222, groups: [g]}]
        groups: [{name: g, check: {protocol: TCP, port: traffic-port, interval: 10}}]
""",
)  # fmt: skip
def not_applied(live: LiveSet) -> Iterator[Problem]:
    """The health check that is effective is another than the annotations request."""
    yield from _failing(live, APPLIED)


@rule(
    "DR603", "cloud-health-check-waits-for-leader", "error", "live",
    why="At a cold start there is no meta leader until regions reach each other, and the load balancer sends to no "
    "server until there is one. A check that no server can answer fails always.",
    source="run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1; " + RUN,
    remedy="Request HTTP on the monitoring port, with /healthz?js-server-only=true on 2.11 or later and "
    "/healthz?js-enabled-only=true before; `natsvalues providers` has the annotations.",
    fails="""\
us-east:
  balancers:
    nats-gateway:
      cloud: aws
      balancer:
        cloud: aws
        kind: network
        name: a
        listeners: [{port: 7222, groups: [g]}]
        groups: [{name: g, targets_are: pods, check: {protocol: HTTP, port: '8222', path: /healthz}}]
""",
    passes="""\
us-east:
  balancers:
    nats-gateway:
      cloud: aws
      balancer:
        cloud: aws
        kind: network
        name: a
        listeners: [{port: 7222, groups: [g]}]
        groups:
        - name: g
          targets_are: pods
          check: {protocol: HTTP, port: '8222', path: '/healthz?js-enabled-only=true'}
""",
)  # fmt: skip
def waits(live: LiveSet) -> Iterator[Problem]:
    """The health check that is effective fails until there is a meta leader, or always."""
    yield from _failing(live, LEADER)


@rule(
    "DR604", "cloud-listener-missing", "error", "live",
    why="The load balancer accepts no connection on a port of the Service, or does not pass TCP through.",
    source=RUN,
    remedy=_EVENTS + "Quotas and ports that another Service uses are among the reasons.",
    fails="""\
us-east:
  balancers:
    nats-gateway: {cloud: aws, balancer: {cloud: aws, kind: network, name: a, listeners: [{port: 4222}], groups: []}}
""",
    passes="""\
us-east:
  balancers:
    nats-gateway: {cloud: aws, balancer: {cloud: aws, kind: network, name: a, listeners: [{port: 7222}], groups: []}}
""",
)  # fmt: skip
def no_listener(live: LiveSet) -> Iterator[Problem]:
    """The load balancer has no listener for a port of the Service, or one that terminates TLS."""
    yield from _failing(live, judged.LISTENERS)


@rule(
    "DR605", "cloud-targets-unhealthy", "error", "live",
    why="The load balancer sends to healthy targets only; if there are none, to all or to none, as the cloud has it.",
    source=RUN,
    remedy="Try the health check from inside the network; compare firewalls, security groups and network policies.",
    fails="""\
us-east:
  balancers:
    nats-gateway:
      cloud: aws
      balancer:
        cloud: aws
        kind: network
        name: a
        listeners: [{port: 7222, groups: [g]}]
        groups:
        - name: g
          targets_are: pods
          check: {protocol: TCP, port: traffic-port}
          targets: [{id: 10.0.1.7, port: '7222', state: unhealthy, reason: Target.FailedHealthChecks}]
""",
    passes="""\
us-east:
  balancers:
    nats-gateway:
      cloud: aws
      balancer:
        cloud: aws
        kind: network
        name: a
        listeners: [{port: 7222, groups: [g]}]
        groups:
        - name: g
          targets_are: pods
          check: {protocol: TCP, port: traffic-port}
          targets: [{id: 10.0.1.7, state: healthy}, {id: 10.0.1.8, state: starting}]
""",
)  # fmt: skip
def unhealthy(live: LiveSet) -> Iterator[Problem]:
    """Targets of the load balancer are unhealthy, or there are none."""
    yield from _failing(live, judged.TARGETS)


@rule(
    "DR606", "cloud-proxy-protocol", "error", "live",
    why="A NATS gateway refuses every connection that starts with a PROXY header.",
    source="run on nats-server 2.14.6; " + RUN,
    remedy="Remove the annotation that requests it; without one, find out who switched it on, and switch it off.",
    fails="""\
us-east:
  balancers:
    nats-gateway: {cloud: aws, balancer: {cloud: aws, kind: network, name: a, proxy_protocol: true}}
""",
    passes="""\
us-east:
  balancers:
    nats-gateway: {cloud: aws, balancer: {cloud: aws, kind: network, name: a, proxy_protocol: false}}
""",
)  # fmt: skip
def proxy(live: LiveSet) -> Iterator[Problem]:
    """The load balancer sends PROXY headers to the gateway."""
    yield from _failing(live, judged.PROXY)


@rule(
    "DR607", "cloud-setting-not-applied", "error", "live",
    why="What an annotation requests is not effective: who can connect, where to, or how connections end.",
    source=RUN,
    remedy=_EVENTS + "Type, class and on some clouds the scheme count only when a Service is created.",
    fails="""\
us-east:
  services:
    nats-gateway:
      metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internal}}
  balancers:
    nats-gateway: {cloud: aws, balancer: {cloud: aws, kind: network, name: a, scheme: internet-facing}}
""",
    passes="""\
us-east:
  services:
    nats-gateway:
      metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internal}}
  balancers:
    nats-gateway: {cloud: aws, balancer: {cloud: aws, kind: network, name: a, scheme: internal}}
""",
)  # fmt: skip
def setting(live: LiveSet) -> Iterator[Problem]:
    """Kind, scheme, kind of targets or another setting is not what the annotations request."""
    yield from _failing(live, judged.KIND, judged.SCHEME, judged.TARGET_TYPE, judged.SETTINGS)
