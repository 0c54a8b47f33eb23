"""Names: a cluster name for each region, and server names that no other region has.

facts: `gateway.name` must equal `cluster.name` or the server does not start, and equal server names in two
regions block the gateways (run on 2.12.8 and 2.14.6). A server's name identifies it in JetStream: if it
changes in a region that has streams, they become unreachable (run on 2.12.8 and 2.15.1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.scene import Scene, overlay_error
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import Item, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.patches import Outcome

RULE = "names"
SOURCE = "run on nats-server 2.12.8 and 2.15.1"
_REFERENCE = re.compile(r"\$\(([^)]+)\)")


def names(scene: Scene) -> Iterator[Outcome]:
    """Give the cluster the region's name and the servers their prefix; routes stay as they are."""
    region = scene.plan.region
    if isinstance(scene.conf.get("cluster"), dict):
        yield scene.in_conf(
            RULE,
            "cluster and gateway must have the same name, or the server does not start",
            Op("add", ("cluster", "name"), region.name),
            source=SOURCE,
        )
    prefix = _prefix(scene)
    why = f"server names begin with `{prefix}`: no other region has them" if prefix else "server names stay as they are"
    yield from _server_name(scene, prefix, why)


def _prefix(scene: Scene) -> str:
    stated = scene.plan.region.server_names
    if stated is not None:
        return stated.prefix
    if scene.had_jetstream:
        raise overlay_error(
            "NV-T001",
            "JetStream is on, and the region does not set `serverNames`",
            scene.plan,
            "serverNames",
            "prefix",
            hint="choose once, because a server's name identifies it in JetStream:\n"
            '  serverNames: {prefix: ""}    if this region already has streams under its pod names. They stay.\n'
            f"  serverNames: {{prefix: {scene.plan.region.name}-}}    if it is new, or has no streams.\n"
            "Renamed servers lose their streams; with equal names in two regions the gateways reject each other",
        )
    return f"{scene.plan.region.name}-"


def _server_name(scene: Scene, prefix: str, why: str) -> Iterator[Outcome]:
    env = scene.nats.env
    pod_name = next((str(item["name"]) for item in env if _is_pod_name(item)), None)
    spelled = scene.conf.get("server_name")
    if isinstance(spelled, Variable):
        entry = next((item for item in env if item.get("name") == spelled.name), None)
        if entry is None:
            raise NatsvaluesError(
                "NV-T002",
                f"server_name is ${spelled.name}, and the container has no such environment variable",
                where=(scene.at_conf("server_name"), scene.at_statefulset("env")),
                hint="set it in the container's env, or write server_name: $SERVER_NAME as the chart does",
            )
        if _is_pod_name(entry):
            if prefix:
                yield from _new_variable(scene, prefix, spelled.name, why)
            return
        if "value" in entry:
            source = next((name for name in _REFERENCE.findall(str(entry["value"])) if name == pod_name), pod_name)
            if source is not None:
                wanted = f"{prefix}$({source})"
                path = ("env", Item("name", spelled.name), "value")
                yield scene.in_container(RULE, why, Op("replace", path, wanted), source=SOURCE)
                return
        raise NatsvaluesError(
            "NV-T003",
            f"server_name is ${spelled.name}, which is not derived from the pod's name",
            where=(scene.at_statefulset(f"env[name={spelled.name}]"),),
            hint="every server of the region needs a unique name: use the chart's POD_NAME and SERVER_NAME",
        )
    if spelled is not None:
        raise NatsvaluesError(
            "NV-T003",
            "server_name is the same for all servers",
            where=(scene.at_conf("server_name"),),
            hint="write server_name: $SERVER_NAME, as the chart does",
        )
    yield from _new_variable(scene, prefix, pod_name, why)


def _is_pod_name(entry: dict[str, Any]) -> bool:
    source = entry.get("valueFrom")
    field = source.get("fieldRef") if isinstance(source, dict) else None
    return isinstance(field, dict) and field.get("fieldPath") == "metadata.name"


def _new_variable(scene: Scene, prefix: str, pod_name: str | None, why: str) -> Iterator[Outcome]:
    """Define SERVER_NAME for the servers' names where the rendering does not."""
    entries: list[dict[str, Any]] = []
    if pod_name is None:
        pod_name = "POD_NAME"
        entries.append({"name": pod_name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})
    entries.append({"name": "SERVER_NAME", "value": f"{prefix}$({pod_name})"})
    yield scene.with_variables(RULE, why, *entries)
    yield scene.in_conf(RULE, why, Op("add", ("server_name",), Variable("SERVER_NAME")))
