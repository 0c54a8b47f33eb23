"""Check the edited nats.conf as the server reads it: what the user wrote is a warning, what edits add is an error.

A fault of the chart's values was there before: the servers do not start with or without natsvalues, and the user sees
why. What an edit or a patch of an overlay adds would make a working release one that does not start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.conf.of_nats import server_faults
from natsvalues.manifests.settings import settings
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.server_conf import line_of
from natsvalues.text.paths import dotted

if TYPE_CHECKING:
    from natsvalues.errors import Where
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.conf.check import Fault
    from natsvalues.overlays.scene import Scene


def conf_notices(scene: Scene, rendered: Nats) -> list[Notice]:
    """A warning for each fault that the rendering had, with its line; raises NatsvaluesError for one that is new."""
    faults = [fault for fault in _faults(scene, scene.nats) if fault.by != "test"]  # those are for lint
    if not faults:
        return []
    known = {fault.identity for fault in _faults(scene, rendered)}
    for fault in faults:
        if fault.identity not in known and fault.stops_server:
            raise NatsvaluesError(
                "NV-C006",
                f"{scene.version.program} would not start with the edited nats.conf: {fault.message}",
                where=(*_patched(scene, fault), scene.at_conf(dotted(fault.path))),
                hint=fault.remedy,
            )
    return [_warning(scene, rendered, fault) for fault in faults if fault.identity in known]


def _faults(scene: Scene, nats: Nats) -> list[Fault]:
    return server_faults(nats, settings(nats), scene.version)


def _warning(scene: Scene, rendered: Nats, fault: Fault) -> Notice:
    field = f"{rendered.config_map.key} {rendered.config_key}" + (f": {dotted(fault.path)}" if fault.path else "")
    where = scene.release.where(line_of(rendered, fault.path), field)
    does = f"{scene.version.program} does not start with this nats.conf: " if fault.stops_server else "nats.conf: "
    return Notice("warning", does + fault.message, (where,), fault.remedy, fault.path)


def _patched(scene: Scene, fault: Fault) -> list[Where]:
    """The operation of the overlay's patches that touches the fault."""
    for number, patch in enumerate(scene.plan.region.patches):
        for index, operation in enumerate(patch.ops if patch.target.file else ()):
            path = [part for part in str(operation.get("path", "")).split("/") if part]
            if path[: len(fault.path)] == [str(part) for part in fault.path][: len(path)]:
                return [scene.plan.positions.where("patches", number, "ops", index)]
    return []
