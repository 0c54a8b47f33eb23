"""`natsvalues doctor` on a real API server without pods: its Role, each rule of it missing, no rights, nobody there."""

from __future__ import annotations

import json
import os
import time

import pytest

from natsvalues.cli.rehearse_clusters import with_revisions
from natsvalues.cli.rehearse_options import ClusterOptions
from natsvalues.rehearsal.outcome import Site
from natsvalues.report.rehearsal_text import places

HERE = os.path.dirname(os.path.abspath(__file__))

pytestmark = [pytest.mark.helm, pytest.mark.kubectl, pytest.mark.timeout(300)]

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "other"},
    "stringData": {"password": "s3cr3t-here"},
}
QUESTIONS = {"secrets": "release"}
"""What is unknown without a resource, where that has another name."""
BEYOND = {"nodes", "coredns", "names in the cluster"}
"""What the Role does not have: it is of other namespaces."""


@pytest.fixture
def rights(load_module):
    """tests/cluster/test_rights.py, which knows the documented Roles."""
    return load_module(os.path.join(HERE, "test_rights.py"))


@pytest.fixture
def doctor(namespace, natsvalues, limited):
    """Run doctor with these rules: its exit code, its report as JSON, its text, and the seconds that it took."""

    def look(rules):
        env = limited(rules)
        with open(env["KUBECONFIG"], encoding="utf-8") as file:
            context = json.load(file)["current-context"]
        words = ("doctor", f"--contexts=us-east={context}", f"--namespace={namespace.name}")
        begun = time.monotonic()
        done = natsvalues(4, *words, "-o", "json", env=env)
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout), done.stdout, time.monotonic() - begun

    return look


@pytest.fixture
def limited(rights, cluster, namespace, tmp_path):
    """Kubeconfigs with fewer rights, as in test_rights.py."""
    return rights.limited.__wrapped__(cluster, namespace, tmp_path)


def unseen(report):
    """The questions without an answer."""
    return {item["question"] for item in report["unseen"]}


def test_the_role_is_enough_and_each_of_its_rules_is_needed(doctor, install, namespace, overlays, rights):
    """Without a rule what it gives is unknown and listed; and nothing is blamed that was not seen."""
    install(4, "nats", region="us-east", overlays=overlays("join"))
    namespace.create(SECRET)
    role = rights.documented()["natsvalues-doctor"]
    code, report, text, _ = doctor(role)
    assert unseen(report) == BEYOND
    assert "s3cr3t-here" not in text
    whole = {finding["rule"] for finding in report["findings"]}
    assert (code, "DR103" in whole) == (4, True)  # there is no controller that creates pods
    for gone in (("services", "events"), ("pods", "persistentvolumeclaims"), ("endpointslices", "secrets")):
        rest = [{**rule, "resources": [name for name in rule["resources"] if name not in gone]} for rule in role]
        _, less, _, _ = doctor([rule for rule in rest if rule["resources"]])
        assert {QUESTIONS.get(name, name) for name in gone} <= unseen(less)
        assert {finding["rule"] for finding in less["findings"]} <= whole


def test_without_rights_everything_is_unknown(doctor):
    """No finding; but exit code 4, because nobody knows how the region is."""
    code, report, _, _ = doctor([])
    assert (code, report["findings"]) == (4, [])
    assert {item["status"] for item in report["items"]} == {"unknown"}


def test_an_api_server_that_is_not_there_is_unknown_in_time(natsvalues, cluster, namespace, tmp_path):
    """Within half a minute."""
    config = json.loads(cluster.kubeconfig("admin", namespace.name))
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    path = tmp_path / "nobody.kubeconfig"
    path.write_text(json.dumps(config))
    begun = time.monotonic()
    done = natsvalues(
        4, "doctor", f"--contexts=us-east={config['current-context']}", "-o", "json", env={"KUBECONFIG": str(path)}
    )
    assert time.monotonic() - begun < 30
    report = json.loads(done.stdout)
    assert (done.returncode, report["findings"]) == (4, [])
    assert "cluster" in unseen(report)


def test_the_heads_name_the_revision_that_helm_keeps(
    install, namespace, natsvalues, overlays, helm4, kubeconfig, load_module, monkeypatch
):
    """After an upgrade the new one; a rehearsal on clusters has both, and none where there is no such release."""
    folder = overlays("join")
    for _ in range(2):
        install(4, "nats", region="us-east", overlays=folder)
    done = natsvalues(4, "doctor", "--contexts=us-east=admin", f"--namespace={namespace.name}")
    where = f"us-east: context admin, namespace {namespace.name}, release nats, revision"
    assert done.stdout.startswith(f"{where} 2\nseen at ")
    monkeypatch.setenv("HELM_BIN", helm4)
    outcome = load_module(os.path.join(os.path.dirname(HERE), "rehearsal", "test_cluster_parts.py")).OUTCOME
    sites = {"us-east": Site("admin", namespace.name, "nats", 1), "eu": Site("admin", namespace.name, "other")}
    now = with_revisions(outcome._replace(sites=sites), ClusterOptions("us-east=admin", "", "nats", kubeconfig, ""))
    assert places(now)[0] == f"{where} 1, now 2"
    assert places(now)[1].endswith("release other, revision unknown")
