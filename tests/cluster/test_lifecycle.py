"""The main job on a real API server: install, upgrade, roll back and uninstall a region through natsvalues."""

from __future__ import annotations

import re

import pytest
import yaml

pytestmark = pytest.mark.helm

SOURCE = "# Source: nats/templates/natsvalues/gateway-service.yaml"
RELEASE = "bus-nats"
GATEWAY = f"{RELEASE}-gateway"
REGIONS = ("us-east", "eu-west", "ap-south")


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def major(request):
    """Both majors of helm."""
    return request.param


def conf(namespace):
    """The live nats.conf."""
    return namespace.get("ConfigMap", f"{RELEASE}-config")["data"]["nats.conf"]


def check(helm, namespace, major, region, stage):
    """Compare what the server has, and what Helm has stored, with what a stage of a region means."""
    stored = helm(major, "get", "manifest", RELEASE).stdout
    documents = {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(stored) if item}
    gateway = namespace.get("Service", GATEWAY)
    statefulset = namespace.get("StatefulSet", RELEASE)
    stamped = statefulset["metadata"]["annotations"]
    assert stamped["natsvalues.io/region"] == region
    assert documents["StatefulSet", RELEASE]["metadata"]["annotations"].items() <= stamped.items()
    assert documents["ConfigMap", f"{RELEASE}-config"]["data"]["nats.conf"] == conf(namespace)
    [probe] = [
        item["startupProbe"]["httpGet"]["path"]
        for item in statefulset["spec"]["template"]["spec"]["containers"]
        if item["name"] == "nats"
    ]
    assert probe != "/healthz"
    assert "postrenderer.helm.sh" not in stored + str(statefulset["metadata"]) + str(gateway)
    assert stored.count(SOURCE) == (stage != "local")
    assert ("jetstream" in yaml_of(conf(namespace))) == (stage == "join" or region == "us-east")
    if stage == "local":
        assert gateway is None
        assert "gateway" not in yaml_of(conf(namespace))
        return
    assert gateway["spec"]["type"] == "LoadBalancer"
    assert gateway["spec"]["publishNotReadyAddresses"] is True
    assert gateway["metadata"]["annotations"]["natsvalues.io/region"] == region
    assert gateway["metadata"]["annotations"]["meta.helm.sh/release-name"] == RELEASE
    live = yaml_of(conf(namespace))["gateway"]
    assert live["name"] == region
    assert {item["name"] for item in live.get("gateways", [])} >= (
        set(REGIONS) - {region} if stage == "join" else set()
    )
    assert bool(live.get("gateways")) == (stage == "join")


def yaml_of(text):
    """The chart's nats.conf, which is JSON but for its variables and quantities."""
    return yaml.safe_load(re.sub(r":\s*(\$\w+|\d+\w*[KMGT]i?B?)\b", r': "\1"', text))


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_walks_through_all_stages_and_back(helm, install, major, namespace, overlays, region):
    """Install, two upgrades, two rollbacks, uninstall: at each step the server and Helm have what the stage says."""
    stages = ("local", "expose", "join")
    for revision, stage in enumerate(stages, 1):
        install(major, RELEASE, region=region, overlays=overlays(stage))
        assert namespace.stored(RELEASE)[-1] == revision
        check(helm, namespace, major, region, stage)
    for revision in (2, 1):
        helm(major, "rollback", RELEASE, str(revision))
        check(helm, namespace, major, region, stages[revision - 1])
    helm(major, "rollback", RELEASE, "3")
    helm(major, "uninstall", RELEASE)
    assert namespace.versions() == {}
