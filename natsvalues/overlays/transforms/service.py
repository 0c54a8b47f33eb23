"""A LoadBalancer Service for the gateway alone, so that clients are never sent to servers that are not ready.

facts: `publishNotReadyAddresses` lets the load balancer reach starting pods (kubernetes endpointslice
controller), which ends the cold-start deadlock; on a Service for clients it would send them there,
too. DNS annotations are read under one of two prefixes, depending on the version of external-dns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.errors import ManyErrors, NatsvaluesError, raise_all
from natsvalues.manifests.chart import GATEWAY_PORT_NAME, MONITOR_PORT, POD_NAME_LABEL
from natsvalues.manifests.healthz import may_need_leader, ready_path
from natsvalues.manifests.probes import http_path
from natsvalues.manifests.services import is_outside, port_role, roles_of
from natsvalues.overlays.patches import Injection, Notice, Outcome, Patch, put
from natsvalues.overlays.scene import Scene, overlay_error
from natsvalues.providers import HealthCheck, Inputs, Shape, load, shape
from natsvalues.text.hosts import POD, is_address
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Manifest

RULE = "gateway-service"
LONGEST_NAME = 63
SOURCE = "kubernetes endpointslice controller; nats-io/k8s issue 1109"
WHY = "other regions reach the gateways through a load balancer that also sends to servers that are still starting"


def gateway_service(scene: Scene) -> Iterator[Outcome]:
    """Add the Service (one, or one for each pod), or complete the one that the release has."""
    if scene.plan.region.stage == "local":
        yield from _later_refusals(scene)
        return
    shaped = _shaped(scene)
    yield from (scene.warning(text, scene.plan.positions.where("loadBalancer")) for text in shaped.warnings)
    yield from (Notice("note", text) for text in shaped.notes)
    dedicated, mixed = _existing(scene)
    for service in mixed:
        yield scene.warning(
            f"Service `{service.key.name}` is a load balancer for both clients and the gateway",
            scene.release.where(service.line, str(service.key)),
            hint="natsvalues adds a Service for the gateway; remove the gateway port from the chart's service values",
        )
    if scene.plan.load_balancer.per_pod:
        if dedicated and not all(_is_ours(scene, service) for service in dedicated):
            yield scene.warning(
                f"Service `{dedicated[0].key.name}` already is a load balancer for the gateway of all pods; it stays",
                scene.release.where(dedicated[0].line, str(dedicated[0].key)),
                hint="remove it from the values when the pods' own load balancers are in use",
            )
        for ordinal in range(_replicas(scene)):
            pod = f"{scene.nats.name}-{ordinal}"
            yield from _load_balancer_service(scene, shaped, dedicated, f"{_name(scene)}-{ordinal}", pod)
    else:
        name = dedicated[0].key.name if dedicated else _name(scene)
        for service in dedicated[1:]:
            yield scene.warning(
                f"Service `{service.key.name}` is a second load balancer for the gateway; it stays as it is",
                scene.release.where(service.line, str(service.key)),
                hint=f"natsvalues completes `{name}`; remove the other from the values",
            )
        yield from _load_balancer_service(scene, shaped, dedicated, name, None)
    if shaped.object_kind == "Route":
        yield from _route(scene, shaped)


def _later_refusals(scene: Scene) -> Iterator[Notice]:
    """Warn of what the next stage refuses, of a provider that is chosen already."""
    if scene.plan.load_balancer.provider is None:
        return
    try:
        _shaped(scene)
    except ManyErrors as errors:
        refusals: tuple[NatsvaluesError, ...] = errors.errors
    except NatsvaluesError as error:
        refusals = (error,)
    else:
        return
    for refusal in refusals:
        yield Notice("warning", f"stage `expose` will refuse this: {refusal.message}", refusal.where, refusal.hint)


def _name(scene: Scene) -> str:
    return f"{scene.nats.name}-gateway"


def _replicas(scene: Scene) -> int:
    return int(scene.nats.statefulset.value["spec"].get("replicas") or 1)


def _is_ours(scene: Scene, service: Manifest) -> bool:
    return POD_NAME_LABEL in (service.value["spec"].get("selector") or {}) or service.key.name.startswith(
        f"{_name(scene)}-"
    )


def _shaped(scene: Scene) -> Shape:
    plan = scene.plan
    if plan.load_balancer.provider is None:
        raise overlay_error(
            "NV-T040",
            f"stage `{plan.region.stage}` needs a load balancer, and no provider is set",
            plan,
            "loadBalancer",
            "provider",
            hint="set loadBalancer.provider to one of `natsvalues providers`, here or in the supercluster; `generic`\n"
            "uses your own annotations as they are",
        )
    try:
        profile = load(plan.load_balancer.provider)
    except NatsvaluesError as error:
        error.where = error.where or (plan.where("loadBalancer", "provider"),)
        raise
    monitor = scene.monitor
    if monitor is None and profile.health is not None and profile.health.on_monitor == "always":
        raise NatsvaluesError(
            "NV-T043",
            f"the load balancer of provider {profile.id} checks the monitoring port, and monitoring is off",
            where=(scene.at_conf("http_port"), plan.positions.where("loadBalancer", "provider")),
            hint="set config.monitor.enabled: true in the chart's values, or a provider with another health check",
        )
    health = HealthCheck(_check_path(scene), *(monitor or (MONITOR_PORT, "HTTP")))
    tls = plan.supercluster.gateway.tls is not None or "tls" in (scene.conf.get("gateway") or {})
    shaped = shape(profile, Inputs(plan.load_balancer, plan.host, plan.port, tls, health))
    where = (plan.where("loadBalancer"),)
    hint = f"`natsvalues providers {profile.id}` prints the fields and options that it takes, and their values"
    raise_all([NatsvaluesError("NV-T041", text, where=where, hint=hint) for text in shaped.errors])
    return shaped


def _check_path(scene: Scene) -> str:
    """What the load balancer checks: the same as the readiness probe if that needs no leader, so that they agree."""
    path = http_path(scene.nats.container_value, "readiness") or ""
    if path.startswith("/healthz") and not may_need_leader(path, scene.version):
        return path
    return ready_path(scene.version)


def _existing(scene: Scene) -> tuple[list[Manifest], list[Manifest]]:
    """The release's load balancers for the gateway: those for it alone, and those with other ports."""
    dedicated: list[Manifest] = []
    mixed: list[Manifest] = []
    for service in scene.services:
        ours = service.key.name == _name(scene)  # also a ClusterIP, behind a Route
        if not is_outside(service.value) and not ours:
            continue
        roles = roles_of(service.value, scene.gateway_listen, scene.nats)
        if "gateway" in roles:
            (mixed if "other" in roles else dedicated).append(service)
    return dedicated, mixed


def _load_balancer_service(
    scene: Scene, shaped: Shape, dedicated: list[Manifest], name: str, pod: str | None
) -> Iterator[Outcome]:
    wanted = _service(scene, shaped, name, pod)
    present = next((service for service in dedicated if service.key.name == name), None)
    if present is None:
        _refuse_taken_name(scene, name)
        template = "gateway-service.yaml" if pod is None else f"gateway-service-{pod.rsplit('-', 1)[-1]}.yaml"
        yield Injection(wanted, _after(scene), template, RULE, WHY, SOURCE)
        return
    metadata, spec = wanted["metadata"], wanted["spec"]
    ops: list[Op] = []
    for field in ("annotations", "labels"):
        have = present.metadata.get(field) or {}
        missing = {key: text for key, text in metadata.get(field, {}).items() if have.get(key) != text}
        if missing and not have:
            ops.append(put(present.value, ("metadata", field), missing))
        else:
            ops += [put(present.value, ("metadata", field, key), text) for key, text in missing.items()]
    for field, content in spec.items():
        if field not in ("ports", "selector"):
            ops.append(Op("add", ("spec", field), content))
    ops += _port_ops(scene, present, spec["ports"])
    if ops:
        yield Patch(present.key, tuple(ops), RULE, "the release's own load balancer for the gateway: " + WHY, SOURCE)


def _port_ops(scene: Scene, present: Manifest, wanted: list[dict[str, Any]]) -> list[Op]:
    ops = []
    ports = present.value["spec"]["ports"]
    listen = scene.gateway_listen
    for port in wanted:
        role = port_role(port, listen, scene.nats)
        index = next((place for place, item in enumerate(ports) if port_role(item, listen, scene.nats) == role), None)
        if index is None:
            ops.append(Op("add", ("spec", "ports", "-"), port))
        else:
            ops += [
                Op("add", ("spec", "ports", index, key), item)
                for key, item in port.items()
                if not (key == "targetPort" and "targetPort" in ports[index])
            ]
            if "appProtocol" in ports[index]:  # some controllers read it before their own annotations
                ops.append(Op("remove", ("spec", "ports", index, "appProtocol")))
    return ops


def _service(scene: Scene, shaped: Shape, name: str, pod: str | None) -> dict[str, Any]:
    plan = scene.plan
    statefulset = scene.nats.statefulset.value
    balanced = shaped.object_kind == "Service"
    metadata = _metadata(scene, name, shaped, pod) if balanced else _metadata(scene, name)
    selector = dict((statefulset["spec"].get("selector") or {}).get("matchLabels") or scene.nats.pod_labels)
    if pod is not None:
        selector[POD_NAME_LABEL] = pod
    spec: dict[str, Any] = {
        "ports": [
            {"name": GATEWAY_PORT_NAME, "port": plan.port, "targetPort": _target(scene)},
            *shaped.ports,
        ],
        "publishNotReadyAddresses": True,
        "selector": selector,
        "type": "LoadBalancer" if balanced else "ClusterIP",
    }
    if balanced:
        spec.update(shaped.spec)
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": dict(sorted(spec.items()))}


def _metadata(scene: Scene, name: str, shaped: Shape | None = None, pod: str | None = None) -> dict[str, Any]:
    """Metadata of an added object: the release's labels, and those of the provider's profile and of DNS."""
    metadata: dict[str, Any] = {}
    annotations = {**shaped.annotations, **_dns(scene, pod)} if shaped is not None else {}
    if annotations:
        metadata["annotations"] = dict(sorted(annotations.items()))
    labels = scene.nats.statefulset.metadata.get("labels") or {}
    metadata["labels"] = {**labels, **(shaped.labels if shaped is not None else {})}
    metadata["name"] = name
    if scene.nats.namespace:
        metadata["namespace"] = scene.nats.namespace
    return metadata


def _target(scene: Scene) -> str | int:
    """The container port's name, or its number where the rendering gave it another name."""
    for port in scene.nats.container_value.get("ports") or []:
        if port.get("name") == GATEWAY_PORT_NAME:
            return GATEWAY_PORT_NAME
    return scene.gateway_listen


def _dns(scene: Scene, pod: str | None) -> dict[str, str]:
    plan = scene.plan
    if not plan.dns.enabled or is_address(plan.host):
        return {}
    annotations: dict[str, str] = {}
    for prefix in plan.dns.prefixes:
        annotations[f"{prefix}hostname"] = plan.host.replace(POD, pod) if pod else plan.host
        if plan.dns.ttl is not None:
            annotations[f"{prefix}ttl"] = str(plan.dns.ttl)
    return annotations


def _after(scene: Scene) -> int:
    """The number of the document after which a Service follows in Helm's order: the last Service of this NATS."""
    numbers = [service.number for service in scene.services if service.number < scene.nats.statefulset.number]
    return max(numbers, default=scene.nats.config_map.number)


def _refuse_taken_name(scene: Scene, name: str) -> None:
    taken = scene.release.manifests(
        scene.release.mentioning("Service", name),
        lambda manifest: (
            manifest.key.kind == "Service"
            and manifest.key.name == name
            and manifest.key.namespace == scene.nats.namespace
        ),
    )
    if len(name) > LONGEST_NAME:
        raise NatsvaluesError(
            "NV-T044",
            f"the name of the gateway's Service, `{name}`, would be longer than {LONGEST_NAME} characters",
            where=(scene.at_statefulset("metadata.name"),),
            hint="in a new region set a shorter fullnameOverride in the chart's values, and no headlessService.name.\n"
            "Where servers have streams the StatefulSet must keep its name: add a LoadBalancer Service of the gateway\n"
            "port with a shorter name to extraResources, and natsvalues completes it",
        )
    if taken:
        raise NatsvaluesError(
            "NV-T042",
            f"the release already has a Service `{name}`, which is not a load balancer for this gateway",
            where=(scene.release.where(taken[0].line, str(taken[0].key)),),
            hint="rename it in the chart's values: natsvalues uses this name for the gateway's Service",
        )


def _route(scene: Scene, shaped: Shape) -> Iterator[Outcome]:
    name = _name(scene)
    present = scene.release.manifests(
        scene.release.mentioning("Route", name),
        lambda manifest: manifest.key.kind == "Route" and manifest.key.name == name,
    )
    if present:
        return
    spec = {**shaped.spec, "to": {"kind": "Service", "name": name}}
    value = {
        "apiVersion": "route.openshift.io/v1",
        "kind": "Route",
        "metadata": _metadata(scene, name, shaped),
        "spec": spec,
    }
    yield Injection(value, scene.nats.statefulset.number, "gateway-route.yaml", RULE, WHY, SOURCE)
