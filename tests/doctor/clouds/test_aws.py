"""Faults of load balancers, seeded in moto's server and seen with the real `aws`: each is named, and nothing else."""

from __future__ import annotations

import re

import pytest
import seeding

from natsvalues.doctor.clouds import aws
from natsvalues.doctor.clouds.asking import ask_clouds
from natsvalues.doctor.clouds.judged import judged
from natsvalues.doctor.clouds.seen import Sought
from natsvalues.doctor.clouds.verdict import Servers
from natsvalues.doctor.examination import examine
from natsvalues.doctor.live import live_of
from natsvalues.manifests.server import parse_version
from natsvalues.outside.cloud_cli import CloudCli
from natsvalues.report.bundle import bundle_text, read_bundle, without_its_secrets
from natsvalues.report.doctor_text import doctor_text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # the first one may install the tools

SERVERS = Servers(parse_version("2.14.2"), 7222, 8222, {"gateway": 7222, "monitor": 8222}, is_clustered=True)
KEY = "service.beta.kubernetes.io/aws-load-balancer-"
FREE = "/healthz?js-server-only=true"
HTTP = {"HealthCheckProtocol": "HTTP", "HealthCheckPort": "8222", "HealthCheckPath": FREE}
TCP = {"HealthCheckProtocol": "TCP", "HealthCheckPort": "traffic-port"}
BALANCER = {
    "region": "us-east-1",
    "type": "network",
    "scheme": "internal",
    "ports": [7222],
    "protocol": "TCP",
    "targets": "ip",
    "stopped": False,
    "check": HTTP,
    "attributes": {"load_balancing.cross_zone.enabled": "true"},
    "group": {"preserve_client_ip.enabled": "false", "proxy_protocol_v2.enabled": "false"},  # moto gives what was set
}
ANNOTATIONS = {
    "type": "external",
    "scheme": "internal",
    "nlb-target-type": "ip",
    "healthcheck-protocol": "http",
    "healthcheck-port": "8222",
    "healthcheck-path": FREE,
    "healthcheck-interval": "10",
    "attributes": "load_balancing.cross_zone.enabled=true",
    "target-group-attributes": "preserve_client_ip.enabled=false",
}
NODES = {"nlb-target-type": "instance", "healthcheck-protocol": "tcp", "healthcheck-port": "traffic-port"}

# Each fault: what differs in the cloud, in the annotations, and the failing items with words of their messages.
FAULTS = {
    "healthy": ({}, {}, {}),
    "another-port": (
        {"check": TCP},
        {},
        {"cloud-health-check": "port `8222`, and `traffic-port` is effective; path `/healthz?js"},
    ),
    "waits-and-more": (
        {
            "check": HTTP | {"HealthCheckPath": "/healthz"},
            "group": BALANCER["group"] | {"proxy_protocol_v2.enabled": "true"},
            "attributes": {"load_balancing.cross_zone.enabled": "false"},
            "scheme": "internet-facing",
        },
        {"healthcheck-path": "/healthz"},
        {
            "cloud-health-check-leader": "HTTP on 8222 /healthz: nats-server 2.14.2 answers 503 to it",
            "cloud-proxy-protocol": "sends PROXY headers, and a NATS gateway refuses every connection",
            "cloud-settings": "requests load_balancing.cross_zone.enabled=true, and false is effective",
            "cloud-scheme": "requests internal, and the load balancer is internet-facing",
        },
    ),
    "none-healthy": (
        {"targets": "instance", "stopped": True, "check": TCP},
        NODES | {"nlb-target-type": "ip"},
        {
            "cloud-targets": "0 of 1 targets of `none-healthy-7222` are healthy by TCP on the port of the traffic: i-",
            "cloud-target-type": "requests pods, and the targets of `none-healthy-7222` are nodes",
        },
    ),
    "absent": (None, {}, {"cloud-load-balancer": "account 123456789012 has no load balancer `absent-1.us-east-1.elb"}),
    "elsewhere": ({"region": "eu-west-1"}, {}, {"cloud-region": "is in eu-west-1, and the nodes in us-east-1"}),
    "no-listener": (
        {"ports": [4222]},
        {},
        {"cloud-listeners": "there is no listener for port 7222 of the Service (there is: 4222)"},
    ),
    "old-kind": (
        {"type": "classic"},
        {"type": "nlb", "attributes": "", "target-group-attributes": "", "scheme": "internal"}
        | {"nlb-target-type": "instance", "healthcheck-protocol": "tcp", "healthcheck-port": "31222"},
        {"cloud-kind": "requests a Network Load Balancer, and `old-kind` is classic"},
    ),
}


def service_of(name: str, differing: dict[str, str]) -> dict:
    """The Service as it is in the cluster."""
    texts = {key: text for key, text in (ANNOTATIONS | differing).items() if text}
    if differing.get("healthcheck-protocol") == "tcp":
        texts.pop("healthcheck-path", None)
    port = {"name": "gateway", "port": 7222, "targetPort": "gateway", "nodePort": 31222, "protocol": "TCP"}
    return {
        "metadata": {"name": name, "annotations": {KEY + key: text for key, text in texts.items()}},
        "spec": {"type": "LoadBalancer", "ports": [port]},
    }


def test_each_fault_is_named_and_nothing_else(moto):
    """One run of `aws` for each question; a load balancer that is well fails nothing."""
    wanted = {name: BALANCER | cloud for name, (cloud, _, _) in FAULTS.items() if cloud is not None}
    world = moto(wanted)
    provider_ids = tuple(f"aws:///us-east-1a/{instance}" for instance in world["instances"])
    cli = CloudCli(seconds=500, each=100)  # this machine may be busy
    failing, commands, unknown = {}, set(), {}
    for name, (_, differing, _) in FAULTS.items():
        host = world["names"].get(name, f"{name}-1.us-east-1.elb.amazonaws.com")
        sought = Sought(host, provider_ids)
        seen = aws.look(sought, cli.ask)
        items = judged(service_of(name, differing), sought, seen, SERVERS)
        failing[name] = {item.id: item for item in items if item.status == "fail"}
        unknown[name] = {item.id: item.message for item in items if item.status == "unknown"}
        commands |= {command.text for command in seen.commands}
        assert all(not command.reason for command in seen.commands), seen.commands
    assert {name: set(items) for name, items in failing.items()} == {
        name: set(expected) for name, (_, _, expected) in FAULTS.items()
    }
    for name, (_, _, expected) in FAULTS.items():
        for item, words in expected.items():
            assert words in failing[name][item].message
    assert failing["another-port"]["cloud-health-check"].field.startswith("metadata.annotations")
    assert not any(unknown.values()), unknown
    assert len(commands) < 45
    _the_whole_report(world, cli.ask)
    assert all(re.match(r"aws (elbv2|elb|ec2|sts) (describe|get)-", command) for command in commands)
    assert "seeded-secret" not in str((failing, commands)) + str(cli.__dict__)


def _the_whole_report(world, ask):
    """From a region's objects to the text: through the record as a bundle has it, without the cloud."""
    annotations = {KEY + key: text for key, text in ANNOTATIONS.items()}
    patch = {
        "metadata": {"annotations": annotations | {"metallb.io/loadBalancerIPs": None}},
        "status": {"loadBalancer": {"ingress": [{"hostname": world["names"]["another-port"]}]}},
    }
    nodes = [{"name": "a", "kubelet": "v1.37.2", "provider": f"aws:///us-east-1a/{world['instances'][0]}"}]
    seen = seeding.seeded({"us-east": {"services": {"nats-gateway": patch}, "about": {"nodes": nodes}}})
    ask_clouds(live_of(seen.regions[0]), ask)
    text = bundle_text(without_its_secrets(seen))
    examination = examine(read_bundle(text, "bundle.json"))
    assert "DR602" in {finding.rule.id for finding in examination.report.findings}
    (item,) = [item for item in examination.items if (item.id, item.region) == ("balancer-health-check", "us-east")]
    assert item.status == "fail"
    assert item.effective.startswith("TCP on the port of the traffic: it connects to the gateway port only")
    report = doctor_text(examination)
    for words in (
        "error[DR602] cloud-health-check-not-applied: Service `nats-gateway` of `us-east` (aws, region us-east-1: ",
        "that only read:\n  us-east: aws elbv2 describe-load-balancers --region us-east-1",
    ):
        assert words in report
    assert "seeded-secret" not in text + report


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({}, "there are no valid credentials: "),
        (
            {
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "seeded-secret-of-aws",
            },
            "the cloud cannot be reached: ",
        ),
    ],
    ids=["no credentials", "no way there"],
)
def test_without_an_answer_the_reason_is_given(aws_on_path, variables, reason):
    """What `aws` cannot ask is unknown, and no secret is in the reason."""
    for name, text in variables.items():
        aws_on_path.setenv(name, text)
    sought = Sought("nats-1.us-east-1.elb.amazonaws.com", ())
    seen = aws.look(sought, CloudCli(seconds=60, each=50).ask)
    (item,) = judged(service_of("nats", {}), sought, seen, SERVERS)
    assert (item.id, item.status) == ("cloud-load-balancer", "unknown")
    assert reason in item.message
    assert "seeded" not in item.message
