"""The input of a transform: the release with the edits so far, the NATS in it, and the region's plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.settings import gateway_listen, monitor
from natsvalues.overlays.patches import Notice, Patch, appended
from natsvalues.records import NamedTuple
from natsvalues.text.paths import Item, Op, Path

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Manifest, Release
    from natsvalues.manifests.server import ServerVersion
    from natsvalues.overlays.plan import Plan


class Scene(NamedTuple):
    """The input of every transform; created again after each one."""

    release: Release
    nats: Nats
    plan: Plan
    version: ServerVersion
    services: tuple[Manifest, ...]
    conf: dict[str, Any]
    """The value of nats.conf, variables by name."""
    had_jetstream: bool
    """Whether the release, as it was rendered, runs JetStream."""

    @property
    def gateway_listen(self) -> int:
        """The port the servers listen on for gateways: the rendering's, else the supercluster's."""
        return gateway_listen(self.conf) or self.plan.supercluster.gateway.port

    @property
    def monitor(self) -> tuple[int, Literal["HTTP", "HTTPS"]] | None:
        """Port and scheme of the monitoring endpoint; None where it is off."""
        return monitor(self.conf)

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
        """A patch that gives the server's container these environment variables, replacing those of the same name."""
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


def overlay_error(code: str, message: str, plan: Plan, *path: str | int, hint: str = "") -> NatsvaluesError:
    """An error whose remedy is in the overlays."""
    return NatsvaluesError(code, message, where=(plan.where(*path),), hint=hint)
