"""Read one region's rendered release: the parts that a rehearsal runs."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import Nats, config_path, drains_on_stop, find_nats
from natsvalues.manifests.probes import read_probes
from natsvalues.manifests.release import Release
from natsvalues.manifests.settings import gateway_listen, monitor
from natsvalues.overlays.server_conf import placed
from natsvalues.rehearsal.rendering import ASSUMED, Rendering
from natsvalues.rehearsal.services import balancers
from natsvalues.supercluster.region_state import region_state
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from natsvalues.overlays.model import NatsSelector
    from natsvalues.supercluster.region_state import RegionState

_FILE_NAME = re.compile(r"(?!\.\.)[-._a-zA-Z0-9]+")
"""The keys that the API server accepts in a ConfigMap: no other one becomes a file."""


def read_rendering(text: str, file: str, selector: NatsSelector | None = None) -> Rendering:
    """Read one region's release; `selector` gives the NATS and its version if the release does not.

    Raises NatsvaluesError if there is no NATS, or none that can be run here.
    """
    release = Release(text, file)
    nats = find_nats(release, selector.name if selector else None, selector.namespace if selector else None)
    try:
        state = region_state(release, nats, version=selector.version if selector else None)
    except ConfSyntaxError as error:
        raise placed(release, nats, error) from None
    _require_servers(nats, state.spec)
    return rendering_of(state)


def rendering_of(state: RegionState) -> Rendering:
    """What is run of a region that was read already."""
    nats, file = state.nats, state.release.file
    container = nats.container_value
    pod = state.spec["template"]["spec"]
    monitored = monitor(state.conf)
    probes, others = read_probes(container, monitored[0] if monitored else 0)
    notes = [f"the {kind} probe is neither HTTP nor TCP, and was not simulated" for kind in others]
    if not state.version.known:
        notes.append(f"the image `{container.get('image')}` has no version in its tag; {ASSUMED} was run")
        state = state._replace(version=ASSUMED)
    if not state.name:
        state = state._replace(name=posixpath.basename(file).rpartition(".")[0])
    rendering = Rendering(
        region=state.name,
        file=file,
        digest=state.release.digest(),
        state=state,
        files={
            key: item
            for key, item in nats.config_map.value["data"].items()
            if isinstance(item, str) and _FILE_NAME.fullmatch(str(key))
        },
        config_file=config_path(container) or "",
        probes=probes,
        grace=float(pod.get("terminationGracePeriodSeconds", 30)),
        drains=drains_on_stop(container),
        parallel=state.spec.get("podManagementPolicy") == "Parallel",
        reloads=any("reload" in str(item.get("image", "")) for item in pod["containers"]),
        template=json.dumps(state.spec["template"], sort_keys=True, default=str),
        balancers=(),
        monitor=monitored,
        gateway_port=gateway_listen(state.conf),
        notes=tuple(notes),
    )
    return rendering._replace(balancers=balancers(rendering))


def _require_servers(nats: Nats, spec: dict[str, Any]) -> None:
    replicas = spec.get("replicas", 1)
    if not isinstance(replicas, int) or replicas <= 0:
        raise NatsvaluesError(
            "NV-R003", f"StatefulSet `{nats.name}` has {replicas!r} replicas, so there is nothing to run",
            hint="render the release with the replicas that it has in production",
        )  # fmt: skip
