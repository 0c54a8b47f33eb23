"""The gateway block of nats.conf, and the ports for it.

facts: without `advertise` the servers gossip pod addresses, which no other region can reach; with it only the
advertised host is gossiped. One url for each remote, because their number sizes the first meta group. A
server skips its own name in the list, so it may be in the list or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import GATEWAY_PORT_NAME
from natsvalues.manifests.settings import extends_jetstream, jetstream_is_on, listens_for_routes
from natsvalues.overlays.patches import Outcome, Patch
from natsvalues.text.hosts import POD, endpoint
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Manifest
    from natsvalues.overlays.plan import Plan
    from natsvalues.overlays.scene import Scene

RULE = "gateway"
SOURCE = "run on nats-server 2.12.8 and 2.14.6"
ADVERTISE_VARIABLE = "GATEWAY_ADVERTISE"


def gateway(scene: Scene) -> Iterator[Outcome]:
    """Complete the gateway block and add its ports; in stage `local`, remove both."""
    if scene.plan.region.stage == "local":
        is_member = listens_for_routes(scene.conf) and not extends_jetstream(scene.conf)
        if scene.plan.waits_to_join or is_member:
            _require_routes(scene)
        yield from _closed(scene)
        return
    _require_routes(scene)
    listen = scene.gateway_listen
    yield from _block(scene, listen)
    yield from _ports(scene, listen)


def _require_routes(scene: Scene) -> None:
    """A gateway makes JetStream clustered, as a port of the cluster does, and without routes it does not start.

    facts: `Can't start JetStream: JetStream cluster requires configured routes` (run on 2.10.26 to 2.15.1).
    """
    cluster = scene.conf.get("cluster")
    routes = cluster.get("routes") if isinstance(cluster, dict) else None
    if jetstream_is_on(scene.conf) and not routes:
        from natsvalues.supercluster.losses import KEEP_STREAMS  # imported here because it is rarely needed

        is_member = listens_for_routes(scene.conf)
        raise NatsvaluesError(
            "NV-T060",
            "JetStream is on and the cluster has no routes: the servers would not start"
            if is_member
            else "JetStream is on and `cluster` is off: with a gateway the servers would not start",
            where=(scene.at_conf("cluster"),),
            hint="set config.cluster.enabled: true and config.cluster.replicas: 3 in the chart's values"
            + ("" if is_member else f"\n{KEEP_STREAMS}"),
        )


def _block(scene: Scene, listen: int) -> Iterator[Outcome]:
    plan = scene.plan
    present = scene.conf.get("gateway")
    block: dict[str, Any] = present if isinstance(present, dict) else {}
    settings: dict[str, Any] = {"name": plan.region.name}
    if "port" not in block and "listen" not in block:
        settings["port"] = listen
    settings["advertise"] = Variable(ADVERTISE_VARIABLE) if POD in plan.host else endpoint(plan.host, plan.port)
    reject = "reject_unknown" if "reject_unknown" in block else "reject_unknown_cluster"
    settings[reject] = plan.supercluster.gateway.reject_unknown_cluster
    remotes, foreign = _remotes(block.get("gateways"), plan)
    if plan.region.stage == "join":
        settings["gateways"] = remotes
    why = "the region's gateway: its name, the advertised address, and which clusters may connect"
    if not isinstance(present, dict):
        yield scene.in_conf(RULE, why, Op("add", ("gateway",), settings), source=SOURCE)
    else:
        ops = [Op("add", ("gateway", key), item) for key, item in settings.items()]
        if plan.region.stage == "expose" and "gateways" in block:
            ops.append(Op("remove", ("gateway", "gateways")))
        yield scene.in_conf(RULE, why, *ops, source=SOURCE)
    if foreign and plan.region.stage == "join":
        yield scene.warning(
            f"the rendering has remote gateways that are not regions of the overlays: {', '.join(foreign)}; they stay",
            scene.at_conf("gateway.gateways"),
            hint="add a region file for each, or remove them from the chart's values",
        )
    if POD in plan.host:
        address = endpoint(plan.host.replace(POD, "$(POD_NAME)"), plan.port)
        variable = {"name": ADVERTISE_VARIABLE, "value": address}
        yield scene.with_variables(RULE, "each server advertises the load balancer of its own pod", variable)


def _remotes(present: Any, plan: Plan) -> tuple[list[dict[str, Any]], list[str]]:
    """The remotes: those of the overlays (other settings of an entry are kept), then foreign ones, without itself."""
    entries = [entry for entry in present if isinstance(entry, dict)] if isinstance(present, list) else []
    by_name = {str(entry.get("name")): entry for entry in entries}
    wanted = []
    for remote in plan.remotes:
        kept = {key: item for key, item in by_name.get(remote.name, {}).items() if key not in ("name", "url", "urls")}
        wanted.append({"name": remote.name, "urls": list(remote.urls), **kept})
    foreign = sorted(name for name in by_name if name not in plan.known)
    return wanted + [by_name[name] for name in foreign], foreign


# --- ports ----------------------------------------------------------------------------------------------------


def _ports(scene: Scene, listen: int) -> Iterator[Outcome]:
    ports = scene.nats.container_value.get("ports") or []
    if _port_of(ports, listen, "containerPort") is None:
        yield scene.in_container(
            RULE,
            "the container declares the gateway's port",
            Op("add", ("ports", "-"), {"containerPort": listen, "name": GATEWAY_PORT_NAME}),
        )
    headless = scene.headless
    if headless is not None and _port_of(headless.value["spec"].get("ports") or [], listen, "port") is None:
        siblings = headless.value["spec"].get("ports") or []
        port: dict[str, Any] = {"name": GATEWAY_PORT_NAME, "port": listen, "targetPort": GATEWAY_PORT_NAME}
        if any("appProtocol" in sibling for sibling in siblings if isinstance(sibling, dict)):
            tls = scene.plan.supercluster.gateway.tls is not None
            port = {"appProtocol": "tls" if tls else "tcp", **port}
        yield Patch(
            headless.key,
            (Op("add", ("spec", "ports", "-"), port),),
            RULE,
            "the headless Service has the gateway's port, as with the chart's own gateway setting",
        )


def _port_of(ports: list[Any], number: int, field: str) -> int | None:
    """The index of the gateway's entry in a list of ports."""
    for index, port in enumerate(ports):
        if isinstance(port, dict) and (port.get("name") == GATEWAY_PORT_NAME or port.get(field) == number):
            return index
    return None


def _closed(scene: Scene) -> Iterator[Outcome]:
    """Stage `local`: no gateway in nats.conf, and no port for it."""
    why = "stage `local` has no gateway"
    listen = scene.gateway_listen
    had_gateway = "gateway" in scene.conf
    index = _port_of(scene.nats.container_value.get("ports") or [], listen, "containerPort")
    if index is not None:
        yield scene.in_container(RULE, why, Op("remove", ("ports", index)))
    for service in scene.services:
        yield from _closed_service(scene, service, listen, why)
    if had_gateway:
        yield scene.in_conf(RULE, why, Op("remove", ("gateway",)))


def _closed_service(scene: Scene, service: Manifest, listen: int, why: str) -> Iterator[Outcome]:
    ports = service.value["spec"].get("ports") or []
    index = _port_of(ports, listen, "port")
    if index is None:
        return
    if len(ports) > 1:
        yield Patch(service.key, (Op("remove", ("spec", "ports", index)),), RULE, why)
    else:
        yield scene.warning(
            f"Service `{service.key.name}` is only for the gateway, and stage `local` has none; it stays as it is",
            scene.release.where(service.line, str(service.key)),
            hint="so its load balancer keeps its address; remove it from the values if it is not needed",
        )
