"""Keys that the chart ignores: `lint` and `values` find the same in the same file."""

import json
import os
import re

import pytest
import yaml

from natsvalues.manifests.chart_keys import ignored_keys
from natsvalues.text.natsconf import read, symbolic

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULTS = {
    "config": {"cluster": {"enabled": False}},
    "container": {"env": {}},
    "natsBox": {"contexts": {"default": {"merge": {}}}},
    "service": {"ports": {"nats": {"enabled": True}}, "merge": {}},
}


def read_conf(text):
    """What a nats.conf means."""
    return symbolic(read(text))


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
        "nats.image": 'since chart 1.0 it is `container.image: {repository: nats, tag: "2.9"}`',
    }


def test_a_whole_object_is_told_once():
    """A HelmRelease is not a file of values, and four keys of it are not four mistakes."""
    release = {"apiVersion": "v2", "kind": "HelmRelease", "metadata": {}, "spec": {"values": {}}}
    [(path, hint)] = ignored(release, DEFAULTS).items()
    assert (path, "spec.values" in hint) == ("kind", True)


def test_below_merge_only_what_is_known_to_be_misplaced():
    """`merge` takes any keys, and some are put there by mistake."""
    values = {"service": {"merge": {"type": "LoadBalancer", "spec": {}}, "type": "NodePort"}}
    hint = "since chart 1.0 it is `service.merge.spec.type: {}`"
    assert ignored(values, DEFAULTS) == {
        "service.merge.type": hint.format("LoadBalancer"),
        "service.type": hint.format("NodePort"),
    }


OLD = """\
nats:
  image: "nats:2.12.8-alpine"
  serverNamePrefix: east-
  connectRetries: 12
  resources: {limits: {cpu: 2}}
  jetstream: {enabled: true, memStorage: {enabled: true, size: 1Gi}, fileStorage: {size: 20Gi}}
cluster: {enabled: true, replicas: 3, noAdvertise: true}
gateway: {enabled: true, name: us-east}
websocket: {enabled: true, noTLS: true}
natsbox: {enabled: false}
imagePullSecrets: [{name: hub}]
nodeSelector: {disk: ssd}
topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
"""


@pytest.mark.helm
def test_the_lines_of_today_do_what_the_old_values_meant(helm3, nats_chart, run, tmp_path):
    """Every value of this file of chart 0.x can be moved, and the chart reads what is suggested."""
    with open(os.path.join(nats_chart, "values.yaml"), encoding="utf-8") as file:
        defaults = yaml.safe_load(file)
    hints = ignored(yaml.safe_load(OLD), defaults).values()
    new = {}
    for hint in hints:
        path, _, text = re.fullmatch(r"since chart 1.0 it is `(.*)`", hint)[1].partition(": ")
        at = new
        for part in path.split(".")[:-1]:
            at = at.setdefault(part, {})
        at[path.split(".")[-1]] = yaml.safe_load(text)
    assert ignored(new, defaults) == {}

    (tmp_path / "new.yaml").write_text(yaml.safe_dump(new), encoding="utf-8")
    text = run(helm3, "template", "nats", nats_chart, "-f", "new.yaml", check=True).stdout
    objects = {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(text) if item}
    spec = objects["StatefulSet", "nats"]["spec"]
    pod = spec["template"]["spec"]
    conf = read_conf(objects["ConfigMap", "nats-config"]["data"]["nats.conf"])
    assert ("Deployment", "nats-box") not in objects
    assert (spec["replicas"], pod["nodeSelector"], pod["imagePullSecrets"]) == (3, {"disk": "ssd"}, [{"name": "hub"}])
    assert pod["containers"][0]["image"] == "nats:2.12.8-alpine"
    assert pod["containers"][0]["resources"] == {"limits": {"cpu": 2}}
    assert pod["topologySpreadConstraints"][0] | {"labelSelector": 0} == {
        "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": 0,
    }  # fmt: skip
    assert spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "20Gi"
    assert conf["gateway"]["name"] == "us-east"
    assert (conf["cluster"]["no_advertise"], conf["cluster"]["connect_retries"]) == (True, 12)
    assert conf["websocket"]["no_tls"] is True
    assert conf["jetstream"]["max_memory_store"] == 2**30


@pytest.mark.parametrize(
    "values",
    [
        {"auth": {"enabled": True, "token": "hunter2"}},
        {"gateway": {"authorization": {"user": "gw", "password": "hunter2"}}},
        {"gateway": {"gateways": [{"name": "eu", "url": "nats://gw:hunter2@eu:7222"}]}},
        {"nodeSelector": {"password": "hunter2"}},
        {"nats": {"config": [{"auth": {"token": "hunter2"}}], "extraEnv": [{"name": "TOKEN", "value": "hunter2"}]}},
    ],
)
def test_what_may_be_a_secret_is_not_repeated(values):
    """Then the hint has the key alone."""
    hints = ignored(values, DEFAULTS)
    assert hints
    assert "hunter2" not in str(hints)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"nats": {"externalAccess": True}}, "container.ports"),
        ({"nats": {"image": "registry:5000/nats"}}, "container.image"),
        ({"nats": {"image": "nats@sha256:0a"}}, "container.image"),
        ({"natsbox": {"enabled": True, "image": "natsio/nats-box:0.14"}}, "natsBox"),
        ({"topologySpreadConstraints": ["zone"]}, "podTemplate.topologySpreadConstraints"),
        ({"cluster": {"extraRoutes": ["nats://a:6222"]}}, "config.cluster.merge.routes"),
        ({"affinity": {"a": "b" * 120}}, "podTemplate.merge.spec.affinity"),
        ({"priorityClassName": None}, "podTemplate.merge.spec.priorityClassName"),
    ],
)
def test_what_cannot_be_moved_as_it_is_has_the_key_alone(values, key):
    """Values with another form since 1.0, long ones, and none."""
    assert list(ignored(values, DEFAULTS).values()) == [f"since chart 1.0 it is {key}"]
