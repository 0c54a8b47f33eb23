"""What the API server says of a region's objects: addresses, pods, Secrets, volumes, endpoints, DNS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.named_secrets import secrets_of
from natsvalues.rehearsal.cluster_objects import (
    address_of,
    is_leaving,
    is_ready,
    is_running,
    restarts_of,
    server_of,
    why_not_started,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.live import Live
    from natsvalues.doctor.live_set import LiveSet
    from natsvalues.doctor.seen import Object

_REVISION = "controller-revision-hash"
_SERVICE_NAME = "kubernetes.io/service-name"
_LONG = 60
"""Seconds of a negative answer that a cold start notices."""


def last_event(live: Live, what: str) -> str:
    """The last warning about an object, `Service nats-gateway`, in the cluster's words; empty if there is none."""
    events = [item for item in live.seen.objects.get("events", ()) if item["object"] == what]
    return f"{events[-1]['reason']}: {events[-1]['message']}" if events else ""


def _because(text: str) -> str:
    return f" ({text})" if text else ""


@rule(
    "DR101", "service-without-address", "error", "live",
    why="As long as the Service has no address, no load balancer exists, and no other region reaches the gateway.",
    source="Kubernetes documentation, Service: type LoadBalancer",
    remedy="See the Service's events, the log of the load balancer's controller, its quota, subnets and address pools.",
    fails="us-east: {services: {nats-gateway: {status: {loadBalancer: null}}}}",
    passes="us-east: {services: {nats-gateway: {status: {loadBalancer: {ingress: [{ip: 198.18.1.10}]}}}}}",
)  # fmt: skip
def no_address(live: LiveSet) -> Iterator[Problem]:
    """The gateway's load balancer has no address."""
    for region in live.regions.values():
        for service in region.cluster.balancers:
            name = service.key.name
            seen = region.object_of("services", name)
            if service.value["spec"].get("type") == "LoadBalancer" and not address_of(seen):
                event = last_event(region, f"Service {name}")
                message = f"Service `{name}` of `{region.name}` has no address{_because(event)}"
                yield Problem(message, (region.at(f"Service {name}: status.loadBalancer"),), (region.name,))


@rule(
    "DR102", "pod-of-another-template", "error", "live",
    why="What the StatefulSet says is not what runs: probes, image and settings of these pods are those of before. "
    "A rolling update waits for each pod to be Ready; one that waits for a meta leader can stop it forever.",
    source="Kubernetes documentation, StatefulSet: rolling updates",
    remedy="See why the update does not go on: `kubectl rollout status`, and the first pod that is not Ready. With "
    "updateStrategy OnDelete, or a partition, the pods must be deleted one by one. Where the overlay has a `move`, "
    "the partition is a step of `natsvalues plan`, and --next shows the one that comes now.",
    fails="us-east: {pods: {nats-1: {metadata: {labels: {controller-revision-hash: nats-old}}}}}",
    passes="us-east: {pods: {nats-1: {metadata: {labels: {app: other}}}}}",
)  # fmt: skip
def other_template(live: LiveSet) -> Iterator[Problem]:
    """A pod runs that was created from another template than the StatefulSet's."""
    for region in live.regions.values():
        wanted = region.statefulset.get("status", {}).get("updateRevision")
        old = [
            name for name, pod in region.pods.items()
            if wanted and (pod["metadata"].get("labels") or {}).get(_REVISION) not in (None, wanted)
        ]  # fmt: skip
        if old:
            where = tuple(region.at(f"Pod {name}: metadata.labels[{_REVISION}]") for name in old)
            message = f"{', '.join(old)} of `{region.name}` run with another template than StatefulSet "
            yield Problem(f"{message}`{region.nats.name}` has now", where, (region.name,))


@rule(
    "DR103", "pod-cannot-start", "error", "live",
    why="The server's process does not run, for a reason that waiting does not change.",
    source="Kubernetes documentation, Pod lifecycle",
    remedy="Correct what the cluster names: the image, the node, the volume.",
    fails="""\
us-east:
  pods:
    nats-2: {status: {containerStatuses: [{name: nats, state: {waiting: {reason: ImagePullBackOff}}}]}}
""",
    passes="""\
us-east:
  pods:
    nats-2: {status: {containerStatuses: [{name: nats, ready: true, started: true, state: {running: {}}}]}}
""",
)  # fmt: skip
def cannot_start(live: LiveSet) -> Iterator[Problem]:
    """A pod's server does not start, or the pod does not exist."""
    for region in live.regions.values():
        if "pods" not in region.seen.objects:
            continue
        container = server_of(region.rendering)
        missing = {name for name, secret in _missing_secrets(region) for _ in secret}
        unbound = any(True for _ in _unbound(region))
        for name in region.expected:
            pod = region.pods.get(name)
            event = last_event(region, f"Pod {name}")
            if pod is None:
                event = last_event(region, f"StatefulSet {region.nats.name}")
                if not _waits_for_earlier(region, name):
                    message = f"there is no pod `{name}` in `{region.name}`{_because(event)}"
                    yield Problem(
                        message, (region.at(f"StatefulSet {region.nats.name}: spec.replicas"),), (region.name,)
                    )
                continue
            if is_running(pod, container) or is_leaving(pod) or missing or unbound or exit_of(pod, container):
                continue
            reason = why_not_started(pod, container) or event
            if reason:
                message = f"the server of `{name}` in `{region.name}` does not start ({reason})"
                yield Problem(message, (region.at(f"Pod {name}: status"),), (region.name,))


def _waits_for_earlier(live: Live, name: str) -> bool:
    """Whether a StatefulSet that starts its pods in order has not come to this one yet."""
    if live.cluster.state.spec.get("podManagementPolicy") == "Parallel":
        return False
    before = live.expected[: live.expected.index(name)]
    return any(item not in live.pods or not is_ready(live.pods[item]) for item in before)


@rule(
    "DR104", "secret-missing", "error", "live",
    why="A pod that mounts or reads it does not start; the kubelet tries again forever.",
    source="Kubernetes documentation, Secret: optional Secrets",
    remedy="Create the Secret with these keys in the region's namespace, or correct its name in the overlays.",
    fails="us-east: {secrets: {gateway-tls: null}}",
    passes="us-east: {secrets: {other: null}}",
)  # fmt: skip
def secret_missing(live: LiveSet) -> Iterator[Problem]:
    """A Secret that the pods use, or a key of it, does not exist."""
    for region in live.regions.values():
        for name, lacks in _missing_secrets(region):
            for lack in lacks:
                message = f"{lack} in `{region.name}`, which the pods of StatefulSet `{region.nats.name}` use"
                yield Problem(message, (region.at(f"Secret {name}"),), (region.name,))


def _missing_secrets(live: Live) -> Iterator[tuple[str, list[str]]]:
    for name, (keys, optional) in secrets_of(live.cluster.state.spec["template"]["spec"]).items():
        if name not in live.seen.secrets or optional:
            continue
        secret = live.seen.secrets[name]
        if secret is None:
            yield name, [f"there is no Secret `{name}`"]
        elif lacks := sorted(keys - set(secret["keys"])):
            yield name, [f"Secret `{name}` has no key `{key}`" for key in lacks]


@rule(
    "DR105", "volume-not-bound", "error", "live",
    why="The pod waits for its volume, and JetStream has its store on it.",
    source="Kubernetes documentation, Persistent Volumes: binding",
    remedy="See the events of the volume claim: the StorageClass, its provisioner, the zone of the volume.",
    fails="us-east: {persistentvolumeclaims: {nats-js-nats-1: {status: {phase: Pending}}}}",
    passes="us-east: {persistentvolumeclaims: {nats-js-nats-1: {status: {phase: Bound}}}}",
)  # fmt: skip
def not_bound(live: LiveSet) -> Iterator[Problem]:
    """A volume claim of a pod is not bound."""
    for region in live.regions.values():
        for name, phase in _unbound(region):
            event = last_event(region, f"PersistentVolumeClaim {name}")
            message = f"volume claim `{name}` of `{region.name}` is {phase}{_because(event)}"
            where = (region.at(f"PersistentVolumeClaim {name}: status.phase"),)
            yield Problem(message, where, (region.name,))


def _unbound(live: Live) -> Iterator[tuple[str, str]]:
    used = tuple(f"-{pod}" for pod in live.expected)
    for claim in live.seen.objects.get("persistentvolumeclaims", ()):
        name, phase = claim["metadata"]["name"], claim.get("status", {}).get("phase", "Bound")
        if phase != "Bound" and name.endswith(used):
            yield name, phase


@rule(
    "DR106", "server-exits", "error", "live",
    why="The server ends by itself, and the kubelet starts it again, later each time.",
    source="run on nats-server 2.12.8 and 2.14.6: it prints the reason as its last line",
    remedy="Correct what its last line names; `natsvalues lint` shows where it stands in the rendering.",
    fails="""\
us-east:
  troubles: {nats-0: {fatal: 'nats.conf:3:1: unknown field "clutser"'}}
  pods:
    nats-0:
      status:
        conditions: [{type: Ready, status: 'False'}]
        containerStatuses:
        - name: nats
          restartCount: 4
          state: {waiting: {reason: CrashLoopBackOff}}
          lastState: {terminated: {exitCode: 1}}
""",
    passes="""\
us-east:
  pods:
    nats-0:
      status:
        containerStatuses:
        - name: nats
          ready: true
          started: true
          restartCount: 4
          state: {running: {}}
          lastState: {terminated: {exitCode: 1}}
""",
)  # fmt: skip
def exits(live: LiveSet) -> Iterator[Problem]:
    """A server ends again and again."""
    for region in live.regions.values():
        container = server_of(region.rendering)
        for name, pod in region.pods.items():
            code = exit_of(pod, container)
            if code and not is_ready(pod):
                words = region.seen.troubles.get(name, {}).get("fatal", "")
                times = restarts_of(pod, container)
                message = (
                    f"the server of `{name}` in `{region.name}` ended {max(times, 1)} times, the last time with {code}"
                )
                where = (region.at(f"Pod {name}: status.containerStatuses[name={container}].lastState"),)
                yield Problem(f"{message}{_because(words)}", where, (region.name,))


def exit_of(pod: Object, container: str) -> str:
    """How the container's last process ended; empty if it is the first one, or ended well."""
    statuses: list[Object] = pod.get("status", {}).get("containerStatuses") or []
    for item in statuses:
        for state in (item.get("state"), item.get("lastState")):
            ended = state.get("terminated") if isinstance(state, dict) else None
            if item.get("name") == container and isinstance(ended, dict) and ended.get("exitCode"):
                return f"exit code {ended['exitCode']}"
    return ""


@rule(
    "DR107", "not-an-endpoint", "error", "live",
    why="Connections of other regions do not arrive at this server. During a cold start no server is Ready, so a "
    "Service without publishNotReadyAddresses then sends to nobody.",
    source="Kubernetes documentation, EndpointSlices",
    remedy="Give the gateway's Service publishNotReadyAddresses: true and the selector of the pods' labels.",
    fails="us-east: {endpoints: {nats-gateway: [nats-0, nats-1]}}",
    passes="us-east: {endpoints: {nats-gateway: [nats-2, nats-1, nats-0]}}",
)  # fmt: skip
def not_an_endpoint(live: LiveSet) -> Iterator[Problem]:
    """A server runs, and the gateway's Service does not send to it."""
    for region in live.regions.values():
        if "endpointslices" not in region.seen.objects:
            continue
        container = server_of(region.rendering)
        running = [name for name, pod in region.pods.items() if is_running(pod, container) and not is_leaving(pod)]
        for service in region.cluster.balancers:
            name = service.key.name
            listed = endpoints_of(region, name)
            lacks = [pod for pod in running if pod not in listed and _is_selected(service.value, region.pods[pod])]
            if lacks:
                message = f"Service `{name}` of `{region.name}` does not send to {', '.join(lacks)}"
                yield Problem(message, (region.at(f"EndpointSlices of Service {name}"),), (region.name,))


def endpoints_of(live: Live, service: str) -> tuple[str, ...]:
    """The pods to which a Service sends."""
    return tuple(
        str(endpoint["targetRef"]["name"])
        for item in live.seen.objects.get("endpointslices", ())
        if (item["metadata"].get("labels") or {}).get(_SERVICE_NAME) == service
        for endpoint in item.get("endpoints") or ()
        if endpoint.get("targetRef") and endpoint.get("conditions", {}).get("ready") is not False
    )


def _is_selected(service: Object, pod: Object) -> bool:
    """Whether a Service for single pods is for another one."""
    selector: dict[str, str] = service["spec"].get("selector") or {}
    wanted = selector.get("statefulset.kubernetes.io/pod-name")
    return wanted is None or wanted == pod["metadata"]["name"]


@rule(
    "DR108", "negative-answers-kept", "warning", "live",
    why="A name that did not exist when it was asked for, such as a pod's in a cold start, stays unknown for so long. "
    "Routes and gateways try again, but a first boot counts only who is there.",
    source="CoreDNS documentation: cache (denial), kubernetes (ttl)",
    remedy="In CoreDNS's Corefile: cache { denial 9984 5 }, and ttl 5 in the kubernetes block.",
    fails="us-east: {about: {corefile: '.:53 { kubernetes cluster.local { ttl 600 } cache 600 }'}}",
    passes="us-east: {about: {corefile: '.:53 { kubernetes cluster.local { ttl 600 } cache 5 }'}}",
)  # fmt: skip
def negative_answers(live: LiveSet) -> Iterator[Problem]:
    """The cluster's DNS keeps the answer that a name does not exist for more than a minute."""
    for region in live.regions.values():
        seconds = negative_seconds(str(region.seen.about.get("corefile") or ""))
        if seconds is not None and seconds > _LONG:
            message = f"the DNS of `{region.name}`'s cluster keeps negative answers for {seconds} s"
            where = (region.at("ConfigMap kube-system/coredns: Corefile"),)
            yield Problem(message, where, (region.name,))


@rule(
    "DR109", "pod-not-ready", "error", "live",
    why="Clients are not sent to it, and a rolling update waits for it.",
    source="Kubernetes documentation, Pod lifecycle: readiness",
    remedy="See what its probe answers, and the log of the server.",
    fails="us-east: {pods: {nats-1: {status: {conditions: [{type: Ready, status: 'False'}]}}}}",
    passes="us-east: {pods: {nats-1: {status: {conditions: [{type: Ready, status: 'True'}]}}}}",
)  # fmt: skip
def not_ready(live: LiveSet) -> Iterator[Problem]:
    """A server runs, and its pod is not Ready."""
    for pod in live.snapshot.pods:
        if pod.state in ("starting", "running"):
            region, _, name = pod.name.partition("/")
            status, text = pod.answer
            answer = f" ({pod.waiting_on}: {status or text})" if pod.waiting_on is not None else ""
            message = f"`{name}` of `{region}` runs and is not Ready{answer}"
            yield Problem(message, (live.regions[region].at(f"Pod {name}: status.conditions"),), (region,))


def negative_seconds(corefile: str) -> int | None:
    """For how long CoreDNS keeps that a name of the cluster does not exist; None where the text does not say.

    The plugin `cache` keeps at most what it states (`denial`, else its ttl, by default 1800 s) and the zone's ttl
    (`kubernetes`, by default 5 s).
    """
    if not re.search(r"\bkubernetes\b", corefile):
        return None
    zone = re.search(r"\bkubernetes\b[^{}]*\{[^}]*?\bttl\s+(\d+)", corefile)
    of_zone = int(zone[1]) if zone else 5
    cache = re.search(r"^\s*cache\b[ \t]*(\d+)?|[;{}]\s*cache\b[ \t]*(\d+)?", corefile, re.MULTILINE)
    if cache is None:
        return of_zone
    denial = re.search(r"\bdenial\s+\d+\s+(\d+)", corefile)
    stated = denial[1] if denial else cache[1] or cache[2]
    return min(of_zone, int(stated) if stated else 1800)
