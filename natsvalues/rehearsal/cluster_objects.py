"""What the objects of a real cluster say about a region's pods, rollout and load balancers, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.snapshot import BalancerNow, PodNow, View

if TYPE_CHECKING:
    from natsvalues.manifests.probes import Kind, Probe
    from natsvalues.rehearsal.balancing import Balancer
    from natsvalues.rehearsal.rendering import Rendering

Object = dict[str, Any]
_SERVICE_NAME = "kubernetes.io/service-name"
_USUAL = ("ContainerCreating", "PodInitializing")
"""Reasons for which every container waits at first."""


class Heard(NamedTuple):
    """What a pod itself answered: its server's view, the path of the probe that it waits on, and its log's troubles."""

    view: View = View()
    answer: tuple[int, str] = (0, "")
    troubles: dict[str, str] = {}  # noqa: RUF012   # never changed


def container_status(pod: Object, container: str) -> Object:
    """The status of a pod's container; empty before there is one."""
    statuses = pod.get("status", {}).get("containerStatuses") or []
    status: Object = next((item for item in statuses if item.get("name") == container), {})
    return status


def is_leaving(pod: Object) -> bool:
    """Whether the pod was deleted and still ends."""
    return "deletionTimestamp" in pod["metadata"]


def is_ready(pod: Object) -> bool:
    """Whether the pod counts as ready, all its containers included, and was not deleted."""
    conditions = pod.get("status", {}).get("conditions") or []
    return not is_leaving(pod) and any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def is_running(pod: Object, container: str) -> bool:
    """Whether the container's process runs."""
    return "running" in container_status(pod, container).get("state", {})


def state_of(pod: Object | None, container: str) -> str:
    """The state of a pod, in the words of `PodNow`."""
    if pod is None:
        return "down"
    if is_leaving(pod):
        return "stopping"
    if not is_running(pod, container):
        return "down"
    if not container_status(pod, container).get("started"):
        return "starting"
    return "ready" if is_ready(pod) else "running"


def restarts_of(pod: Object, container: str) -> int:
    """How often the kubelet has restarted the container, since the pod was created."""
    return int(container_status(pod, container).get("restartCount") or 0)


def waited_on(pod: Object | None, rendering: Rendering) -> Probe | None:
    """The probe that keeps a pod with a running server from being ready; None where it is none."""
    kinds: dict[str, Kind] = {"starting": "startup", "running": "readiness"}
    kind = kinds.get(state_of(pod, server_of(rendering)))
    return next((probe for probe in rendering.probes if probe.kind == kind), None)


def server_of(rendering: Rendering) -> str:
    """The name of the server's container."""
    return str(rendering.nats.container_value["name"])


def why_not_started(pod: Object, container: str) -> str:
    """Why the container's process does not run, in the cluster's words; empty if there is nothing unusual."""
    for condition in pod.get("status", {}).get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return str(condition.get("message") or condition.get("reason") or "not scheduled")
    waiting = container_status(pod, container).get("state", {}).get("waiting") or {}
    reason = str(waiting.get("reason") or "")
    return "" if not reason or reason in _USUAL else f"{reason}: {waiting.get('message', '')}".rstrip(": ")


def pod_now(pod: Object | None, name: str, rendering: Rendering, heard: Heard, before: int) -> PodNow:
    """The pod that is expected as `name` (`REGION/POD`); `before` restarts happened before the rehearsal."""
    container, region = server_of(rendering), name.partition("/")[0]
    state = state_of(pod, container)
    troubles = dict(heard.troubles)
    restarts, code, address = 0, None, ""
    if pod is not None:
        restarts = max(restarts_of(pod, container) - before, 0)
        ended = container_status(pod, container).get("lastState", {}).get("terminated") or {}
        code = int(ended["exitCode"]) if restarts and "exitCode" in ended else None
        address = str(pod.get("status", {}).get("podIP") or "")
        reason = why_not_started(pod, container) if state == "down" else ""
        if reason:
            troubles["not started"] = reason
    return PodNow(
        name, region, state, state == "ready", restarts, waited_on(pod, rendering), heard.answer,
        heard.view if state in ("starting", "running", "ready") else View(), troubles, code, address,
    )  # fmt: skip


def balancer_now(meaning: Balancer, service: Object | None, slices: list[Object]) -> BalancerNow:
    """A load balancer, from its Service's status and its endpoints."""
    ready = tuple(
        dict.fromkeys(
            str(endpoint["targetRef"]["name"])
            for item in slices
            if item["metadata"].get("labels", {}).get(_SERVICE_NAME) == meaning.name
            for endpoint in item.get("endpoints") or []
            if endpoint.get("targetRef") and endpoint.get("conditions", {}).get("ready") is not False
        )
    )
    spec = (service or {}).get("spec", {})
    return BalancerNow(
        meaning.key, meaning.region, f"{meaning.address}:{meaning.port}", bool(spec.get("publishNotReadyAddresses")),
        bool(address_of(service)), ready, ready, len(meaning.pods), None, "",
    )  # fmt: skip


def address_of(service: Object | None) -> str:
    """The first address that a load balancer has; empty as long as it has none."""
    ingress = (service or {}).get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    return str(ingress[0].get("ip") or ingress[0].get("hostname") or "")


def is_rolled_out(statefulset: Object) -> bool:
    """Whether a rolling update has ended, as `kubectl rollout status` decides; with OnDelete there is none.

    It has not where the StatefulSet was deleted.
    """
    if not statefulset:
        return False
    spec, status = statefulset["spec"], statefulset.get("status", {})
    if int(status.get("observedGeneration") or 0) < int(statefulset["metadata"]["generation"]):
        return False
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return True
    replicas = int(spec.get("replicas", 1))
    if int(status.get("readyReplicas") or 0) < replicas:
        return False
    kept = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    if kept:
        return int(status.get("updatedReplicas") or 0) >= replicas - kept
    return bool(status.get("updateRevision") == status.get("currentRevision"))
