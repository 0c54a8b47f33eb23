"""Faults that are seeded into real regions, what `natsvalues doctor` must say of each, and how they are undone."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from regions import Names, configure, kubectl
from suites import NAMESPACE, RELEASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from regions import Regions

EAST, WEST = "us-east", "eu-west"
GATEWAY, HEADLESS, CONFIG, SECRET = "nats-gateway", "nats-headless", "nats-config", "gateway-tls"
SAVED = (
    f"statefulset/{RELEASE}",
    f"service/{GATEWAY}",
    f"service/{HEADLESS}",
    f"configmap/{CONFIG}",
    f"secret/{SECRET}",
)
ROLLED_SECONDS = 180


class Fault(NamedTuple):
    """One fault. `rules`: of these doctor must name one; `parts`: other rules about the same fault.

    `restarts`: the pods of these regions begin anew when it is undone.
    """

    name: str
    rules: tuple[str, ...]
    seed: Callable[[Seeding], None]
    parts: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


class Seeding:
    """Regions with a healthy release, and what their objects were."""

    def __init__(self, regions: Regions, names: Names, certificate: Callable[..., dict[str, str]]) -> None:
        self.regions = regions
        self.names = names
        self.certificate = certificate
        self.saved = {
            region: [self._get(region, name) for name in SAVED if self._has(region, name)] for region in (EAST, WEST)
        }

    def run(self, region: str, *words: str, stdin: str = "") -> str:
        """Run kubectl in the region's namespace."""
        return kubectl(self.regions, region, "-n", NAMESPACE, *words, stdin=stdin)

    def _get(self, region: str, name: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.run(region, "get", name, "-o", "json"))
        value.pop("status", None)
        for key in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
            value["metadata"].pop(key, None)
        return value

    def patch(self, region: str, name: str, value: Any, kind: str = "strategic") -> None:
        """Patch an object."""
        self.run(region, "patch", name, f"--type={kind}", "-p", json.dumps(value))

    def conf(self, region: str, old: str, new: str) -> None:
        """Replace words of nats.conf in the ConfigMap."""
        text = self._get(region, f"configmap/{CONFIG}")["data"]["nats.conf"]
        if old not in text:
            raise KeyError(old)
        self.patch(region, f"configmap/{CONFIG}", {"data": {"nats.conf": text.replace(old, new)}}, "merge")

    def container(self, region: str, value: dict[str, Any]) -> None:
        """Change the server's container in the StatefulSet's template."""
        template = {"spec": {"containers": [{"name": "nats", **value}]}}
        self.patch(region, f"statefulset/{RELEASE}", {"spec": {"template": template}})

    def delete_pods(self, region: str, *pods: str) -> None:
        """Delete pods at once: those that come instead begin with what the objects say now."""
        self.run(region, "delete", "pod", *pods, "--grace-period=1", "--wait=true")

    def secret(self, region: str, files: dict[str, str]) -> None:
        """Give the gateway's Secret other files."""
        self.patch(region, f"secret/{SECRET}", {"data": None, "stringData": files}, "merge")

    def dns(self, region: str, names: Names) -> None:
        """Give a region's DNS server another configuration, and let it begin with it."""
        configure(self.regions, region, names)
        kubectl(
            self.regions, region, "-n", "kube-system", "delete", "pod", "-l", "k8s-app=kube-dns", "--grace-period=1"
        )
        kubectl(self.regions, region, "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s")

    def undo(self, fault: Fault) -> None:
        """Give all objects back what they were, and wait until every pod is Ready with it."""
        for region, objects in self.saved.items():
            for value in objects:
                is_there = self._has(region, f"{value['kind'].lower()}/{value['metadata']['name']}")
                self.run(region, "replace" if is_there else "create", "-f", "-", stdin=json.dumps(value))
        for region in fault.restarts:
            self.run(region, "delete", "pod", "--all", "--grace-period=1", "--wait=true")
        for region in self.saved:
            self.run(region, "rollout", "status", f"statefulset/{RELEASE}", f"--timeout={ROLLED_SECONDS}s")

    def _has(self, region: str, name: str) -> bool:
        return bool(self.run(region, "get", name, "--ignore-not-found", "-o", "name"))


def _service(**spec: Any) -> Callable[[Seeding], None]:
    return lambda play: play.patch(WEST, f"service/{GATEWAY}", {"spec": spec}, "merge")


def _annotated(**annotations: str) -> Callable[[Seeding], None]:
    keys = {f"service.beta.kubernetes.io/{key.replace('_', '-')}": text for key, text in annotations.items()}
    return lambda play: play.patch(WEST, f"service/{GATEWAY}", {"metadata": {"annotations": keys}}, "merge")


def _conf(old: str, new: str, *deleted: str) -> Callable[[Seeding], None]:
    def seed(play: Seeding) -> None:
        play.conf(WEST, old, new)
        if deleted:
            play.delete_pods(WEST, *deleted)

    return seed


def _container(**value: Any) -> Callable[[Seeding], None]:
    return lambda play: play.container(WEST, value)


def _probe(kind: str) -> Callable[[Seeding], None]:
    return _container(**{kind: {"httpGet": {"path": "/healthz", "port": "monitor"}}})


def _no_address(play: Seeding) -> None:
    """A Service that asks for an address which nobody can give."""
    value = next(item for item in play.saved[WEST] if item["metadata"]["name"] == GATEWAY)
    value = json.loads(json.dumps(value))
    value["metadata"]["annotations"]["metallb.io/loadBalancerIPs"] = "none-is-left"
    play.run(WEST, "delete", "service", GATEWAY)
    play.run(WEST, "create", "-f", "-", stdin=json.dumps(value))


def _dead_name(play: Seeding) -> None:
    hosts = {name: address for name, address in play.names.hosts.items() if WEST not in name}
    play.dns(EAST, play.names._replace(hosts=hosts))


def _moved_name(play: Seeding) -> None:
    hosts = {name: "198.18.9.9" if WEST in name else address for name, address in play.names.hosts.items()}
    play.dns(EAST, play.names._replace(hosts=hosts))


def _long_memory(play: Seeding) -> None:
    names = play.names._replace(ttl=600)
    configure(play.regions, WEST, names)
    text = names.corefile().replace("cache 30", "cache 600")
    value = json.dumps({"data": {"Corefile": text}})
    kubectl(play.regions, WEST, "-n", "kube-system", "patch", "configmap/coredns", "--type=merge", "-p", value)


def _certificate(**how: Any) -> Callable[[Seeding], None]:
    return lambda play: play.secret(WEST, play.certificate(WEST, **how))


def _no_secret(play: Seeding) -> None:
    play.run(WEST, "delete", "secret", SECRET)
    play.delete_pods(WEST, "nats-2")


def _no_key(play: Seeding) -> None:
    files = play.certificate(WEST)
    patch = [{"op": "remove", "path": "/data/ca.crt"}]
    play.patch(WEST, f"secret/{SECRET}", patch, "json")
    play.patch(
        WEST, f"statefulset/{RELEASE}",
        {"spec": {"template": {"spec": {"volumes": [{"name": "gateway-tls", "secret": {
            "secretName": SECRET, "items": [{"key": key, "path": key} for key in files]}}]}}}},
    )  # fmt: skip


def _hang(play: Seeding) -> None:
    code = (
        "import glob, os, signal\n"
        "pids = [int(path.split('/')[2]) for path in glob.glob('/proc/[0-9]*/comm')"
        " if open(path).read().strip() == 'nats-server']\n"
        "os.kill(max(pids), signal.SIGSTOP)"
    )
    import subprocess
    import sys

    subprocess.run(play.regions.on_node(WEST, sys.executable, "-c", code), check=True)


def _one_way(play: Seeding) -> None:
    """The load balancer of one region lets nobody in any more; its own servers still dial."""
    play.patch(WEST, f"service/{GATEWAY}", {"spec": {"loadBalancerSourceRanges": ["192.0.2.0/24"]}}, "merge")
    time.sleep(3)  # until kube-proxy has it
    play.run(EAST, "delete", "pod", "--all", "--grace-period=1", "--wait=true")


def _forgotten(play: Seeding) -> None:
    value = next(item for item in play.saved[WEST] if item["kind"] == "StatefulSet")
    stamps = {key: None for key in value["metadata"]["annotations"] if key.startswith("natsvalues.io/")}
    play.patch(WEST, f"statefulset/{RELEASE}", {"metadata": {"annotations": stamps}}, "merge")


def _scaled(play: Seeding) -> None:
    play.run(WEST, "scale", f"statefulset/{RELEASE}", "--replicas=2")


def _half_updated(play: Seeding) -> None:
    update = {"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}}
    play.patch(WEST, f"statefulset/{RELEASE}", update)
    play.container(WEST, {"image": "nats:2.15.1-alpine"})


_STALE = ("DR202", "DR207")
_REMOTE = '"name": "{0}",\n        "urls": [\n          "nats://nats-gw-{0}.example.com:7222"'
FAULTS = (
    Fault("the load balancer gets no address", ("DR101",), _no_address),
    Fault("the gateway's Service is a ClusterIP", ("LB004",), _service(type="ClusterIP")),
    Fault("the gateway's Service sends to ready pods only", ("LB001",), _service(publishNotReadyAddresses=False)),
    Fault("the gateway's Service selects no pod", ("LB004", "DR107"), _service(selector={"app": "other"})),
    Fault("the load balancer's health check waits for a leader", ("LB011",), _annotated(
        aws_load_balancer_healthcheck_protocol="http", aws_load_balancer_healthcheck_path="/healthz",
        aws_load_balancer_healthcheck_port="8222", aws_load_balancer_nlb_target_type="ip"), ("LB014",)),
    Fault("kubelet and load balancer check different things", ("LB014",), _annotated(
        aws_load_balancer_healthcheck_protocol="http", aws_load_balancer_healthcheck_port="8222",
        aws_load_balancer_healthcheck_path="/healthz?js-enabled-only=true", aws_load_balancer_nlb_target_type="ip")),
    Fault("the headless Service hides pods that are not Ready", ("LB008",), lambda play: play.patch(
        WEST, f"service/{HEADLESS}", {"spec": {"publishNotReadyAddresses": False}}, "merge")),
    Fault("the readiness probe waits for a leader", ("PR002",), _probe("readinessProbe"), ("DR102", "DR103"), (WEST,)),
    Fault("the startup probe waits for a leader", ("PR001",), _probe("startupProbe"), ("DR102", "DR103"), (WEST,)),
    Fault("the liveness probe waits for a leader", ("PR003",), _probe("livenessProbe"), ("DR102", "DR103"), (WEST,)),
    Fault("the advertised name does not exist for the other region", ("DR301",), _dead_name),
    Fault("the advertised name leads elsewhere", ("DR302",), _moved_name),
    Fault("DNS remembers for ten minutes that a name did not exist", ("DR108",), _long_memory),
    Fault("a remote has a wrong name", ("NM006",), _conf('"name": "us-east"', '"name": "europe"'),
          (*_STALE, "GW013", "DR303")),
    Fault("a region does not list the other one", ("GW013",), _conf(
        _REMOTE.format("us-east"), _REMOTE.format("eu-west")), (*_STALE, "GW010", "JS002")),
    Fault("the servers have another configuration than the ConfigMap", ("DR202",), _conf(
        '"reject_unknown_cluster": true', '"reject_unknown_cluster": true, "connect_retries": 5'), ("DR207",)),
    Fault("gateway.advertise is not set", ("GW001",), _conf(
        '"advertise": "nats-gw-eu-west.example.com:7222",', ""), _STALE),
    Fault("two regions have the same cluster and gateway name", ("NM002",), _conf(
        '"name": "eu-west"', '"name": "us-east"'), (*_STALE, "GW013", "NM001", "GW010", "NM006")),
    Fault("servers of two regions have the same name", ("NM003", "DR204"), _container(
        env=[{"name": "SERVER_NAME", "value": "us-east-$(POD_NAME)"}]),
        ("DR102", "DR103", "DR204", "NM003", "DR406"), (WEST,)),
    Fault("the other region's JetStream has a system account of its own", ("DR202", "DR404"), _conf(
        '"server_name":', '"accounts": {"OWN": {}}, "system_account": "OWN", "server_name":'),
        (*_STALE, "DR404")),
    Fault("a server does not start with its configuration", ("DR106", "NC002"), _conf(
        '"max_file_store": 1Gi', '"max_file_store": "1Gi"', "nats-2"), ("NC002", "DR106", *_STALE), (WEST,)),
    Fault("the Secret of the certificates is missing", ("DR104",), _no_secret, (), (WEST,)),
    Fault("the Secret has not all keys", ("DR104",), _no_key, ("DR102",), (WEST,)),
    Fault("the certificate is for another name", ("DR306",), _certificate(name="nats.internal")),
    Fault("the certificate ends in a week", ("DR307",), _certificate(days=7)),
    Fault("the certificate has ended", ("DR307",), _certificate(days=-1)),
    Fault("the image cannot be pulled", ("DR103",), _container(image="nats:2.14.99-alpine"),
          ("DR102", "HS008"), (WEST,)),
    Fault("half of the pods have another version", ("DR205",), _half_updated, ("DR102",), (WEST,), ("2.15.1",)),
    Fault("a server hangs", ("DR201",), _hang, (), (WEST,)),
    Fault("a region has fewer servers than the meta group counts", ("DR404", "DR406"), _scaled, ("JS005",)),
    Fault("one way only: a region lets nobody in", ("DR304",), _one_way, ("SE004",), (EAST,)),
    Fault("the post-renderer was forgotten", ("HS001",), _forgotten),
)  # fmt: skip
"""In the order in which they are played: those that restart nothing first."""
DNS_FAULTS = frozenset((_dead_name, _moved_name, _long_memory))
