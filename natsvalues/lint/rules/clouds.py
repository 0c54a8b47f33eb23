"""Annotations of the gateway's Service that a cloud's load balancer refuses, ignores or reads differently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.services import ports_of
from natsvalues.providers.meaning import TRAFFIC, meaning_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.subject import Cluster
    from natsvalues.manifests.release import Manifest
    from natsvalues.providers.meaning import Annotation, Check

LBC = "aws-load-balancer-controller, docs/guide/service/annotations.md and its source; not run on a cloud"
CCM = "cloud-provider-azure, pkg/consts and azure_loadbalancer_healthprobe.go; not run on a cloud"


def _at(cluster: Cluster, service: Manifest, key: str) -> tuple[Where, ...]:
    return (cluster.at(service, "metadata", "annotations", key),)


def _checks(service: Manifest, family: str) -> list[Check]:
    """The health checks that a Service configures on one provider's load balancer."""
    return [check for check in meaning_of(service.value).checks if check.family == family]


@rule(
    "LB015",
    "aws-health-check-port",
    "error",
    why="With IP targets a number is the pod's port, and a port name fails if its target port is named. With instance "
    "targets a number is the node's port, and NATS does not listen there.",
    source=LBC,
    remedy='With IP targets set "8222"; with instance targets set the name of a port of this Service.',
    fails="""\
service:
  metadata:
    annotations:
      service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: instance
      service.beta.kubernetes.io/aws-load-balancer-healthcheck-port: '8222'""",
    passes="""\
service:
  metadata:
    annotations:
      service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
      service.beta.kubernetes.io/aws-load-balancer-healthcheck-port: '8222'""",
)
def aws_health_check_port(cluster: Cluster) -> Iterator[Problem]:
    """The AWS health check's port is written for the other target type."""
    for service in cluster.balancers:
        for check in _checks(service, "aws"):
            if check.port and (wrong := _unreachable(check, check.port.text, ports_of(service.value))):
                yield Problem(wrong, _at(cluster, service, check.port.key), (cluster.region,))


def _unreachable(check: Check, port: str, ports: list[dict[str, Any]]) -> str:
    """Why the AWS controller, or the load balancer, finds no such port; empty if it does."""
    by_name = {str(item.get("name")): item for item in ports}
    if port == TRAFFIC:
        return ""
    if not port.isdigit() and port not in by_name:
        return f"the Service has no port `{port}`"
    if check.targets == "pods":
        is_named = port in by_name and isinstance(by_name[port].get("targetPort"), str)
        return f"`{port}` is a port name, and its target port is named" if is_named else ""
    if port.isdigit() and port not in {str(item.get("nodePort")) for item in ports}:
        return f"{port} is a port of the node, and not a nodePort of the Service"
    return ""


@rule(
    "LB016",
    "azure-app-protocol",
    "error",
    why="Azure reads a port's appProtocol before the Service's own probe annotation: with the chart's `tcp` the probe "
    "stays TCP and never requests the path.",
    source=CCM,
    remedy="Remove appProtocol from the gateway's port, or set that port's own annotation "
    "(port_7222_health-probe_protocol).",
    fails="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/azure-load-balancer-health-probe-protocol: http}}
  spec: {ports: [{name: gateway, port: 7222, targetPort: gateway, appProtocol: tcp}]}""",
    passes="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/azure-load-balancer-health-probe-protocol: http}}
  spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}""",
)
def azure_app_protocol(cluster: Cluster) -> Iterator[Problem]:
    """Azure ignores the requested probe, because the port has an appProtocol."""
    for service in cluster.balancers:
        checks = [check for check in _checks(service, "azure") if check.protocol]
        of_ports = {check.service_port for check in checks}
        for index, port in enumerate(ports_of(service.value)):
            for check in checks:
                ignored = "appProtocol" in port and str(port.get("port")) not in of_ports
                if check.facts.app_protocol_first and not check.service_port and ignored and check.protocol:
                    where = cluster.at(service, "spec", "ports", index, "appProtocol")
                    message = f"port {port.get('port')} has appProtocol `{port['appProtocol']}`"
                    yield Problem(message, (where, *_at(cluster, service, check.protocol.key)), (cluster.region,))


@rule(
    "LB017",
    "azure-probe-refused",
    "error",
    why="Azure takes a probe port that is not a port of the Service for a port of the node. It refuses an interval "
    "below 5 s, fewer than 2 probes, and 120 s or more in total.",
    source=CCM,
    remedy="Add `monitor` to the Service's ports, and keep it off the load balancer with port_8222_no_lb_rule.",
    fails="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/port_7222_health-probe_port: '8222'}}
  spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}""",
    passes="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/port_7222_health-probe_port: '8222'}}
  spec:
    ports:
    - {name: gateway, port: 7222, targetPort: gateway}
    - {name: monitor, port: 8222, targetPort: monitor}""",
)
def azure_probe_refused(cluster: Cluster) -> Iterator[Problem]:
    """Azure's probe uses a port that the Service does not have, or a timing that Azure refuses."""
    for service in cluster.balancers:
        known = {str(port.get(key)) for port in ports_of(service.value) for key in ("port", "name")}
        for check in _checks(service, "azure"):
            if check.port and check.port.text not in known:
                message = f"the Service has no port {check.port.text}"
                yield Problem(message, _at(cluster, service, check.port.key), (cluster.region,))
            interval, number = _number(check.interval, 5), _number(check.threshold, 2)
            timing = check.interval or check.threshold
            if timing and (interval < 5 or number < 2 or interval * number >= 120):  # noqa: PLR2004   # Azure's limits
                message = f"{number} probes at an interval of {interval} s"
                yield Problem(message, _at(cluster, service, timing.key), (cluster.region,))


def _number(annotation: Annotation | None, default: int) -> int:
    return int(annotation.text) if annotation is not None and annotation.text.isdigit() else default


@rule(
    "LB018",
    "digitalocean-health-check-port",
    "error",
    why="DigitalOcean maps the port to a nodePort of the Service, and reports an error for any other.",
    source="digitalocean-cloud-controller-manager, do/loadbalancers.go; not run on a cloud",
    remedy="Add that port to the Service, or remove the annotation: the default health check needs none.",
    fails="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/do-loadbalancer-healthcheck-port: '8222'}}
  spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}""",
    passes="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/do-loadbalancer-healthcheck-port: '7222'}}
  spec: {ports: [{name: gateway, port: 7222, targetPort: gateway}]}""",
)
def digitalocean_port(cluster: Cluster) -> Iterator[Problem]:
    """DigitalOcean's health check uses a port that the Service does not have."""
    for service in cluster.balancers:
        for check in _checks(service, "digitalocean"):
            if check.port and check.port.text not in {str(port.get("port")) for port in ports_of(service.value)}:
                message = f"the Service has no port {check.port.text}"
                yield Problem(message, _at(cluster, service, check.port.key), (cluster.region,))


@rule(
    "LB019",
    "gcp-internal-in-one-region",
    "warning",
    why="An internal load balancer of Google Cloud is reachable from its own region only, unless global access is on.",
    source="GKE, LoadBalancer Service parameters; the effect was not run on a cloud",
    remedy='Set networking.gke.io/internal-load-balancer-allow-global-access: "true".',
    fails="service: {metadata: {annotations: {networking.gke.io/load-balancer-type: Internal}}}",
    passes="""\
service:
  metadata:
    annotations:
      networking.gke.io/load-balancer-type: Internal
      networking.gke.io/internal-load-balancer-allow-global-access: 'true'""",
)
def gcp_internal(cluster: Cluster) -> Iterator[Problem]:
    """An internal load balancer of Google Cloud does not accept connections from other regions."""
    for service in cluster.balancers:
        meaning = meaning_of(service.value)
        is_global = any(annotation.is_on for annotation in meaning.of("otherRegions"))
        if "gcp" in meaning.controllers and meaning.scope == "internal" and not is_global:
            message = f"Service `{service.key.name}` is internal, without global access"
            yield Problem(message, _scope_at(cluster, service, meaning.scope_stated), (cluster.region,))


def _scope_at(cluster: Cluster, service: Manifest, stated: Annotation | None) -> tuple[Where, ...]:
    """Where the scope is stated, or the class that decides it."""
    if stated is not None:
        return _at(cluster, service, stated.key)
    return (cluster.at(service, "spec", "loadBalancerClass"),)


@rule(
    "LB020",
    "kube-vip-local-traffic",
    "error",
    why="With externalTrafficPolicy: Local kube-vip leaves out endpoints that do not serve yet, even with "
    "publishNotReadyAddresses: a cold start hangs.",
    source="kube-vip, pkg/endpoints/providers/endpointslices.go; not run",
    remedy="Set externalTrafficPolicy: Cluster.",
    fails="service: {spec: {loadBalancerClass: kube-vip.io/kube-vip-class, externalTrafficPolicy: Local}}",
    passes="service: {spec: {loadBalancerClass: kube-vip.io/kube-vip-class, externalTrafficPolicy: Cluster}}",
)
def kube_vip_local(cluster: Cluster) -> Iterator[Problem]:
    """A load balancer of kube-vip sends to local endpoints only."""
    for service in cluster.balancers:
        spec = service.value["spec"]
        handled = "kube-vip" in meaning_of(service.value).controllers
        if handled and spec.get("externalTrafficPolicy") == "Local":
            where = (cluster.at(service, "spec", "externalTrafficPolicy"),)
            yield Problem("externalTrafficPolicy is Local, with kube-vip", where, (cluster.region,))


@rule(
    "LB021",
    "aws-scheme-left-out",
    "warning",
    why="Without the annotation the AWS Load Balancer Controller creates an internal load balancer with instance "
    "targets, and other regions may not reach it.",
    source=LBC,
    remedy="Set aws-load-balancer-scheme to internal or internet-facing.",
    fails="""\
service:
  metadata:
    annotations:
      service.beta.kubernetes.io/aws-load-balancer-type: external
      service.beta.kubernetes.io/aws-load-balancer-scheme: null""",
    passes="""\
service:
  metadata:
    annotations:
      service.beta.kubernetes.io/aws-load-balancer-type: external
      service.beta.kubernetes.io/aws-load-balancer-scheme: internal""",
)
def aws_scheme_left_out(cluster: Cluster) -> Iterator[Problem]:
    """A Service for the AWS Load Balancer Controller does not say whether it is internal."""
    for service in cluster.gateway_services:
        meaning = meaning_of(service.value)
        if cluster.has_gateway and "aws-lbc" in meaning.controllers and meaning.scope_stated is None:
            message = f"Service `{service.key.name}` gets an internal load balancer, because it sets no scheme"
            selecting = next(iter(meaning.of("identity")), None)
            yield Problem(message, _scope_at(cluster, service, selecting), (cluster.region,))


@rule(
    "LB022",
    "source-ranges-ignored",
    "warning",
    why="With security groups of your own the AWS Load Balancer Controller does not apply the Service's source ranges.",
    source=LBC,
    remedy="Put the ranges into the security groups, and remove them from the Service.",
    fails="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-security-groups: sg-1}}
  spec: {loadBalancerSourceRanges: [203.0.113.0/24]}""",
    passes="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-security-groups: sg-1}}
  spec: {loadBalancerSourceRanges: null}""",
)
def source_ranges_ignored(cluster: Cluster) -> Iterator[Problem]:
    """A Service has source ranges that its controller ignores."""
    for service in cluster.balancers:
        ranges = service.value["spec"].get("loadBalancerSourceRanges")
        overriding = [item for item in meaning_of(service.value).annotations if item.meaning.overrides_ranges]
        if overriding and ranges:
            where = (cluster.at(service, "spec", "loadBalancerSourceRanges"), *_at(cluster, service, overriding[0].key))
            yield Problem("loadBalancerSourceRanges and security groups are both set", where, (cluster.region,))


@rule(
    "LB023",
    "node-ports-needed",
    "error",
    why="With instance targets the load balancer sends to node ports; without them the controller fails.",
    source=LBC,
    remedy="Remove allocateLoadBalancerNodePorts: false, or use IP targets.",
    fails="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: instance}}
  spec: {allocateLoadBalancerNodePorts: false}""",
    passes="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip}}
  spec: {allocateLoadBalancerNodePorts: false}""",
)
def node_ports_needed(cluster: Cluster) -> Iterator[Problem]:
    """A load balancer with instance targets has no node ports."""
    for service in cluster.balancers:
        spec: dict[str, Any] = service.value["spec"]
        targets = meaning_of(service.value).targets
        instance = targets is not None and targets.family == "aws" and targets.text not in targets.meaning.pods
        if instance and spec.get("allocateLoadBalancerNodePorts") is False:
            if all("nodePort" in port for port in ports_of(service.value)):
                continue
            where = (cluster.at(service, "spec", "allocateLoadBalancerNodePorts"),)
            yield Problem("instance targets, and no node ports", where, (cluster.region,))


RULES = (
    aws_health_check_port,
    azure_app_protocol,
    azure_probe_refused,
    digitalocean_port,
    gcp_internal,
    kube_vip_local,
    aws_scheme_left_out,
    source_ranges_ignored,
    node_ports_needed,
)
