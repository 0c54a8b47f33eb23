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


@pytest.mark.parametrize("name", ["nats", "values"])
def test_values_one_level_too_deep_are_told_once(name):
    """As for a subchart, or as a file of Flux or Argo CD has them: nothing about single keys, which would mislead."""
    values = {name: {"config": {"cluster": {"enabled": True}}, "nats": {}, "affinity": {}}}
    [(path, hint)] = ignored(values, DEFAULTS).items()
    assert (path, hint.partition(" alone")[0]) == (name, f"give what is below `{name}`")
    old = {"nats": {"config": {"max_payload": "8MB"}, "image": "nats:2.9"}}
    assert ignored(old, DEFAULTS) == {
        "nats.config": "since chart 1.0 it is config.merge",
        "nats.image": "since chart 1.0 it is container.image",
    }


def test_a_whole_object_is_told_once():
    """A HelmRelease is not a file of values, and four keys of it are not four mistakes."""
    release = {"apiVersion": "v2", "kind": "HelmRelease", "metadata": {}, "spec": {"values": {}}}
    [(path, hint)] = ignored(release, DEFAULTS).items()
    assert (path, "spec.values" in hint) == ("kind", True)


def test_below_merge_only_what_is_known_to_be_misplaced():
    """`merge` takes any keys, and some are put there by mistake."""
    values = {"service": {"merge": {"type": "LoadBalancer", "spec": {}}, "type": "NodePort"}}
    hint = "since chart 1.0 it is service.merge.spec.type"
    assert ignored(values, DEFAULTS) == {"service.merge.type": hint, "service.type": hint}
