"""Client-side and server-side apply, one release under both helms, and who owns what."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.helm

GENERIC = {"us-east": {"loadBalancer": {"provider": "generic", "sourceRanges": ["203.0.113.0/24"]}}}
OTHERS = {"us-east": {"loadBalancer": {"provider": "generic", "sourceRanges": ["198.51.100.0/24"], "scheme": None}}}


def managers(namespace, kind, name):
    """Who owns fields of an object, and by which operation."""
    fields = namespace.get(kind, name)["metadata"]["managedFields"]
    return {(item["manager"], item["operation"]) for item in fields if "subresource" not in item}


def ranges(namespace):
    """Who may connect to the gateway's load balancer."""
    return namespace.get("Service", "nats-gateway")["spec"]["loadBalancerSourceRanges"]


@pytest.mark.parametrize(
    ("flag", "operation"),
    [("--server-side=true", "Apply"), ("--server-side=false", "Update")],
    ids=["server", "client"],
)
def test_helm_4_applies_our_objects_on_either_side(flag, install, namespace, operation, overlays):
    """What we inject and what we edit has one owner, helm, and a second revision changes it without a conflict."""
    namespaced = ("Service", "nats-gateway"), ("StatefulSet", "nats"), ("ConfigMap", "nats-config")
    for changes, expected in ((GENERIC, "203.0.113.0/24"), (OTHERS, "198.51.100.0/24")):
        install(4, "nats", flag, region="us-east", overlays=overlays("join", changes))
        assert ranges(namespace) == [expected]
        for kind, name in namespaced:
            assert managers(namespace, kind, name) == {("helm", operation)}, name


def test_a_release_moves_from_helm_3_to_helm_4_and_back(helm, install, namespace, overlays):
    """Helm 4 takes a release over as it is, then moves it to server-side apply; Helm 3 can still upgrade it."""
    steps = [
        (3, (), GENERIC, "203.0.113.0/24"),
        (4, (), OTHERS, "198.51.100.0/24"),
        (4, ("--server-side=true",), GENERIC, "203.0.113.0/24"),
        (4, (), OTHERS, "198.51.100.0/24"),
        (3, (), GENERIC, "203.0.113.0/24"),
    ]
    for number, (major, flags, changes, expected) in enumerate(steps, 1):
        install(major, "nats", *flags, region="us-east", overlays=overlays("join", changes))
        assert ranges(namespace) == [expected], number
        assert namespace.get("Service", "nats-gateway")["metadata"]["annotations"]["natsvalues.io/region"] == "us-east"
        assert namespace.stored("nats")[-1] == number
        history = json.loads(helm(4, "history", "nats", "-o", "json").stdout)
        assert history[-1]["status"] == "deployed"


def test_the_same_region_gives_the_same_objects_under_both_helms(install, namespace, overlays):
    """An upgrade with the other helm and nothing else changes no object of the release."""
    folder = overlays("join")
    install(3, "nats", region="us-east", overlays=folder)
    kinds = ("ConfigMap", "Service", "StatefulSet", "Deployment", "PodDisruptionBudget")
    before = {kind: [plain(item) for item in namespace.all(kind)] for kind in kinds}
    install(4, "nats", region="us-east", overlays=folder)
    assert {kind: [plain(item) for item in namespace.all(kind)] for kind in kinds} == before


def plain(item):
    """An object without what the server counts and notes."""
    noted = ("managedFields", "resourceVersion")
    return item | {"metadata": {key: text for key, text in item["metadata"].items() if key not in noted}}


@pytest.mark.kubectl
def test_what_others_own_stays_theirs(install, kubectl_on, namespace, overlays):
    """Annotations of a load balancer's controller survive our upgrades, by either helm and either way of applying."""
    for major, flags in ((4, ()), (4, ("--server-side=false",)), (3, ())):
        install(major, "nats", *flags, region="us-east", overlays=overlays("join"))
        kubectl_on("annotate", "service/nats-gateway", "controller.example.com/id=lb-1", "--overwrite")
        namespace.give_address("nats-gateway", hostname="lb-1.example.com")
        install(major, "nats", *flags, region="us-east", overlays=overlays("expose"))
        service = namespace.get("Service", "nats-gateway")
        assert service["metadata"]["annotations"]["controller.example.com/id"] == "lb-1"
        assert service["status"]["loadBalancer"]["ingress"] == [{"hostname": "lb-1.example.com"}]
