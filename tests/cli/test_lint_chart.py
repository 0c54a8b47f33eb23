"""`natsvalues lint --chart`: the chart is rendered first, for one region or all, with its values files."""

from __future__ import annotations

import json

import pytest

SPREAD = r"podTemplate.topologySpreadConstraints.topology\.kubernetes\.io/zone"
VALUES = f"config.cluster.enabled=true,config.jetstream.enabled=true,{SPREAD}.maxSkew=1"

pytestmark = pytest.mark.helm


def test_a_chart_is_rendered_first(run, home, helm3, nats_chart):
    """For one region or for all, through natsvalues; values files may be named after the region."""
    for region in ("us-east", "eu-west", "ap-south"):
        (home / f"{region}.yaml").write_text("config: {jetstream: {enabled: true}}\n", encoding="utf-8")
    words = ["--chart", nats_chart, "-f", "{region}.yaml", "--set", VALUES]
    env = {"HELM_BIN": helm3}

    one = run("natsvalues", "lint", *words, "--region", "us-east", cwd=home, env=env)
    assert (one.returncode, one.stderr) == (0, "")
    assert "1 rendering (region us-east, " in one.stdout
    everything = run("natsvalues", "lint", *words, "--all-regions", "--format", "json", cwd=home, env=env)
    report = json.loads(everything.stdout)
    assert (everything.returncode, report["summary"]["error"], report["summary"]["warning"]) == (0, 0, 0)
    assert report["regions"] == ["ap-south", "eu-west", "us-east"]

    neither = run("natsvalues", "lint", *words, cwd=home, env=env)
    assert (neither.returncode, neither.stdout) == (1, "")
    assert "error[NV-L008]" in neither.stderr


def test_values_that_the_chart_ignores(run, home, helm3, nats_chart):
    """Found in the file that has them, with the line."""
    (home / "us-east.yaml").write_text("config: {cluster: {enabled: true}}\nservice:\n  type: LoadBalancer\n", "utf-8")
    words = ["--chart", nats_chart, "-f", "{region}.yaml", "--region", "us-east", "--format", "json"]
    done = run("natsvalues", "lint", *words, cwd=home, env={"HELM_BIN": helm3})

    found = [item for item in json.loads(done.stdout)["findings"] if item["rule"] == "HS010"]
    assert [item["where"] for item in found] == [
        [{"file": "us-east.yaml", "line": 3, "column": 9, "field": "service.type"}]
    ]


def test_a_chart_without_overlays(run, helm3, nats_chart):
    """People who do not use natsvalues yet can lint their chart."""
    words = ["--chart", nats_chart, "--set", f"{VALUES},config.gateway.enabled=true"]
    done = run("natsvalues", "lint", *words, env={"HELM_BIN": helm3})

    assert done.returncode == 4
    assert "error[GW001]" in done.stdout
    assert "error[HS001]" not in done.stdout
