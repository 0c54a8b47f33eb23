"""Clouds that were not run: their published answers are read, and judged as those of AWS are."""

from __future__ import annotations

import json
import os

import pytest

from natsvalues.doctor.clouds import azure, gcp, openshift
from natsvalues.doctor.clouds.asking import look_up
from natsvalues.doctor.clouds.judged import judged
from natsvalues.doctor.clouds.seen import CheckSeen, Sought, cloud_seen_in, content_of
from natsvalues.doctor.clouds.verdict import Servers
from natsvalues.manifests.server import parse_version
from natsvalues.outside.cloud_cli import Answer, is_reading, shown

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded")
SERVERS = Servers(parse_version("2.14.2"), 7222, 8222, {"gateway": 7222, "monitor": 8222}, is_clustered=True)
GCP_NODES = ("gce://shop/europe-west1-b/gke-a",)
AZURE = "azure:///subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mc_nats/providers/"
AZURE_NODES = (AZURE + "Microsoft.Compute/virtualMachineScaleSets/aks-nats/virtualMachines/0",)
PROBE = "service.beta.kubernetes.io/port_7222_health-probe_"
PORTS = [
    {"name": "gateway", "port": 7222, "targetPort": "gateway", "nodePort": 31222},
    {"name": "monitor", "port": 8222, "targetPort": "monitor", "nodePort": 31822},
]


@pytest.fixture
def asked():
    """Give what answers from a file; what is not in it is refused, and so is a command that could write."""

    def of(name):
        with open(os.path.join(RECORDED, f"{name}.json"), encoding="utf-8") as file:
            answers = json.load(file)

        def ask(commands):
            for words in commands:
                assert is_reading(words), words
                assert "json" in words[-1] + words[-2], words
            return [_answer(answers, shown(words)) for words in commands]

        return ask

    return of


def _answer(answers, command):
    known = max((key for key in answers if command.startswith(key)), key=len, default=None)
    reason = "" if known is not None else "the right to do this is missing: refused"
    return Answer(command, answers.get(known), reason)


def service_of(annotations, ports=PORTS, **spec):
    """A Service as it is in the cluster."""
    return {"metadata": {"annotations": annotations}, "spec": {"type": "LoadBalancer", "ports": ports, **spec}}


def by_status(service, sought, seen):
    """The ids of the verdicts, and their messages, by status; the record is read back from its JSON first."""
    again = cloud_seen_in(json.loads(json.dumps(content_of(seen))))
    assert again == seen
    statuses = {}
    for verdict in judged(service, sought, again, SERVERS):
        statuses.setdefault(verdict.status, {})[verdict.id] = verdict.message
    return statuses


def test_google_checks_the_node(asked):
    """The shared check of kube-proxy waits for no leader; global access that is off, and a bad node, are named."""
    sought = Sought("10.128.0.50", GCP_NODES)
    seen = look_up(sought, asked("gcp"))
    key = "networking.gke.io/"
    annotations = {f"{key}load-balancer-type": "Internal", f"{key}internal-load-balancer-allow-global-access": "true"}
    statuses = by_status(service_of(annotations, PORTS[:1]), sought, seen)
    assert set(statuses["fail"]) == {"cloud-targets", "cloud-settings"}
    assert "1 of 2 targets" in statuses["fail"]["cloud-targets"]
    assert "gke-b" in statuses["fail"]["cloud-targets"]
    assert "requests allowGlobalAccess=true, and false is effective" in statuses["fail"]["cloud-settings"]
    assert "kube-proxy answers for the node" in statuses["pass"]["cloud-health-check-leader"]
    assert "unknown" not in statuses
    (group,) = seen.balancer.groups
    assert group.check == CheckSeen("HTTP", "10256", "/healthz", 8, 1, 1, 3)
    assert seen.balancer.region == "europe-west1"


def test_google_with_a_target_pool(asked):
    """The older kind has its health and its check under other commands."""
    sought = Sought("203.0.113.9", GCP_NODES)
    seen = gcp.look(sought, asked("gcp"))
    statuses = by_status(service_of({}, PORTS[:1]), sought, seen)
    assert set(statuses) == {"pass"}
    assert seen.balancer.kind == "target pool"
    assert seen.balancer.scheme == "internet-facing"
    assert "1 of 1 targets" in statuses["pass"]["cloud-targets"]


def test_google_has_no_such_address(asked):
    """An answer without rules is a load balancer that does not exist; no answer is none."""
    sought = Sought("203.0.113.99", GCP_NODES)
    statuses = by_status(service_of({}), sought, gcp.look(sought, asked("gcp")))
    assert "has no forwarding rule for 203.0.113.99" in statuses["fail"]["cloud-load-balancer"]
    other = Sought("203.0.113.77", GCP_NODES)
    statuses = by_status(service_of({}), other, gcp.look(other, asked("gcp")))
    assert "the right to do this is missing" in statuses["unknown"]["cloud-load-balancer"]


def test_azure_ignored_the_probe(asked):
    """HTTP was requested for the gateway's port, and the load balancer checks TCP."""
    sought = Sought("10.224.0.7", AZURE_NODES)
    seen = look_up(sought, asked("azure"))
    annotations = {
        "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
        f"{PROBE}protocol": "http",
        f"{PROBE}port": "8222",
        f"{PROBE}request-path": "/healthz?js-server-only=true",
        "service.beta.kubernetes.io/port_8222_no_lb_rule": "true",
    }
    statuses = by_status(service_of(annotations), sought, seen)
    assert set(statuses["fail"]) == {"cloud-health-check", "cloud-targets"}
    message = statuses["fail"]["cloud-health-check"]
    assert "protocol `http`, and `TCP` is effective; port `8222`, and `31222` is effective" in message
    assert "10.224.0.4 (0 % of the probes" in statuses["fail"]["cloud-targets"]
    assert "it connects to the gateway port only" in statuses["pass"]["cloud-health-check-leader"]
    assert seen.balancer.scheme == "internal"


def test_azure_public(asked):
    """The public address leads to the load balancer, whose fields older versions of the tool spell otherwise."""
    sought = Sought("203.0.113.20", AZURE_NODES)
    seen = azure.look(sought, asked("azure"))
    annotations = {
        f"{PROBE}protocol": "http",
        f"{PROBE}port": "8222",
        f"{PROBE}request-path": "/healthz?js-server-only=true",
        "service.beta.kubernetes.io/port_8222_no_lb_rule": "true",
        "service.beta.kubernetes.io/azure-load-balancer-tcp-idle-timeout": "30",
    }
    statuses = by_status(service_of(annotations), sought, seen)
    assert set(statuses["fail"]) == {"cloud-settings", "cloud-targets"}
    assert "idleTimeoutInMinutes=30, and 4 is effective" in statuses["fail"]["cloud-settings"]
    assert "it does not wait for a meta leader" in statuses["pass"]["cloud-health-check-leader"]
    assert "HTTP on 31822 /healthz?js-server-only=true" in statuses["pass"]["cloud-health-check"]


@pytest.mark.parametrize(
    ("service", "failing"),
    [("nats-gateway", {}), ("nats-edge", {"cloud-load-balancer": "already exposes", "cloud-listeners": "TLS"})],
)
def test_openshift_route(asked, service, failing):
    """A Route must be admitted, and pass TLS through."""
    seen = openshift.look("nats", service, ("--context=a",), asked("openshift"))
    statuses = by_status(service_of({}, PORTS[:1]), Sought("", ()), seen)
    assert set(statuses.get("fail", {})) == set(failing)
    for name, words in failing.items():
        assert words in statuses["fail"][name]
    assert seen.commands[0].text.endswith("--output=json --context=a")


def test_a_cloud_without_a_known_tool(asked):
    """Nothing is asked."""
    assert look_up(Sought("198.18.1.10", ("metal://a",)), asked("gcp")) is None
    assert look_up(Sought("198.18.1.10", ()), asked("gcp")) is None
