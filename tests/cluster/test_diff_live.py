"""`natsvalues diff --live` on a real API server: what a difference does here, and Secrets that nobody made."""

from __future__ import annotations

import json

import pytest
import yaml

pytestmark = pytest.mark.helm

VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
TLS = {"tls": {"secret": "gateway-tls"}, "authorization": {"user": "gw", "password": {"secret": "login", "key": "pw"}}}
RANGES = {"provider": "generic", "sourceRanges": ["192.0.2.0/24"]}


def test_the_headline_is_what_a_change_by_hand_does(install, kubectl_on, namespace, natsvalues, nats_chart, overlays):
    """Open source ranges, a server less, half a store and no budget: each by its level, and `--fail-on` sees it."""
    folder = overlays("local", {"supercluster": {"loadBalancer": RANGES}, "us-east": {"stage": "expose"}})
    install(3, "nats", region="us-east", overlays=folder)
    words = ("diff", "nats", nats_chart, "--set", VALUES, "--region=us-east", f"--overlays={folder}", "--live")
    kubectl_on("delete", "poddisruptionbudget/nats", "--wait=false")
    assert headline(natsvalues, words).startswith("OUTAGE: PodDisruptionBudget/nats: nothing keeps a node drain")
    kubectl_on("patch", "service/nats-gateway", "-p", json.dumps({"spec": {"loadBalancerSourceRanges": ["0.0.0.0/0"]}}))
    kubectl_on("scale", "statefulset/nats", "--replicas=2")
    assert headline(natsvalues, words).startswith("OUTAGE: StatefulSet/nats: 1 server goes")
    text = namespace.get("ConfigMap", "nats-config")["data"]["nats.conf"]
    assert "10Gi" in text
    kubectl_on("patch", "configmap/nats-config", "-p", json.dumps({"data": {"nats.conf": text.replace("10Gi", "5Gi")}}))
    done = natsvalues(3, *words, "--fail-on", "data-loss")
    assert done.returncode == 4
    told = " ".join(done.stdout.split())
    assert told.startswith("DATA LOSS: ConfigMap/nats-config: the JetStream store gets smaller")
    assert "the load balancer accepts more addresses: 0.0.0.0/0; kubectl-patch set it" in told
    assert told.count("the next upgrade sets it back without a warning") == 4  # the headline, too
    assert "nats.conf: jetstream.max_file_store" in told


def headline(natsvalues, words):
    """The first sentence of the report."""
    done = natsvalues(3, *words, "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)["headline"]


def test_secrets_that_nobody_made_are_named_until_their_commands_ran(
    install, kubectl_on, namespace, natsvalues, nats_chart, overlays, run, tmp_path
):
    """Each with the command that makes it; one that lacks a key is named with the key."""
    folder = overlays("local", {"supercluster": {"gateway": TLS}, "us-east": {"stage": "expose"}})
    install(3, "nats", region="us-east", overlays=folder)
    words = ("diff", "nats", nats_chart, "--set", VALUES, "--region=us-east", f"--overlays={folder}", "--live")
    notes = missing(natsvalues, words)
    assert [note["message"].split("`")[1] for note in notes] == ["gateway-tls", "login"]
    assert all(f"in namespace `{namespace.name}`" in note["message"] for note in notes)
    subject = ("-nodes", "-subj", "/CN=gw", "-keyout", "tls.key", "-out", "tls.crt")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", *subject, cwd=tmp_path, check=True)
    (tmp_path / "pw").write_text("no-secret")
    kubectl_on("create", "secret", "generic", "login", "--from-literal=other=x")
    assert "Secret `login` has no key `pw`" in missing(natsvalues, words)[1]["message"]
    kubectl_on("delete", "secret", "login", "--wait=false")
    for note in notes:
        command = note["remedy"].split(";")[0].split()
        assert command[:3] == ["kubectl", "create", "secret"]
        kubectl_on(*(word for word in command[1:]), cwd=tmp_path)
    assert missing(natsvalues, words, code=0) == []


def missing(natsvalues, words, code=4):
    """The notes on Secrets, where any is an outage; with none nothing differs."""
    done = natsvalues(3, *words, "--fail-on=outage", "-o", "json")
    assert done.returncode == code
    [region] = json.loads(done.stdout)["regions"]
    return [note for note in region["notes"] if "Secret" in note["message"]]


def test_a_lookup_that_finds_nothing_says_where_it_looked(install, kubeconfig, namespace, natsvalues, nats_chart):
    """Release, namespace and context, as an error and as the old side of a first installation."""
    install(3, "nats")
    with open(kubeconfig, encoding="utf-8") as file:
        context = yaml.safe_load(file)["current-context"]
    words = ("diff", "nats", nats_chart, "--set", VALUES, "--no-post-renderer", "-n", "default")
    done = natsvalues(3, *words)
    assert done.stderr.splitlines()[0] == (
        f"error[NV-D002]: there is no release `nats` in namespace `default` of context `{context}`"
    )
    assert "helm list --all-namespaces" in done.stderr
    done = natsvalues(3, *words, "--allow-unreleased")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("FIRST INSTALLATION: nothing is there yet: this installs 3 servers of nats-server")
    assert f"old: nothing (release default/nats, context {context})" in lines
    told = " ".join(done.stdout.split())
    assert f"there is no release `nats` in namespace `default` of context `{context}`, so this compares with" in told
    assert namespace.name not in told
