"""Security: what can be reached, read, or joined by others than the regions."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.services import is_outside, ports_of
from natsvalues.text.endpoints import read_endpoint
from natsvalues.text.hosts import is_address
from natsvalues.text.natsconf import Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.manifests.release import Manifest


@rule(
    "SE001",
    "monitoring-exposed",
    "error",
    why="The monitoring port requires no password and shows accounts, subjects, connections and routes.",
    source="nats.docs, Monitoring; nats-io/k8s, service.ports.monitor",
    remedy="Remove the port from the Service. If a provider can check health only through a port of the Service, its "
    "annotation names that port, and this rule allows it.",
    fails="clients: {spec: {type: LoadBalancer, ports: [{name: monitor, port: 8222, targetPort: monitor}]}}",
    passes="clients: {spec: {type: ClusterIP, ports: [{name: monitor, port: 8222, targetPort: monitor}]}}",
)
def monitoring_exposed(cluster: Cluster) -> Iterator[Problem]:
    """A load balancer or NodePort exposes the monitoring port."""
    for service in (item for item in cluster.services if is_outside(item.value)):
        for index, (port, role) in enumerate(zip(ports_of(service.value), cluster.roles(service), strict=True)):
            if role == "monitor" and not _is_checked(service, port):
                where = (cluster.at(service, "spec", "ports", index),)
                message = f"Service `{service.key.name}` exposes the monitoring port"
                yield Problem(message, where, (cluster.region,))


def _is_checked(service: Manifest, port: dict[str, object]) -> bool:
    """Whether an annotation makes the load balancer check this port, or keeps the port off the load balancer."""
    names = {str(port.get(key)) for key in ("name", "port", "nodePort") if key in port}
    return any(
        (key.endswith(("-port", "_port")) and str(text) in names)
        or key == f"service.beta.kubernetes.io/port_{port.get('port')}_no_lb_rule"
        for key, text in service.annotations.items()
    )


@rule(
    "SE002",
    "profiling-exposed",
    "error",
    why="Whoever reaches the profiling port can read the server's memory.",
    source="nats.docs, Profiling; nats-io/k8s, service.ports.profiling",
    remedy="Remove the port from the Service; use kubectl port-forward when you need it.",
    fails="""\
conf: {prof_port: 65432}
clients: {spec: {type: LoadBalancer, ports: [{name: profiling, port: 65432, targetPort: 65432}]}}""",
    passes="conf: {prof_port: 65432}",
)
def profiling_exposed(cluster: Cluster) -> Iterator[Problem]:
    """A load balancer or NodePort exposes the profiling port."""
    number = cluster.conf.get("prof_port")
    for service in (item for item in cluster.services if is_outside(item.value)):
        for index, port in enumerate(ports_of(service.value)):
            target = port.get("targetPort", port.get("port"))
            if target == "profiling" or (number is not None and target == number):
                where = (cluster.at(service, "spec", "ports", index),)
                message = f"Service `{service.key.name}` exposes the profiling port"
                yield Problem(message, where, (cluster.region,))


@rule(
    "SE003",
    "secret-in-config-map",
    "warning",
    why="Whoever may read ConfigMaps can read it, and so can everyone who sees a diff or the stored release.",
    source="Kubernetes, ConfigMaps; nats.docs, Configuration: variables",
    remedy="Keep it in a Secret, set it as an environment variable of the container, and write $VARIABLE in nats.conf.",
    fails="conf: {authorization: {token: tr0ub4dor}}",
    passes="conf: {authorization: {token: $TOKEN}}",
)
def secret_in_config_map(cluster: Cluster) -> Iterator[Problem]:
    """nats.conf contains a password or token in plain text."""
    secrets = list(_secrets(cluster.conf, ()))
    if secrets:
        others = f", and {len(secrets) - 1} more" if len(secrets) > 1 else ""
        first = "a url" if _is_url(secrets[0]) else f"`{secrets[0][-1]}`"
        where = tuple(cluster.at_conf(*path) for path in secrets[:3])
        yield Problem(f"{first} has a secret in plain text{others}", where, (cluster.region,))


_SECRET_KEYS = frozenset(("password", "pass", "token"))
_WITH_PASSWORD = re.compile(r"\w+://[^@/\s:]+:[^@/\s]+@")


def _secrets(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secrets(item, (*path, index))
    elif isinstance(value, str) and path and not isinstance(value, Variable):
        plain = str(path[-1]).lower() in _SECRET_KEYS and not value.startswith("$2")  # bcrypt
        if (plain and value) or _WITH_PASSWORD.match(value):
            yield path


def _is_url(path: tuple[str | int, ...]) -> bool:
    return str(path[-1]).lower() not in _SECRET_KEYS


@rule(
    "SE004",
    "public-without-source-ranges",
    "warning",
    why="Anyone may connect to the gateway port.",
    source="the providers' manuals; docs/providers.md",
    remedy="Set loadBalancerSourceRanges to the addresses that the other regions connect from "
    "(loadBalancer.sourceRanges in the overlay).",
    fails="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}}
  spec: {loadBalancerSourceRanges: null}""",
    passes="""\
service:
  metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}}
  spec: {loadBalancerSourceRanges: [203.0.113.0/24]}""",
)
def public_without_ranges(cluster: Cluster) -> Iterator[Problem]:
    """The gateway's load balancer is public, and nothing limits who may connect."""
    for service in cluster.gateway_services:
        public = [key for key, text in service.annotations.items() if PUBLIC.get(key) == str(text).lower()]
        limited = service.value["spec"].get("loadBalancerSourceRanges") or any(
            word in key for key in service.annotations for word in LIMITING
        )
        if public and not limited:
            where = (cluster.at(service, "metadata", "annotations", public[0]),)
            yield Problem(f"Service `{service.key.name}` is open to everyone", where, (cluster.region,))


PUBLIC = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing",
    "service.beta.kubernetes.io/do-loadbalancer-network": "external",
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": "internet",
    "service.beta.kubernetes.io/oci-load-balancer-internal": "false",
    "service.beta.kubernetes.io/openstack-internal-load-balancer": "false",
}
"""Annotations that state a public load balancer."""
LIMITING = ("security-group", "prefix-list", "source-ranges", "allow-rules", "acl", "firewall", "allowed-")
"""Parts of annotations that limit who may connect."""


@rule(
    "SE005",
    "gateway-without-tls",
    "note",
    needs="configuration",
    why="Traffic between regions crosses networks unencrypted, and no region proves its identity.",
    source="nats.docs, Gateways: tls",
    remedy="Turn on TLS between gateways (gateway.tls in the supercluster overlay). The rule skips renderings made by "
    "natsvalues: OV010 checks their overlay.",
    fails="""\
untouched: true
conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}""",
    passes="""\
untouched: true
conf:
  gateway:
    gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]
    tls: {cert_file: /etc/nats-config/tls.crt, key_file: /etc/nats-config/tls.key}""",
)
def gateway_without_tls(cluster: Cluster) -> Iterator[Problem]:
    """The gateway dials other regions without TLS."""
    if cluster.remotes and "tls" not in cluster.gateway and not cluster.is_stamped:
        yield Problem("the gateway has no TLS", (cluster.at_conf("gateway"),), (cluster.region,))


@rule(
    "SE006",
    "gateway-tls-unverified",
    "warning",
    needs="configuration",
    why="The gateway then accepts anyone who speaks TLS as another region.",
    source="nats.docs, Gateways: tls verify",
    remedy="Set verify: true in the gateway's tls block, or give the gateways a user and password.",
    fails="conf: {gateway: {tls: {cert_file: /etc/nats-config/tls.crt, key_file: /etc/nats-config/tls.key}}}",
    passes="""\
conf: {gateway: {tls: {cert_file: /etc/nats-config/tls.crt, key_file: /etc/nats-config/tls.key, verify: true}}}""",
)
def gateway_tls_unverified(cluster: Cluster) -> Iterator[Problem]:
    """The gateway has TLS, and requires neither a certificate nor a password from the other side."""
    block = cluster.gateway.get("tls")
    if not isinstance(block, dict) or "authorization" in cluster.gateway:
        return
    if True not in (block.get("verify"), block.get("verify_and_map"), block.get("verify_cert_and_check_known_urls")):
        where = (cluster.at_conf("gateway", "tls"),)
        yield Problem("the gateway verifies neither a certificate nor a password", where, (cluster.region,))


@rule(
    "SE007",
    "tls-name-is-address",
    "warning",
    needs="configuration",
    why="A server checks the remote's certificate against the host it dialled; certificates rarely contain addresses. "
    "The link then works in one direction only, which no health check shows.",
    source="run on nats-server 2.12.8 and 2.14.6; read in server/client.go doTLSHandshake",
    remedy="Advertise and dial DNS names that are in the certificates.",
    fails="""\
conf:
  gateway:
    tls: {cert_file: /etc/nats-config/tls.crt, key_file: /etc/nats-config/tls.key, verify: true}
    advertise: 192.0.2.10:7222""",
    passes="""\
conf:
  gateway:
    tls: {cert_file: /etc/nats-config/tls.crt, key_file: /etc/nats-config/tls.key, verify: true}""",
)
def tls_name_is_address(cluster: Cluster) -> Iterator[Problem]:
    """Gateways use TLS, and a region advertises or dials an IP address."""
    if "tls" not in cluster.gateway:
        return
    addresses = [(("gateway", "advertise"), address) for address in cluster.advertised[:1]]
    for index, remote in cluster.remotes:
        for place, url in enumerate(remote.urls):
            address = read_endpoint(url)
            if address is not None:
                addresses.append((("gateway", "gateways", index, "urls", place), address))  # type: ignore[arg-type]
    for path, address in addresses:
        if is_address(address.host):
            where = (cluster.at_conf(*path),)
            yield Problem(f"`{address.host}` must be in the certificate", where, (cluster.region,))


@rule(
    "SE008",
    "tls-on-one-side",
    "error",
    "supercluster",
    needs="configuration",
    why="A gateway with TLS starts with the handshake, one without waits for the other's greeting: they never connect.",
    source="run on nats-server 2.12.8 and 2.14.6; read in server/gateway.go createGateway",
    remedy="Turn gateway TLS on in all regions; change two regions that dial each other together.",
    fails="""\
us-east: {conf: {gateway: {tls: {cert_file: /etc/nats-config/a, key_file: /etc/nats-config/b, verify: true}}}}""",
    passes="""\
us-east: {conf: {gateway: {tls: {cert_file: /etc/nats-config/a, key_file: /etc/nats-config/b, verify: true}}}}
eu-west: {conf: {gateway: {tls: {cert_file: /etc/nats-config/a, key_file: /etc/nats-config/b, verify: true}}}}""",
)
def tls_on_one_side(subject: Subject) -> Iterator[Problem]:
    """Of two regions that dial each other, one has gateway TLS and the other does not."""
    for cluster, _, _, other in subject.links():
        if "tls" not in cluster.gateway and "tls" in other.gateway:
            where = (cluster.at_conf("gateway", "tls"), other.at_conf("gateway", "tls"))
            message = f"`{other.region}` has gateway TLS and `{cluster.region}` does not"
            yield Problem(message, where, (cluster.region, other.region))


@rule(
    "SE009",
    "gateway-users-differ",
    "error",
    "supercluster",
    needs="configuration",
    why="A gateway presents its own user to others unless the url has one; a region that expects another refuses it.",
    source="run on nats-server 2.12.8 and 2.14.6; read in server/gateway.go sendGatewayConnect",
    remedy="Give all regions the same gateway user and password (gateway.authorization in the supercluster overlay).",
    fails="eu-west: {conf: {gateway: {authorization: {user: gateway, password: $PASSWORD}}}}",
    passes="""\
us-east: {conf: {gateway: {authorization: {user: gateway, password: $PASSWORD}}}}
eu-west: {conf: {gateway: {authorization: {user: gateway, password: $PASSWORD}}}}""",
)
def gateway_users_differ(subject: Subject) -> Iterator[Problem]:
    """A region expects a gateway user that the one that dials it does not present."""
    for cluster, index, remote, other in subject.links():
        expected = _user(other)
        if expected is None or any("@" in url for url in remote.urls):
            continue
        if _user(cluster) != expected:
            where = (
                cluster.at_conf("gateway", "gateways", index),
                other.at_conf("gateway", "authorization"),
            )
            message = f"`{other.region}` expects a gateway user that `{cluster.region}` does not present"
            yield Problem(message, where, (cluster.region, other.region))


def _user(cluster: Cluster) -> str | None:
    block = cluster.gateway.get("authorization")
    return str(block.get("user", block.get("username"))) if isinstance(block, dict) else None


@rule(
    "SE010",
    "certificate-not-mounted",
    "error",
    why="The server does not start without the file.",
    source="run on nats-server 2.10.26, 2.12.8 and 2.14.6",
    remedy="Mount the Secret with the gateway's certificate at that folder (config.gateway.tls.secretName).",
    fails="conf: {gateway: {tls: {cert_file: /etc/nowhere/tls.crt, key_file: /etc/nowhere/tls.key, verify: true}}}",
    passes="""\
conf: {gateway: {tls: {cert_file: /etc/nats-config/tls.crt, key_file: /etc/nats-config/tls.key, verify: true}}}""",
)
def certificate_not_mounted(cluster: Cluster) -> Iterator[Problem]:
    """The folder of a gateway's TLS file is not mounted into the server's container."""
    block = cluster.gateway.get("tls")
    mounts = [str(mount.get("mountPath")).rstrip("/") for mount in cluster.mounts]
    for key in ("cert_file", "key_file", "ca_file"):
        file = block.get(key) if isinstance(block, dict) else None
        if not isinstance(file, str) or not file.startswith("/"):
            continue
        folder = posixpath.dirname(file)
        if not any(mount in (file, folder) or folder.startswith(f"{mount}/") for mount in mounts):
            where = (cluster.at_conf("gateway", "tls", key), cluster.at_container("volumeMounts"))
            yield Problem(f"`{folder}` is not mounted", where, (cluster.region,))
            return


RULES = (
    monitoring_exposed,
    profiling_exposed,
    secret_in_config_map,
    public_without_ranges,
    gateway_without_tls,
    gateway_tls_unverified,
    tls_name_is_address,
    tls_on_one_side,
    gateway_users_differ,
    certificate_not_mounted,
)
