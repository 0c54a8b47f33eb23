"""What goes wrong on a real API server, and what is left then: the release and the objects as they were."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.helm

STAMP = "natsvalues.io/region"
CLASSES = [{"us-east": {"loadBalancer": {"provider": "generic", "class": f"example.com/{name}"}}} for name in "ab"]
FOREIGN = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "nats-gateway", "annotations": {"owner": "somebody"}},
    "spec": {"ports": [{"name": "other", "port": 80}], "selector": {"app": "other"}},
}


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def major(request):
    """Both majors of helm."""
    return request.param


@pytest.fixture
def status(helm, major):
    """Status of the newest revision of the release `nats`."""
    return lambda: json.loads(helm(major, "history", "nats", "-o", "json").stdout)[-1]["status"]


BREAKING = {
    "a region that is not there": {"region": "us-west"},
    "an overlay with a mistake": {"changes": {"us-east": {"stagee": "join"}}},
    "a prior release that is empty": {"more": ("--prior=/dev/null",)},
    "no such overlays": {"folder": "/nowhere"},
}


@pytest.mark.parametrize("case", BREAKING)
def test_a_failing_render_leaves_everything_as_it_was(case, install, major, namespace, overlays, run):
    """No object is touched and no revision stored, in a first install and in an upgrade; the reason can be had."""
    broken = dict(BREAKING[case])
    folder = broken.pop("folder", None) or overlays("join", broken.pop("changes", None))
    broken = {"region": "us-east", "overlays": folder, "check": False, **broken}
    assert install(major, "nats", **broken).returncode == 1
    assert namespace.versions() == {}

    install(major, "nats", region="us-east", overlays=overlays("expose"))
    before = namespace.versions()
    rollback = "--atomic" if major == 3 else "--rollback-on-failure"
    for flags in ((), (rollback, "--timeout=20s")):
        done = install(major, "nats", *flags, **broken)
        assert done.returncode == 1
        assert namespace.versions() == before
    assert done.stderr.count("error[NV-") >= 1
    assert "error[NV-" in run("natsvalues", "last").stdout


def test_a_refused_upgrade_is_rolled_back(install, major, namespace, overlays, status):
    """With --atomic or --rollback-on-failure the objects are again as in the revision before."""
    install(major, "nats", region="us-east", overlays=overlays("expose", CLASSES[0]))
    conf = namespace.get("ConfigMap", "nats-config")["data"]
    rollback = "--atomic" if major == 3 else "--rollback-on-failure"
    with namespace.settling():
        done = install(
            major,
            "nats",
            rollback,
            "--timeout=30s",
            region="us-east",
            overlays=overlays("join", CLASSES[1]),
            more=("--prior=none",),
            check=False,
        )
    assert done.returncode == 1
    assert "spec.loadBalancerClass: Invalid value" in done.stderr
    assert (status(), namespace.stored("nats")) == ("deployed", [1, 2, 3])
    assert namespace.get("Service", "nats-gateway")["spec"]["loadBalancerClass"] == "example.com/a"
    assert namespace.get("ConfigMap", "nats-config")["data"] == conf


def test_a_refused_first_install_takes_everything_away(install, major, namespace, overlays):
    """What Helm made before the refusal goes again with --atomic or --rollback-on-failure, our Service included."""
    patch = {
        "target": {"kind": "Service", "name": "nats-gateway"},
        "ops": [{"op": "add", "path": "/spec/ports/0/nodePort", "value": 1}],
    }
    folder = overlays("join", {"us-east": {"patches": [patch]}})
    rollback = "--atomic" if major == 3 else "--rollback-on-failure"
    done = install(major, "nats", rollback, "--timeout=20s", region="us-east", overlays=folder, check=False)
    assert done.returncode == 1
    assert "nodePort" in done.stderr
    assert namespace.versions() == {}


def test_a_foreign_service_of_our_name_stays_untouched(install, major, namespace, overlays):
    """Helm refuses to install over it before anything is made; with --take-ownership it becomes the gateway's."""
    namespace.create(FOREIGN)
    before = namespace.versions()
    folder = overlays("join")
    done = install(major, "nats", region="us-east", overlays=folder, check=False)
    assert done.returncode == 1
    assert 'Service "nats-gateway"' in done.stderr
    assert "invalid ownership metadata" in done.stderr
    assert namespace.versions() == before

    flags = ("--take-ownership", *(("--force-conflicts",) if major == 4 else ()))
    install(major, "nats", *flags, region="us-east", overlays=folder)
    service = namespace.get("Service", "nats-gateway")
    assert service["spec"]["type"] == "LoadBalancer"
    assert service["metadata"]["annotations"]["owner"] == "somebody"
    assert 7222 in [port["port"] for port in service["spec"]["ports"]]


def test_a_release_called_n_is_refused_with_and_without_us(install, major, namespace, overlays):
    """The chart writes the name without quotes, so it is a boolean, which no API server takes as a label."""
    for renderer in ({}, {"region": "us-east", "overlays": overlays("join")}):
        done = install(major, "n", **renderer, check=False)
        assert done.returncode == 1
        assert "cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string" in done.stderr
        assert namespace.versions("Service", "StatefulSet", "ConfigMap") == {}


@pytest.mark.parametrize("flags", [(), ("--reuse-values",)], ids=["plain", "reuse-values"])
def test_a_forgotten_post_renderer_can_be_seen_and_mended(flags, helm, install, major, namespace, overlays):
    """Without it one upgrade takes the gateway away, and Helm says nothing; the missing stamps tell."""
    folder = overlays("join")
    install(major, "nats", region="us-east", overlays=folder)
    joined = namespace.get("ConfigMap", "nats-config")["data"]
    stamped = stamps(namespace)
    assert stamped == {("ConfigMap", "nats-config"), ("Service", "nats-gateway"), ("StatefulSet", "nats")}

    install(major, "nats", *flags)
    assert namespace.get("Service", "nats-gateway") is None
    assert "nats-gw-eu-west" not in namespace.get("ConfigMap", "nats-config")["data"]["nats.conf"]
    assert stamps(namespace) == set()
    assert STAMP in helm(major, "get", "manifest", "nats", "--revision", "1").stdout
    assert STAMP not in helm(major, "get", "manifest", "nats").stdout

    install(major, "nats", region="us-east", overlays=folder)
    assert stamps(namespace) == stamped
    assert namespace.get("ConfigMap", "nats-config")["data"] == joined
    helm(major, "rollback", "nats", "1")  # needs no post-renderer: Helm stored what we made
    assert stamps(namespace) == stamped


def stamps(namespace):
    """The live objects that carry our stamp."""
    kinds = ("ConfigMap", "Service", "StatefulSet", "Deployment", "PodDisruptionBudget")
    return {
        (kind, item["metadata"]["name"])
        for kind in kinds
        for item in namespace.all(kind)
        if STAMP in item["metadata"].get("annotations", {})
    }
