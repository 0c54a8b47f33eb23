"""Names: a cluster name for each region, and server names that no other region has.

facts: `gateway.name` must equal `cluster.name` or the server does not start, and equal server names in two
regions block the gateways (run on 2.12.8 and 2.14.6). A server's name identifies it in JetStream: if it
changes in a region that has streams, they become unreachable (run on 2.12.8 and 2.15.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.server import too_old
from natsvalues.manifests.settings import POD, configured_names, other_prefix
from natsvalues.overlays.scene import Scene, overlay_error
from natsvalues.overlays.transforms.stamps import is_stamped
from natsvalues.text.natsconf import Variable
from natsvalues.text.paths import Item, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.patches import Outcome

RULE = "names"
SOURCE = "run on nats-server 2.12.8 and 2.15.1"
_NONE = '""'
_KEEP = '{prefix: ""}    if this region already has streams under its pod names. They stay.'


def names(scene: Scene) -> Iterator[Outcome]:
    """Give the cluster the region's name and the servers their prefix; routes stay as they are."""
    _require_version(scene)
    region = scene.plan.region
    if isinstance(scene.conf.get("cluster"), dict):
        yield scene.in_conf(
            RULE,
            "cluster and gateway must have the same name, or the server does not start",
            Op("add", ("cluster", "name"), region.name),
            source=SOURCE,
        )
    _require_choice(scene)
    prefix = scene.plan.name_prefix
    why = f"server names begin with `{prefix}`: no other region has them" if prefix else "server names stay as they are"
    yield from _server_name(scene, prefix, why)


def _require_version(scene: Scene) -> None:
    refused = too_old(scene.version)
    if refused is not None:
        message, hint = refused
        where = (scene.at_statefulset("image"), scene.plan.where("nats", "version"))
        raise NatsvaluesError("NV-I008", message, where=where, hint=hint)


def _require_choice(scene: Scene) -> None:
    """Raise where nobody has chosen the names of servers with streams, or two places have and differ."""
    plan = scene.plan
    pattern = configured_names(scene.nats, scene.conf)
    if plan.region.server_names is None and scene.had_jetstream:
        rendered = other_prefix(pattern, "")
        keep = f"{{prefix: {rendered}}}    as in the rendering: its servers keep their names." if rendered else _KEEP
        new = f"{{prefix: {plan.name_prefix}}}    if it is new, or has no streams"
        new += ": take the other prefix out of the chart's values.\n" if rendered else ".\n"
        raise overlay_error(
            "NV-T001",
            "JetStream is on, and the region does not set `serverNames`",
            plan,
            "serverNames",
            "prefix",
            hint="choose once, because a server's name identifies it in JetStream:\n"
            f"  serverNames: {keep}\n"
            + (f"  serverNames: {new}" if rendered != plan.name_prefix else "")
            + "Renamed servers lose their streams; with equal names in two regions the gateways reject each other",
        )
    if rendered := other_prefix(pattern, plan.name_prefix):
        variable = getattr(scene.conf.get("server_name"), "name", "SERVER_NAME")
        raise NatsvaluesError(
            "NV-T004",
            f"the rendering names its servers `{pattern}`, and the region has the prefix `{plan.name_prefix or _NONE}`",
            where=(plan.where("serverNames", "prefix"), scene.at_statefulset(f"env[name={variable}]")),
            hint=_one_prefix(scene, rendered),
        )


def _one_prefix(scene: Scene, rendered: str) -> str:
    """What to do about two prefixes."""
    if is_stamped(scene.nats.statefulset):
        return (
            "natsvalues made this rendering when the overlay had the other prefix: render the chart again, without it "
            "(for a values\nfile that natsvalues wrote: run `natsvalues values` again). Servers that have streams keep "
            f"their names:\n  serverNames: {{prefix: {rendered}}}"
        )
    return (
        "a server's name identifies it in JetStream, so both must say the same:\n"
        f"  serverNames: {{prefix: {rendered}}} in the overlay    the servers keep the names of the rendering.\n"
        f"  no config.serverNamePrefix in the values    they are `{scene.plan.name_prefix}$(POD_NAME)`; if the others "
        "have streams, they lose them.\n"
        "A values file that `natsvalues values` wrote before the overlay changed: run it again"
    )


def _server_name(scene: Scene, prefix: str, why: str) -> Iterator[Outcome]:
    env = scene.nats.env
    pod_name = next((str(item["name"]) for item in env if item.get("name") and _is_pod_name(item)), None)
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
        pattern = configured_names(scene.nats, scene.conf)
        if POD in pattern:
            if not pattern.startswith(prefix + POD):  # a rendering without a prefix; what follows the pod's name stays
                _require_once(scene, spelled.name)
                path = ("env", Item("name", spelled.name), "value")
                yield scene.in_container(RULE, why, Op("replace", path, f"{prefix}{entry['value']}"), source=SOURCE)
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


def _require_once(scene: Scene, name: str) -> None:
    """Raise where the container has a variable twice, of which Kubernetes takes the last.

    The chart writes its own SERVER_NAME beside one in `container.env` (charts 1.2.11, 1.3.16 and 2.14.2).
    """
    if sum(item.get("name") == name for item in scene.nats.env) > 1:
        raise NatsvaluesError(
            "NV-T003",
            f"the container has the variable {name} twice, and the region's prefix cannot be set",
            where=(scene.at_statefulset(f"env[name={name}]"),),
            hint=f"remove container.env.{name} from the chart's values: the chart has its own, which natsvalues edits",
        )


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
