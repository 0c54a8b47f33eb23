"""From one revision to the next: what the API server takes, what we refuse beforehand, and the way round for real."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.helm

PRIOR = "--prior=release:nats"
ALLOWED = (PRIOR, "--allow=immutable-field")
TO_CLUSTER_IP = {
    "target": {"kind": "Service", "name": "nats-gateway"},
    "ops": [
        {"op": "replace", "path": "/spec/type", "value": "ClusterIP"},
        {"op": "remove", "path": "/spec/loadBalancerClass"},
    ],
}


@pytest.fixture(params=[3, 4], ids=["helm3", "helm4"])
def upgrade(helm3, helm4, install, overlays, request):
    """Install or upgrade region us-east: `upgrade({"loadBalancer": ...}, *words)`; natsvalues gets `more`."""

    def call(changes, *words, stage="join", **keywords):
        folder = overlays(stage, {"us-east": changes})
        env = {"HELM_BIN": {3: helm3, 4: helm4}[request.param]}  # natsvalues asks it for the prior release
        return install(request.param, "nats", *words, region="us-east", overlays=folder, env=env, **keywords)

    call.major = request.param
    return call


def balanced(of):
    """A load balancer of a class, without any provider's own."""
    return {"loadBalancer": {"provider": "generic", "class": of}}


@pytest.fixture
def told(run, upgrade):
    """What natsvalues says of its last run: Helm 4 hides it at the time."""
    return lambda done: done.stderr if upgrade.major == 3 else run("natsvalues", "last").stdout


def test_another_class_is_refused_beforehand_with_both_ways_round(kubectl_on, namespace, told, upgrade):
    """With --prior=none the server refuses and a failed revision stays; else nothing happens; both remedies work."""
    upgrade(balanced("example.com/a"))
    before = namespace.versions("Service", "StatefulSet", "ConfigMap")
    for words in ((), (PRIOR,)):
        done = upgrade(balanced("example.com/b"), more=words, check=False)
        assert done.returncode == 1
        assert "NV-P003" in told(done)
        assert "loadBalancerClass cannot change (from `example.com/a` to `example.com/b`)" in told(done)
        assert f" --> release {namespace}/nats, revision 1, context admin:" in told(done)
        assert (namespace.versions("Service", "StatefulSet", "ConfigMap"), namespace.stored("nats")) == (before, [1])

    done = upgrade(balanced("example.com/b"), more=("--prior=none",), check=False)
    assert "spec.loadBalancerClass: Invalid value" in done.stderr
    assert namespace.stored("nats") == [1, 2]
    done = upgrade(balanced("example.com/b"), more=(PRIOR,), check=False)  # what failed is no prior release
    assert done.returncode == 1
    assert "NV-P003" in told(done)

    kubectl_on("delete", "service", "nats-gateway", "--wait=false")
    upgrade(balanced("example.com/b"), more=ALLOWED)
    assert namespace.get("Service", "nats-gateway")["spec"]["loadBalancerClass"] == "example.com/b"

    upgrade(balanced("example.com/c") | {"patches": [TO_CLUSTER_IP]}, more=(PRIOR,))
    assert namespace.get("Service", "nats-gateway")["spec"]["type"] == "ClusterIP"
    upgrade(balanced("example.com/c"), more=(PRIOR,))
    assert namespace.get("Service", "nats-gateway")["spec"]["loadBalancerClass"] == "example.com/c"


def test_a_statefulset_is_taken_out_of_the_way_and_its_pods_stay(kubectl_on, namespace, told, upgrade):
    """Claims of another size, and another headless Service: refused beforehand, then done as the remedy says."""
    upgrade({})
    pods = namespace.add_pods("nats")
    wanted = "config.jetstream.fileStore.pvc.size=20Gi,headlessService.name=nats-peers"
    done = upgrade({}, "--set", wanted, more=(PRIOR,), check=False)
    assert done.returncode == 1
    assert "spec.volumeClaimTemplates of a StatefulSet" in told(done)
    assert "spec.serviceName of a StatefulSet" in told(done)
    assert "kubectl delete statefulset nats --cascade=orphan" in told(done)

    kubectl_on("delete", "statefulset", "nats", "--cascade=orphan", "--wait=false")
    namespace.patch("StatefulSet", "nats", {"metadata": {"finalizers": None}})  # no garbage collector here
    upgrade({}, "--set", wanted, more=ALLOWED)
    spec = namespace.get("StatefulSet", "nats")["spec"]
    assert spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "20Gi"
    assert spec["serviceName"] == "nats-peers"
    assert [namespace.get("Pod", pod) is not None for pod in pods] == [True] * 3


def test_what_the_server_takes_is_not_refused(namespace, upgrade):
    """Stage, provider, scheme, ranges and the chart's own settings change from revision to revision."""
    provider = {"provider": "azure-internal"}
    aws = {"provider": "aws-lbc-ip", "sourceRanges": ["203.0.113.0/24"]}
    walk = [
        ({"loadBalancer": aws | {"scheme": "internet-facing"}}, {"stage": "expose"}),
        ({"loadBalancer": aws | {"scheme": "internal"}}, {"stage": "join"}),
        ({}, {"stage": "local"}),  # takes the Service away, so that the next may be of any class
        ({"loadBalancer": {"provider": "metallb", "addresses": ["192.0.2.10"]}}, {"stage": "expose"}),
        ({"loadBalancer": provider}, {"stage": "join"}),
        ({"loadBalancer": {"provider": "gcp-external", "sourceRanges": ["203.0.113.0/24"]}}, {"stage": "expose"}),
        ({"loadBalancer": {"provider": "gcp-internal", "externalTrafficPolicy": "Local"}}, {"stage": "join"}),
        ({"loadBalancer": provider, "gateway": {"host": "192.0.2.10", "port": 7333}}, {"stage": "join"}),
    ]
    for number, (changes, keywords) in enumerate(walk, 1):
        upgrade(changes, more=(PRIOR,) if number > 1 else (), **keywords)
        assert namespace.stored("nats")[-1] == number
    assert namespace.get("Service", "nats-gateway")["spec"]["ports"][0]["port"] == 7333


def test_there_is_no_prior_release_before_the_first(namespace, told, upgrade):
    """The error says so, and nothing is installed."""
    done = upgrade({}, more=(PRIOR,), check=False)
    assert done.returncode == 1
    assert "NV-P005]: helm finds no release `nats` in the default namespace of context `admin`" in told(done)
    assert "for a first installation remove --prior" in told(done)
    assert namespace.versions() == {}


def test_another_full_name_is_refused_for_the_streams_though_the_server_takes_it(namespace, told, upgrade):
    """New objects would come and the old ones go, with the claims left behind; that has to be wanted."""
    upgrade({})
    done = upgrade({}, "--set", "fullnameOverride=bus", more=(PRIOR,), check=False)
    assert done.returncode == 1
    assert "`nats` is deleted and `bus` is created" in told(done)
    upgrade({}, "--set", "fullnameOverride=bus", more=(PRIOR, "--allow=server-names"))
    assert set(namespace.versions("StatefulSet", "Service", "ConfigMap")) == {
        ("StatefulSet", "bus"),
        ("Service", "bus"),
        ("Service", "bus-headless"),
        ("Service", "bus-gateway"),
        ("ConfigMap", "bus-config"),
    }


def test_other_server_names_and_accounts_are_refused_for_the_streams(namespace, told, upgrade):
    """What the server would take and JetStream would not survive: refused beforehand, with nothing changed."""
    upgrade({})
    before = namespace.versions()
    done = upgrade({"serverNames": {"prefix": "us-east-"}}, more=(PRIOR,), check=False)
    assert done.returncode == 1
    assert "NV-P001" in told(done)
    assert namespace.versions() == before
