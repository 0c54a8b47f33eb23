"""What the objects of a real cluster say: recorded from Kubernetes 1.37 with the chart's servers, and changed."""

import copy
import json
import os
from types import SimpleNamespace

import pytest

from natsvalues.manifests.probes import Probe
from natsvalues.rehearsal.balancing import Balancer
from natsvalues.rehearsal.cluster_objects import Heard, address_of, balancer_now, is_rolled_out, pod_now
from natsvalues.rehearsal.snapshot import View

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded")
STARTUP = Probe("startup", "/healthz?js-server-only=true", 8222)
READINESS = Probe("readiness", "/healthz?js-server-only=true", 8222)
RENDERING = SimpleNamespace(nats=SimpleNamespace(container_value={"name": "nats"}), probes=(STARTUP, READINESS))
GATEWAY = Balancer("nats-gateway", "us-east", ("gw.example.com",), 7222, 7222, ("nats-0", "nats-1", "nats-2"), True)
HEARD = Heard(View(200, "", "us-east-nats-0", "us-east-nats-0", 6, ("eu-west",), jetstream=True), (503, "no"), {})


@pytest.fixture
def objects():
    """Recorded objects: `objects("rolling")["Pod", "nats-0"]`; they may be changed."""

    def read(name):
        with open(os.path.join(RECORDED, f"{name}.json"), encoding="utf-8") as file:
            return {(item["kind"], item["metadata"]["name"]): item for item in json.load(file)}

    return read


def now(pod, heard=HEARD, before=0):
    """The pod as plain values."""
    return pod_now(pod, "us-east/nats-0", RENDERING, heard, before)


def balancer(items):
    """The gateway's load balancer as plain values."""
    slices = [item for (kind, _), item in items.items() if kind == "EndpointSlice"]
    return balancer_now(GATEWAY, items["Service", "nats-gateway"], slices)


def test_a_pod_that_ends_is_stopping_and_not_ready(objects):
    """Recorded: its condition Ready is still true while it has a deletionTimestamp; what it says does not count."""
    pods = [item for (kind, _), item in objects("cold").items() if kind == "Pod"]

    assert all("deletionTimestamp" in pod["metadata"] for pod in pods)
    assert any(item["type"] == "Ready" and item["status"] == "True" for item in pods[0]["status"]["conditions"])
    assert [(now(pod).state, now(pod).ready, now(pod).view) for pod in pods] == [("stopping", False, View())] * 3


def test_a_pod_that_starts_waits_on_its_startup_probe(objects):
    """With what the server itself answers meanwhile."""
    items = objects("rolling")
    starting, ready = now(items["Pod", "nats-0"]), now(items["Pod", "nats-1"])

    assert (starting.state, starting.ready, starting.waiting_on, starting.answer) == (
        "starting", False, STARTUP, (503, "no"),
    )  # fmt: skip
    assert (ready.state, ready.ready, ready.waiting_on) == ("ready", True, None)
    assert ready.view == HEARD.view
    assert ready.address.startswith("10.244.1.")


def test_a_pod_whose_other_container_is_not_ready_is_running(objects):
    """The reloader counts for Ready, too; a pod that is not there is down."""
    pod = objects("rolling")["Pod", "nats-1"]
    for condition in pod["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = "False"

    assert (now(pod).state, now(pod).waiting_on) == ("running", READINESS)
    assert (now(None).state, now(None).restarts, now(None).address) == ("down", 0, "")


def test_restarts_count_from_the_beginning_of_the_rehearsal(objects):
    """With the exit code of the last one; those before it are not its own."""
    pod = objects("rolling")["Pod", "nats-1"]
    (status,) = (item for item in pod["status"]["containerStatuses"] if item["name"] == "nats")
    status["restartCount"] = 5
    status["lastState"] = {"terminated": {"exitCode": 1}}

    assert (now(pod, before=3).restarts, now(pod, before=3).exit_code) == (2, 1)
    assert (now(pod, before=5).restarts, now(pod, before=5).exit_code) == (0, None)


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        ({"reason": "ImagePullBackOff", "message": "Back-off"}, "ImagePullBackOff: Back-off"),
        ({"reason": "ContainerCreating"}, None),
    ],
)
def test_a_container_that_does_not_start_says_why(objects, waiting, words):
    """In the cluster's words; the usual reasons of the first seconds are none."""
    pod = objects("rolling")["Pod", "nats-0"]
    (status,) = (item for item in pod["status"]["containerStatuses"] if item["name"] == "nats")
    status["state"] = {"waiting": waiting}

    assert now(pod).state == "down"
    assert now(pod).troubles.get("not started") == words


def test_a_pod_that_is_not_scheduled_says_why(objects):
    """The scheduler's message."""
    pod = objects("rolling")["Pod", "nats-0"]
    pod["status"] = {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]}

    assert now(pod).troubles == {"not started": "0/1 nodes are available"}


def test_a_load_balancer_sends_to_the_endpoints_that_count(objects):
    """Recorded with publishNotReadyAddresses: a pod that starts is one, and so is one that ends."""
    item = balancer(objects("rolling"))

    assert (item.address, item.publish_not_ready, item.arrived) == ("gw.example.com:7222", True, True)
    assert sorted(item.backends) == ["nats-0", "nats-1", "nats-2"]
    assert (item.candidates, item.refused) == (3, None)
    assert sorted(balancer(objects("cold")).backends) == ["nats-0", "nats-1", "nats-2"]


def test_a_load_balancer_without_publish_sends_to_ready_pods_only(objects):
    """Recorded with the chart's own Service, of which no pod is ready."""
    items = objects("stuck")
    service = next(item for (kind, _), item in items.items() if kind == "Service" and address_of(item))
    slices = [item for (kind, _), item in items.items() if kind == "EndpointSlice"]
    item = balancer_now(GATEWAY._replace(name=service["metadata"]["name"]), service, slices)

    assert (item.publish_not_ready, item.arrived, item.backends) == (False, True, ())
    assert not balancer_now(GATEWAY, None, slices).arrived


def test_a_rollout_has_ended_when_kubectl_would_say_so(objects):
    """Recorded before and after one; a partition, OnDelete, and a controller that has not looked yet."""
    moving, settled = objects("rolling")["StatefulSet", "nats"], objects("ready")["StatefulSet", "nats"]
    assert (is_rolled_out(moving), is_rolled_out(settled)) == (False, True)
    assert not is_rolled_out({})  # deleted

    unseen = copy.deepcopy(settled)
    unseen["metadata"]["generation"] += 1
    assert not is_rolled_out(unseen)
    unready = copy.deepcopy(settled)
    unready["status"]["readyReplicas"] = 2
    assert not is_rolled_out(unready)
    by_hand = copy.deepcopy(moving)
    by_hand["spec"]["updateStrategy"] = {"type": "OnDelete"}
    assert is_rolled_out(by_hand)
    kept = copy.deepcopy(moving)
    kept["status"] |= {"readyReplicas": 3, "updatedReplicas": 1}
    kept["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    assert is_rolled_out(kept)
    kept["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 1
    assert not is_rolled_out(kept)
