"""The stand-in charts render what the upstream chart renders, object by object."""

import os

import pytest
import yaml

CASES = ["default", "ha", "gateway", "gateway-tls", "gateway-handmade", "full", "renamed-n"]

# What may differ, and why. All else is equal, once parsed.
CHART_LABEL = "helm.sh/chart"  # the stand-in has its own version
CHECKSUM = "checksum/config"  # is over the document, which has that label
TOOLBOX = "nats-box"  # the scripts of its container are worded by each chart for itself


def objects(text):
    """Return the parsed documents by kind and name, without what may differ."""
    documents = [document for document in yaml.safe_load_all(text) if document]
    found = {(document["kind"], document["metadata"]["name"]): mask(document) for document in documents}
    assert len(found) == len(documents)
    return found


def mask(node):
    if isinstance(node, list):
        return [mask(item) for item in node]
    if not isinstance(node, dict):
        return node
    masked = {key: mask(value) for key, value in node.items()}
    if masked.get("name") == TOOLBOX and "image" in masked:
        masked.pop("command")
        masked.pop("args", None)
    return {
        key: "any" if key in (CHECKSUM, CHART_LABEL) and isinstance(value, str) else value
        for key, value in masked.items()
    }


@pytest.fixture(params=["helm3", "helm4"])
def helm(request):
    return request.getfixturevalue(request.param)


@pytest.mark.helm
@pytest.mark.parametrize("case", CASES)
def test_the_stand_in_renders_the_objects_of_the_upstream_chart(case, helm, nats_chart, rendered, run):
    """For every stored case the parsed objects are equal, under both majors of helm."""
    release = "n" if case == "renamed-n" else "nats"
    values = os.path.join(rendered, "values", f"{case}.yaml")
    done = run(helm, "template", release, nats_chart, "-n", "nats", "-f", values, check=True)
    with open(os.path.join(rendered, "nats-2.14.2", f"{case}.yaml"), encoding="utf-8") as file:
        stored = objects(file.read())
    ours = objects(done.stdout)
    assert sorted(ours) == sorted(stored)
    for key, expected in stored.items():
        assert ours[key] == expected


@pytest.mark.helm
@pytest.mark.parametrize("flags", [[], ["--set", "audit.enabled=true"]], ids=["one", "two"])
def test_the_umbrella_renders_the_nats_objects_of_the_stored_umbrella(flags, helm, umbrella_chart, rendered, run):
    """One or two NATS subcharts give the stored objects; the decoys are worded by each chart for itself."""
    done = run(helm, "template", "plat", umbrella_chart, "-n", "nats", *flags, check=True)
    with open(os.path.join(rendered, "umbrella", "two.yaml" if flags else "one.yaml"), encoding="utf-8") as file:
        stored = objects(file.read())
    ours = objects(done.stdout)
    assert sorted(ours) == sorted(stored)
    for key, expected in stored.items():
        if key[1].startswith("plat-"):
            assert ours[key] == expected


@pytest.mark.helm
def test_both_helms_render_the_same(helm3, helm4, nats_chart, run):
    """What the tests say of one helm holds for the other."""
    flags = ["--set", "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"]
    three, four = (run(helm, "template", "nats", nats_chart, *flags, check=True) for helm in (helm3, helm4))
    assert objects(three.stdout) == objects(four.stdout)
    assert ("StatefulSet", "nats") in objects(three.stdout)


@pytest.mark.helm
def test_the_decoys_look_like_nats_and_are_not(helm, umbrella_chart, run):
    """The umbrella has a probe on 8222, a nats.conf and a load balancer that belong to others."""
    found = objects(run(helm, "template", "plat", umbrella_chart, check=True).stdout)
    [postgres] = found["StatefulSet", "postgres"]["spec"]["template"]["spec"]["containers"]
    assert postgres["startupProbe"]["httpGet"]["port"] == 8222
    assert "gateway" in found["ConfigMap", "other-config"]["data"]["nats.conf"]
    assert found["Service", "api"]["spec"]["type"] == "LoadBalancer"


@pytest.mark.helm
@pytest.mark.nats
def test_the_configuration_starts_a_real_server(helm3, nats_chart, nats_server, run, tmp_path):
    """nats-server itself accepts the rendered nats.conf."""
    values = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
    done = run(helm3, "template", "nats", nats_chart, "--set", values, check=True)
    conf = tmp_path / "nats.conf"
    conf.write_text(objects(done.stdout)["ConfigMap", "nats-config"]["data"]["nats.conf"])
    checked = run(nats_server("2.14.2"), "-t", "-c", conf, env={"SERVER_NAME": "nats-0"}, timeout=20)
    assert checked.returncode == 0, checked.stderr
