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
    from natsvalues.manifests.plain import Plain
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
    rendering = configured(state)._replace(
        probes=probes,
        grace=float(pod.get("terminationGracePeriodSeconds", 30)),
        drains=drains_on_stop(container),
        parallel=state.spec.get("podManagementPolicy") == "Parallel",
        reloads=any("reload" in str(item.get("image", "")) for item in pod["containers"]),
        template=json.dumps(state.spec["template"], sort_keys=True, default=str),
        notes=tuple(notes),
    )
    return rendering._replace(balancers=balancers(rendering))


def configured(state: RegionState) -> Rendering:
    """A region's servers and their configuration, without what only a rehearsal needs."""
    nats = state.nats
    return Rendering(
        region=state.name,
        file=state.release.file,
        digest=state.release.digest(),
        state=state,
        files=_files(nats),
        config_file=config_path(nats.container_value) or "" if nats.plain is None else _deep_enough(nats.plain),
        probes=(),
        grace=0,
        drains=False,
        parallel=False,
        reloads=False,
        template="",
        balancers=(),
        monitor=monitor(state.conf),
        gateway_port=gateway_listen(state.conf),
    )


def _files(nats: Nats) -> dict[str, str]:
    """The files in the folder of nats.conf, by their paths from there."""
    if nats.plain is not None:
        return {"nats.conf": nats.plain.text, **{path: text.text for path, text in nats.plain.included.items()}}
    data = nats.config_map.value["data"].items()
    return {key: item for key, item in data if isinstance(item, str) and _FILE_NAME.fullmatch(str(key))}


def _deep_enough(plain: Plain) -> str:
    """A path for nats.conf from which those of its included files lead to no folder above the pod's own."""
    return "/" + "etc/" * max(path.count("../") + 1 for path in ("", *plain.included)) + "nats.conf"


def _require_servers(nats: Nats, spec: dict[str, Any]) -> None:
    replicas = spec.get("replicas", 1)
    if not isinstance(replicas, int) or replicas <= 0:
        raise NatsvaluesError(
            "NV-R003", f"StatefulSet `{nats.name}` has {replicas!r} replicas, so there is nothing to run",
            hint="render the release with the replicas that it has in production",
        )  # fmt: skip
