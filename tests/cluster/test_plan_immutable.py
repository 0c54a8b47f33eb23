"""The step of a plan that Kubernetes would refuse: a real API server with the real StatefulSet controller, no nodes.

A chart 0.x with three pods is upgraded to the chart 1.x with the plan's own commands, by Helm 4, and with
NATSVALUES_EVERY_PAGE by Helm 3, too. The controller is of a cluster of these tests' own, since it would create pods for
the StatefulSets of all other tests, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "scripts"))

import cluster as clusters  # noqa: E402 - scripts are no package
import cluster_build  # noqa: E402 - same

pytestmark = [pytest.mark.helm, pytest.mark.kubectl]
OLD_CHART = os.path.join(ROOT, "tests", "charts", "nats-0.x")
READY = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
CLAIM = "PersistentVolumeClaim"
REGION = """\
kind: Region
name: east
stage: local
gateway: {host: gw.east.example}
serverNames: {prefix: ""}
systemAccount: $SYS
loadBalancer: {provider: generic}
"""
VALUES = {
    "config": {
        "cluster": {"enabled": True},
        "jetstream": {
            "enabled": True,
            "fileStore": {"pvc": {"name": "nats-js-pvc"}},
            "memoryStore": {"enabled": True},
        },
    },
    "headlessService": {"name": "nats"},
    "service": {"name": "nats-svc"},
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """An API server with the controllers of StatefulSets and of owners."""
    binaries = cluster_build.build()
    running, user = clusters.start(binaries)
    config = tmp_path_factory.mktemp("controller") / "kubeconfig"
    config.write_text(running.kubeconfig())
    config.chmod(0o600)
    words = [f"--kubeconfig={config}", "--controllers=statefulset-controller,garbage-collector-controller"]
    program = os.path.join(binaries, "kube-controller-manager")
    with open(config.with_name("log"), "w", encoding="utf-8") as log:
        process = subprocess.Popen([program, *words, "--leader-elect=false", "--secure-port=0"], stderr=log)
    yield running
    process.terminate()
    process.wait(20)
    clusters.leave(user)


def awaited(see, seconds=60):
    """What `see` returns once it is true."""
    end = time.monotonic() + seconds
    while not (value := see()):
        assert time.monotonic() < end, see.__name__
        time.sleep(0.2)
    return value


def owned(namespace):
    """The pods of the namespace: their UIDs, and those of their owners."""
    metadata = [pod["metadata"] for pod in namespace.all("Pod")]
    return {
        item["name"]: (item["uid"], tuple(owner["uid"] for owner in item.get("ownerReferences", ())))
        for item in metadata
    }


@pytest.mark.parametrize("major", [3, 4] if os.environ.get("NATSVALUES_EVERY_PAGE") else [4])
def test_a_statefulset_is_created_anew_and_takes_its_pods_and_claims_over(
    major, helm, helm3, helm4, helm4_plugins, natsvalues, kubectl, kubeconfig, namespace, nats_chart, run, load_module,
    isolated_env, tmp_path,
):  # fmt: skip
    """Without the plan's commands the upgrade is refused; with them pods and claims are the same objects as before."""
    overlays = tmp_path / "ov"
    overlays.mkdir()
    (overlays / "supercluster.yaml").write_text("kind: Supercluster\nname: demo\njetstream: {scope: region}\n")
    (overlays / "east.yaml").write_text(REGION)
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(VALUES))
    helm(major, "install", "nats", OLD_CHART)
    three = awaited(lambda: len(found) == 3 and found if (found := owned(namespace)) else None)
    for name in three:
        namespace.patch("Pod", name, READY, "status")
    claims = {item["metadata"]["name"]: item["metadata"]["uid"] for item in namespace.all(CLAIM)}
    assert set(claims) == {f"nats-js-pvc-nats-{number}" for number in range(3)}
    uid = namespace.get("StatefulSet", "nats")["metadata"]["uid"]
    refused = helm(
        major, "upgrade", "nats", nats_chart, "-f", str(values), region="east", overlays=str(overlays), check=False
    )
    assert refused.returncode != 0
    assert namespace.get("StatefulSet", "nats")["metadata"]["uid"] == uid

    words = (
        "--overlays",
        str(overlays),
        "--contexts",
        "east=admin",
        "--namespace",
        str(namespace),
        "--chart",
        nats_chart,
    )
    done = natsvalues(major, "plan", *words, "-f", str(values), "-o", "json")
    assert done.stderr == ""
    whole = json.loads(done.stdout)
    assert [step["id"] for step in whole["steps"]] == ["east/adopt"]
    assert "none of its 3 servers answered /jsz" in whole["unknown"][0]  # --contexts is not asked for again
    assert "--contexts" not in whole["unknown"][0]
    walkthrough = load_module(os.path.join(ROOT, "tests", "walkthrough.py"))
    programs = {"helm": {3: helm3, 4: helm4}[major], "kubectl": kubectl}
    env = {"PATH": walkthrough.with_programs(str(tmp_path / "bin"), programs, isolated_env["PATH"])}
    env |= {"KUBECONFIG": kubeconfig, "NATSVALUES_OVERLAYS": str(overlays)}
    env |= {"HELM_PLUGINS": helm4_plugins} if major == 4 else {}
    *commands, last = whole["steps"][0]["commands"]
    assert "rollout status" in last  # it would wait for ever: no node is here, and no new pod gets ready
    for command in commands:
        assert run("sh", "-ec", command, env=env, check=True, timeout=120)

    new = namespace.get("StatefulSet", "nats")["metadata"]["uid"]
    assert new != uid
    awaited(lambda: {owner for _, owner in owned(namespace).values()} == {(new,)})
    rolled = owned(namespace)  # from the last pod on, and no further before that is ready, which it never is here
    assert [rolled[f"nats-{number}"][0] for number in (0, 1)] == [three[f"nats-{number}"][0] for number in (0, 1)]
    assert {item["metadata"]["name"]: item["metadata"]["uid"] for item in namespace.all(CLAIM)} == claims
    again = natsvalues(major, "plan", *words, "-f", str(values), "-o", "json")
    assert json.loads(again.stdout)["steps"] == []
