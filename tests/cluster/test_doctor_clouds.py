"""`natsvalues doctor --cloud`: objects of a real API server, and what the real `aws` says of the load balancer."""

from __future__ import annotations

import json
import os

import pytest

pytestmark = [pytest.mark.helm, pytest.mark.kubectl, pytest.mark.slow, pytest.mark.timeout(400)]

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEY = "service.beta.kubernetes.io/aws-load-balancer-"
BALANCER = {
    "region": "us-east-1",
    "type": "network",
    "scheme": "internal",
    "ports": [7222],
    "protocol": "TCP",
    "targets": "ip",
    "stopped": False,
    "check": {"HealthCheckProtocol": "HTTP", "HealthCheckPort": "8222", "HealthCheckPath": "/healthz"},
    "attributes": {},
    "group": {"proxy_protocol_v2.enabled": "false"},
}


def test_what_the_cloud_has_is_in_the_report(
    install, namespace, overlays, natsvalues, cluster, load_module, tmp_path, until, isolated_env
):
    """The annotation is right, and what is effective waits for a meta leader: found, located, and in the bundle."""
    tools = load_module(os.path.join(os.path.dirname(TESTS), "scripts", "cloud_tools.py")).fetch()
    install(4, "nats", region="us-east", overlays=overlays("join"))
    path = f"/api/v1/namespaces/{namespace.name}/services/nats-gateway"
    with load_module(os.path.join(TESTS, "moto.py")).serving(tools, str(tmp_path), until) as (variables, make):
        host = make({"nats": BALANCER})["names"]["nats"]
        status = {"status": {"loadBalancer": {"ingress": [{"hostname": host}]}}}
        patch = {"metadata": {"annotations": {f"{KEY}healthcheck-path": "/healthz?js-server-only=true"}}}
        merge = "application/merge-patch+json"
        for where, value in ((path, patch), (f"{path}/status", status)):
            assert cluster.request("PATCH", where, value, content=merge)[0] == 200
        config = tmp_path / "kubeconfig"
        config.write_text(cluster.kubeconfig("admin", namespace.name))
        context = json.loads(config.read_text())["current-context"]
        env = variables | {
            "KUBECONFIG": str(config),
            "NATSVALUES_HELM_SECONDS": "300",
            "PATH": os.pathsep.join([tools, isolated_env["PATH"]]),
        }
        words = ("doctor", f"--contexts=us-east={context}", f"--namespace={namespace.name}", "--cloud")
        bundle = str(tmp_path / "bundle.json")
        done = natsvalues(4, *words, "collect", bundle, env=env, timeout=200)
        assert done.returncode == 0, done.stderr
    report = json.loads(natsvalues(4, "doctor", f"--from-bundle={bundle}", "-o", "json").stdout)
    (finding,) = [item for item in report["findings"] if item["rule"] == "DR603"]
    assert "HTTP on 8222 /healthz: nats-server" in finding["message"]
    assert any(item["command"].startswith("aws elbv2 describe-target-health") for item in report["commands"])
    with open(bundle, encoding="utf-8") as file:
        assert "seeded-secret" not in file.read() + json.dumps(report)
