"""What a transform looks at: the release as it stands now, the NATS in it, and the region's plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.overlays.patches import Notice, Patch, appended
from natsvalues.text.paths import Item, Op, Path

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Manifest, Release
    from natsvalues.manifests.server import ServerVersion
    from natsvalues.overlays.plan import Plan

GATEWAY_PORT_NAME = "gateway"


class Scene(NamedTuple):
    """The input of every transform; made anew after each one."""

    release: Release
    nats: Nats
    plan: Plan
    version: ServerVersion
    services: tuple[Manifest, ...]
    conf: dict[str, Any]
    """What nats.conf means, variables by name."""
    had_jetstream: bool
    """Whether the release, as it was rendered, runs JetStream."""

    @property
    def gateway_listen(self) -> int:
        """The port the servers listen on for gateways: the rendering's, else the supercluster's."""
        return gateway_listen(self.conf) or self.plan.supercluster.gateway.port

    @property
    def monitor(self) -> tuple[int, Literal["HTTP", "HTTPS"]] | None:
        """Port and scheme of the monitoring endpoint; None where it is off."""
        for key in ("http_port", "monitor_port", "http"):
            port = _port(self.conf.get(key))
            if port:
                return port, "HTTP"
        port = _port(self.conf.get("https_port")) or _port(self.conf.get("https"))
        return (port, "HTTPS") if port else None

    @property
    def container_path(self) -> Path:
        """The path of the server's container inside the StatefulSet."""
        return ("spec", "template", "spec", "containers", Item("name", self.nats.container))

    @property
    def headless(self) -> Manifest | None:
        """The headless Service of the StatefulSet."""
        name = self.nats.statefulset.value["spec"].get("serviceName")
        return next((service for service in self.services if service.key.name == name), None)

    def in_conf(self, rule: str, why: str, *ops: Op, source: str = "") -> Patch:
        """A patch inside nats.conf."""
        return Patch(self.nats.config_map.key, ops, rule, why, source, self.nats.config_key)

    def in_statefulset(self, rule: str, why: str, *ops: Op, source: str = "") -> Patch:
        """A patch of the StatefulSet."""
        return Patch(self.nats.statefulset.key, ops, rule, why, source)

    def in_container(self, rule: str, why: str, *ops: Op, source: str = "") -> Patch:
        """A patch of the server's container; the paths are inside it."""
        moved = tuple(op._replace(path=(*self.container_path, *op.path)) for op in ops)
        return Patch(self.nats.statefulset.key, moved, rule, why, source)

    def with_variables(self, rule: str, why: str, *entries: dict[str, Any]) -> Patch:
        """A patch that gives the server's container these environment variables, in the place of namesakes."""
        present = {item.get("name") for item in self.nats.env}
        ops = [
            Op("replace", ("env", Item("name", entry["name"])), entry) for entry in entries if entry["name"] in present
        ]
        added = [entry for entry in entries if entry["name"] not in present]
        return self.in_container(rule, why, *ops, *appended(self.nats.env, ("env",), *added))

    def warning(self, message: str, *where: Where, hint: str = "") -> Notice:
        """A warning for the report."""
        return Notice("warning", message, where, hint)

    def at_conf(self, key: str = "") -> Where:
        """The place of nats.conf in the stream."""
        manifest = self.nats.config_map
        field = f'ConfigMap/{manifest.key.name} data["{self.nats.config_key}"]' + (f": {key}" if key else "")
        return self.release.where(manifest.line_of("data", self.nats.config_key), field)

    def at_statefulset(self, field: str) -> Where:
        """The place of the StatefulSet in the stream."""
        manifest = self.nats.statefulset
        return self.release.where(manifest.line, f"StatefulSet/{manifest.key.name}: {field}")


def gateway_listen(conf: dict[str, Any]) -> int | None:
    """The port that a configuration's gateway block names, as `port` or inside `listen`."""
    gateway = conf.get("gateway")
    return _port(gateway.get("port")) or _port(gateway.get("listen")) if isinstance(gateway, dict) else None


def _port(given: Any) -> int | None:
    """A port written as a number, or as `host:port`."""
    if isinstance(given, str):
        last = given.rpartition(":")[2]
        return int(last) if last.isdigit() else None
    return given if isinstance(given, int) and not isinstance(given, bool) and given > 0 else None


def jetstream_is_on(conf: dict[str, Any]) -> bool:
    """Whether a configuration turns JetStream on: a filled block, or a word such as `enabled` or true."""
    given = conf.get("jetstream", False)
    if isinstance(given, str):
        return given.lower() in ("enabled", "enable", "true")
    return given is True or (isinstance(given, dict) and given.get("enabled", True) is not False)


def overlay_error(code: str, message: str, plan: Plan, *path: str | int, hint: str = "") -> NatsvaluesError:
    """An error whose remedy is in the overlays."""
    return NatsvaluesError(code, message, where=(plan.where(*path),), hint=hint)
