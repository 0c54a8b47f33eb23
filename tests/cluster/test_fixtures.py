"""What the other tests of this folder stand on: a real server, its users, and statuses that tests set."""

import pytest


def test_the_server_is_the_pinned_kubernetes_and_enforces_rights(cluster, namespace):
    """Readers read all but Secrets, auditors Secrets, too; nobody else than the administrator writes."""
    assert cluster.request("GET", "/version")[1]["gitVersion"] == "v1.37.2"
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    rights = {
        user: [
            cluster.request("GET", namespace.path("StatefulSet"), user=user)[0],
            cluster.request("GET", namespace.path("Secret"), user=user)[0],
            cluster.request("POST", namespace.path("ConfigMap"), config_map, user=user)[0],
        ]
        for user in ("reader", "auditor", "admin")
    }
    assert rights == {"reader": [200, 403, 403], "auditor": [200, 200, 403], "admin": [200, 200, 201]}


@pytest.mark.helm
@pytest.mark.kubectl
def test_helm_and_kubectl_see_the_tests_namespace(helm, install, kubectl_on, limited_kubeconfig, namespace, overlays):
    """A release through natsvalues is there for both helms and for kubectl, and limited users are refused."""
    install(4, "nats", region="us-east", overlays=overlays("expose"))
    assert namespace.get("Service", "nats-gateway")["spec"]["type"] == "LoadBalancer"
    assert namespace.stored("nats") == [1]
    assert "nats-gateway" in kubectl_on("get", "services", "-o", "name").stdout
    assert "nats" in helm(3, "list", "-q").stdout
    for user, code in (("reader", 1), ("auditor", 0)):
        done = helm(4, "get", "manifest", "nats", env={"KUBECONFIG": limited_kubeconfig(user)}, check=False)
        assert done.returncode == code, done.stderr


@pytest.mark.helm
@pytest.mark.parametrize("major", [3, 4])
def test_helm_waits_for_statuses_that_the_test_sets(install, kubectl_on, major, namespace, overlays):
    """With everything settled `--wait` returns; pods are there as a controller would make them."""
    with namespace.settling():
        install(major, "nats", "--wait", "--timeout=20s", region="us-east", overlays=overlays("join"))
    assert namespace.get("StatefulSet", "nats")["status"]["readyReplicas"] == 3
    assert namespace.get("Service", "nats-gateway")["status"]["loadBalancer"]["ingress"]
    assert namespace.add_pods("nats") == ["nats-0", "nats-1", "nats-2"]
    namespace.set_ready("nats-1", ready=False)
    assert kubectl_on("wait", "pod/nats-0", "--for=condition=Ready", "--timeout=5s").returncode == 0
    assert namespace.get("Pod", "nats-1")["status"]["conditions"][0]["status"] == "False"
