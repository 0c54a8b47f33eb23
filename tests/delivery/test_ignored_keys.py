"""Keys that the chart ignores: `lint` and `values` find the same in the same file."""

import json
import os
import re

import pytest

from natsvalues.manifests.chart_keys import ignored_keys

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULTS = {
    "config": {"cluster": {"enabled": False}},
    "container": {"env": {}},
    "natsBox": {"contexts": {"default": {"merge": {}}}},
    "service": {"ports": {"nats": {"enabled": True}}, "merge": {}},
}


def ignored(values, defaults):
    """The paths and the hints."""
    return {".".join(key.path): key.hint for key in ignored_keys(values, defaults)}


@pytest.mark.helm
@pytest.mark.parametrize("case", ["old-keys", "unknown-keys", "overridden"])
def test_lint_and_values_report_the_same(case, helm3, nats_chart, run):
    """Every key that one verb reports, the other reports, with the same replacement."""
    file = os.path.join(HERE, "golden", case, "values.yaml")
    overlays = os.path.join(HERE, "..", "..", "charts", "overlays")
    words = ("--overlays", overlays, "--chart", nats_chart, "-f", file)
    env = {"HELM_BIN": helm3}
    report = run("natsvalues", "values", "eu-west", *words, env=env, check=True).stderr
    by_values = re.findall(r"^warning: (the chart ignores `.*`)\n --> .*\n(?:help: (.*)\n)?", report, re.MULTILINE)
    linted = run("natsvalues", "lint", "--region", "eu-west", *words, "--format", "json", env=env)
    findings = [item for item in json.loads(linted.stdout)["findings"] if item["rule"] == "HS010"]
    assert {item["message"] for item in findings} == {": ".join(filter(None, pair)) for pair in by_values}
    assert bool(findings) == (case != "overridden")


def test_what_takes_any_key_is_not_reported():
    """Settings of a port, contexts of the box and the globals of other charts have no fixed keys."""
    values = {
        "global": {"storageClass": "fast"},
        "natsBox": {"contexts": {"admin": {}}},
        "service": {"ports": {"nats": {"nodePort": 30000}}},
        "container": {"env": {"A": "b"}},
    }
    assert ignored(values, DEFAULTS | {"global": {"labels": {}}}) == {}


def test_another_charts_keys_are_its_own():
    """A chart with NATS as a subchart, or one of before 1.0, reads keys of the table itself."""
    assert ignored({"affinity": {}, "nats": {"config": {}}}, {"replicas": 1}) == {}
    assert ignored({"affinity": {}}, DEFAULTS) == {"affinity": "since chart 1.0 it is podTemplate.merge.spec.affinity"}


def test_below_merge_only_what_is_known_to_be_misplaced():
    """`merge` takes any keys, and some are put there by mistake."""
    values = {"service": {"merge": {"type": "LoadBalancer", "spec": {}}, "type": "NodePort"}}
    hint = "since chart 1.0 it is service.merge.spec.type"
    assert ignored(values, DEFAULTS) == {"service.merge.type": hint, "service.type": hint}
