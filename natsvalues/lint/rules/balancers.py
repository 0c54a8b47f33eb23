"""The Services that lead to the gateway: which pods they send to, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.chart import mappings
from natsvalues.manifests.services import is_headless, port_role, ports_of, publishes_not_ready
from natsvalues.overlays.model import Dns
from natsvalues.providers.refused import PROXY, TLS, refused
from natsvalues.supercluster.cold_start import cold_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.rule import Severity
    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.manifests.release import Manifest

FLAG = ("spec", "publishNotReadyAddresses")


@rule(
    "LB001",
    "gateway-hides-starting-servers",
    "error",
    "supercluster",
    why="The load balancer then sends to Ready servers only. At a cold start no server is Ready until a meta leader "
    "is elected, and the leader needs servers that other regions can reach: a deadlock. It is a warning where the "
    "probes need no leader: then the cold start ends, but a change of the probes can bring the deadlock back.",
    source="kubernetes endpointslice controller; nats-io/k8s issue 1109; simulated with real servers 2.10.26 to 2.15.1",
    remedy="Set spec.publishNotReadyAddresses: true on the gateway's own Service, never on one that carries clients.",
    fails="service: {spec: {publishNotReadyAddresses: null}}",
    passes="service: {spec: {publishNotReadyAddresses: true}}",
)
def gateway_hides_starting(subject: Subject) -> Iterator[Problem]:
    """The gateway's load balancer leaves out servers that are not Ready yet."""
    starts = cold_starts(subject.states)
    for cluster in subject.clusters:
        start = starts[cluster.region]
        for service in cluster.gateway_services if start.needs_others else ():
            if not publishes_not_ready(service.value):
                message = f"Service `{service.key.name}` has no publishNotReadyAddresses: true"
                where = (cluster.at(service, *FLAG),)
                severity: Severity = "error" if start.hangs else "warning"
                yield Problem(message, where, (cluster.region,), severity=severity)


@rule(
    "LB002",
    "clients-meet-starting-servers",
    "warning",
    why="publishNotReadyAddresses is meant for gateways and routes. On a Service for clients it sends them to servers "
    "that do not serve yet, or that are shutting down.",
    source="pixie issues 1247 and 1485, on NATS; kubernetes issues 118952 and 124914",
    remedy="Remove publishNotReadyAddresses from this Service, and set it on a Service of its own for the gateway.",
    fails="clients: {spec: {publishNotReadyAddresses: true}}",
    passes="headless: {spec: {publishNotReadyAddresses: true}}",
)
def clients_meet_starting(cluster: Cluster) -> Iterator[Problem]:
    """A Service for clients also sends them to servers that are not Ready."""
    for service in cluster.services:
        carries = "other" in cluster.roles(service) and not is_headless(service.value)
        if carries and publishes_not_ready(service.value):
            message = f"Service `{service.key.name}` carries clients and has publishNotReadyAddresses: true"
            yield Problem(message, (cluster.at(service, *FLAG),), (cluster.region,))


@rule(
    "LB003",
    "gateway-shares-load-balancer",
    "error",
    why="The gateway needs a load balancer that also sends to servers that are not Ready; clients need one that does "
    "not. Clients and routes also become reachable from everywhere that other regions connect from. The chart's "
    "service.merge creates such a Service.",
    source="nats-io/k8s issues 1109 and 580; pixie issue 1485",
    remedy="Give the gateway a Service of its own, and remove its port from the chart's service.ports.",
    fails="""\
clients:
  spec:
    type: LoadBalancer
    ports: [{name: nats, port: 4222, targetPort: nats}, {name: gateway, port: 7222, targetPort: gateway}]""",
    passes="""\
clients:
  spec:
    type: NodePort
    ports: [{name: nats, port: 4222, targetPort: nats}, {name: gateway, port: 7222, targetPort: gateway}]""",
)
def gateway_shares(cluster: Cluster) -> Iterator[Problem]:
    """One load balancer carries the gateway together with clients or routes."""
    for service in cluster.balancers:
        roles = cluster.roles(service)
        if "other" in roles and service.value["spec"].get("type") == "LoadBalancer":
            others = [
                str(port.get("port"))
                for port, role in zip(ports_of(service.value), roles, strict=True)
                if role == "other"
            ]
            where = (cluster.at(service, "spec", "ports", roles.index("gateway")),)
            message = f"Service `{service.key.name}` carries the gateway together with port {', '.join(others)}"
            yield Problem(message, where, (cluster.region,))


@rule(
    "LB004",
    "no-gateway-service",
    "warning",
    why="Other regions cannot connect: without a load balancer, a NodePort or a Route the gateway is reachable only "
    "inside its own cluster. The chart creates none.",
    source="nats-io/k8s issues 1004, 784 and 1109",
    remedy="Add one (natsvalues does, for many providers). If it is created outside the release, ignore this rule.",
    fails="service: null",
    passes="service: {spec: {type: NodePort}}",
)
def no_gateway_service(cluster: Cluster) -> Iterator[Problem]:
    """No Service of the release exposes the gateway outside the cluster."""
    if not cluster.has_gateway or cluster.balancers or _routed(cluster):
        return
    where = (cluster.at_conf("gateway"),)
    yield Problem("no LoadBalancer, NodePort or Route leads to the gateway", where, (cluster.region,))


def _routed(cluster: Cluster) -> bool:
    """Whether an OpenShift Route or a Gateway API route names a Service of the gateway."""
    names = {service.key.name for service in cluster.services if "gateway" in cluster.roles(service)}
    routes = cluster.release.manifests(
        cluster.release.mentioning("Route"), lambda manifest: manifest.key.kind in ("Route", "TLSRoute", "TCPRoute")
    )
    return any(name in route.text for route in routes for name in names)


@rule(
    "LB005",
    "proxy-protocol",
    "error",
    why="The load balancer starts every connection with a PROXY header, and a gateway refuses such a connection with "
    "`Authorization Violation`; only the server's client port can read the header.",
    source="run on nats-server 2.14.6; read in server/server.go",
    remedy="Remove the annotation from the gateway's Service.",
    fails="service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: '*'}}}",
    passes="clients: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: '*'}}}",
)
def proxy_protocol(cluster: Cluster) -> Iterator[Problem]:
    """The gateway's load balancer uses the PROXY protocol."""
    yield from _refused(cluster, PROXY, "enables the PROXY protocol")


@rule(
    "LB006",
    "tls-at-load-balancer",
    "error",
    why="Gateways negotiate TLS with each other from the first byte on. A load balancer that terminates TLS, or "
    "expects HTTP, breaks the connection.",
    source="run on nats-server 2.14.6; the providers' manuals",
    remedy="Remove the annotation, so that the load balancer passes TCP through.",
    fails="service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: 'arn:x'}}}",
    passes="clients: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: 'arn:x'}}}",
)
def tls_at_load_balancer(cluster: Cluster) -> Iterator[Problem]:
    """The gateway's load balancer terminates TLS, or expects HTTP."""
    yield from _refused(cluster, TLS, "terminates TLS, or expects HTTP")


def _refused(cluster: Cluster, why: str, does: str) -> Iterator[Problem]:
    for service in cluster.balancers:
        for refusal in refused({key: str(text) for key, text in service.annotations.items()}):
            if refusal.why == why:
                where = (cluster.at(service, "metadata", "annotations", refusal.key),)
                message = f"annotation `{refusal.key}` of Service `{service.key.name}` {does}"
                yield Problem(message, where, (cluster.region,))


@rule(
    "LB007",
    "gateway-port-leads-nowhere",
    "error",
    why="The Service targets a port that the pods do not have, so it has no endpoints there.",
    source="Kubernetes, Services: targetPort",
    remedy="Set config.gateway.enabled: true in the chart's values, or set targetPort to the number of the gateway's "
    "port.",
    fails="container: {ports: [{containerPort: 4222, name: nats}, {containerPort: 8222, name: monitor}]}",
    passes="container: {ports: [{containerPort: 4222, name: nats}, {containerPort: 7222, name: gateway}]}",
)
def gateway_port_leads_nowhere(cluster: Cluster) -> Iterator[Problem]:
    """A load balancer targets a gateway port that the container does not have, or there is no gateway."""
    if cluster.is_stamped and not cluster.has_gateway:
        return  # stage local: the load balancer keeps its address
    names = {str(port.get("name")) for port in mappings(cluster.container.get("ports"))}
    for service in cluster.balancers:
        for index, port in enumerate(ports_of(service.value)):
            target = port.get("targetPort", port.get("port"))
            if port_role(port, cluster.listen) != "gateway":
                continue
            where = (cluster.at(service, "spec", "ports", index, "targetPort"),)
            if isinstance(target, str) and target not in names:
                message = f"Service `{service.key.name}` targets port `{target}`, which the container does not have"
                yield Problem(message, where, (cluster.region,))
            elif not cluster.has_gateway:
                message = f"Service `{service.key.name}` leads to a gateway, and nats.conf has none"
                yield Problem(message, where, (cluster.region,))


@rule(
    "LB008",
    "headless-hides-starting-servers",
    "error",
    "supercluster",
    why="Routes connect to the pods' names, which the headless Service publishes. If it leaves out servers that are "
    "not Ready, they cannot connect to each other at a cold start, and with a probe that waits for a leader none "
    "becomes Ready. It is a warning where the probes need no leader: the servers connect only once they are Ready.",
    source="the chart's headless Service has the flag; Kubernetes, DNS of StatefulSet pods",
    remedy="Keep publishNotReadyAddresses: true on the headless Service.",
    fails="headless: {spec: {publishNotReadyAddresses: false}}",
    passes="""\
conf: {jetstream: null}
headless: {spec: {publishNotReadyAddresses: false}}""",
)
def headless_hides_starting(subject: Subject) -> Iterator[Problem]:
    """The headless Service does not publish pods that are not Ready, and JetStream's servers need each other."""
    starts = cold_starts(subject.states)
    for cluster in subject.clusters:
        service = cluster.state.hiding
        if service is None or not cluster.has_jetstream:
            continue
        if cluster.routes and cluster.replicas > 1:
            severity: Severity = "error" if starts[cluster.region].hangs else "warning"
            message = f"Service `{service.key.name}` publishes only Ready pods"
            yield Problem(message, (cluster.at(service, *FLAG),), (cluster.region,), severity=severity)


@rule(
    "LB009",
    "readiness-gate-waits-for-load-balancer",
    "warning",
    why="The pod becomes Ready only once the load balancer finds it healthy, and other servers wait for Ready pods: a "
    "second deadlock at a cold start.",
    source="AWS Load Balancer Controller, pod_readiness_gate.md; bitnami/charts issue 30392, on NATS",
    remedy="Remove the gate from the NATS pods, or the label that injects it from the namespace.",
    fails="statefulSet: {spec: {template: {spec: {readinessGates: [{conditionType: target-health.elbv2.k8s.aws/x}]}}}}",
    passes="statefulSet: {spec: {template: {spec: {readinessGates: [{conditionType: example.com/warm}]}}}}",
)
def readiness_gate(cluster: Cluster) -> Iterator[Problem]:
    """Pods are Ready only when the load balancer reports them healthy."""
    statefulset = cluster.nats.statefulset
    gates = statefulset.value["spec"]["template"]["spec"].get("readinessGates")
    for index, gate in enumerate(mappings(gates)):
        kind = str(gate.get("conditionType"))
        if kind.startswith("target-health.") or "load-balancer-neg-ready" in kind:
            keys = ("spec", "template", "spec", "readinessGates", index)
            yield Problem(f"readiness gate `{kind}`", (cluster.at(statefulset, *keys),), (cluster.region,))
    for manifest, where in _injecting_namespaces(cluster):
        message = f"namespace `{manifest.key.name}` injects the load balancer's readiness gate"
        yield Problem(message, (where,), (cluster.region,))


def _injecting_namespaces(cluster: Cluster) -> Iterator[tuple[Manifest, Where]]:
    label = "elbv2.k8s.aws/pod-readiness-gate-inject"
    namespaces = cluster.release.manifests(
        cluster.release.mentioning("Namespace", label), lambda manifest: manifest.key.kind == "Namespace"
    )
    for manifest in namespaces:
        here = cluster.nats.namespace in ("", manifest.key.name)
        if here and (manifest.metadata.get("labels") or {}).get(label) == "enabled":
            yield manifest, cluster.at(manifest, "metadata", "labels", label)


@rule(
    "LB010",
    "one-dns-prefix",
    "warning",
    why="external-dns up to 0.21 reads `external-dns.alpha.kubernetes.io/`, from 0.22 on only "
    "`external-dns.kubernetes.io/`, without falling back: an upgrade drops the gateway's record.",
    source="external-dns pull request 6424 and source/annotations/annotations.go at its tags",
    remedy="Set both annotations, or ignore this rule and give the version you run as the reason.",
    fails="service: {metadata: {annotations: {external-dns.kubernetes.io/hostname: null}}}",
    passes="service: {metadata: {annotations: {external-dns.kubernetes.io/hostname: nats-gw-us-east.example.com}}}",
)
def one_dns_prefix(cluster: Cluster) -> Iterator[Problem]:
    """The gateway's DNS name is annotated for old versions of external-dns only, or for new ones only."""
    prefixes = Dns().prefixes
    for service in cluster.balancers:
        given = [prefix for prefix in prefixes if f"{prefix}hostname" in service.annotations]
        chosen = cluster.plan is not None and len(cluster.plan.dns.prefixes) == 1
        if len(given) == 1 and not chosen:
            where = (cluster.at(service, "metadata", "annotations", f"{given[0]}hostname"),)
            versions = "up to 0.21" if given[0] == prefixes[0] else "from 0.22 on"
            message = f"Service `{service.key.name}` has the annotation of external-dns {versions} only"
            yield Problem(message, where, (cluster.region,))


RULES = (
    gateway_hides_starting,
    clients_meet_starting,
    gateway_shares,
    no_gateway_service,
    proxy_protocol,
    tls_at_load_balancer,
    gateway_port_leads_nowhere,
    headless_hides_starting,
    readiness_gate,
    one_dns_prefix,
)
