"""Read one region's rendered release: the parts that a rehearsal runs."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart import Nats, config_path, find_nats
from natsvalues.manifests.release import Release
from natsvalues.manifests.server import UNKNOWN, parse_version
from natsvalues.manifests.settings import cluster_name, gateway, gateway_listen, monitor, settings
from natsvalues.overlays.server_conf import placed
from natsvalues.rehearsal.kubelet import KINDS, Probe
from natsvalues.rehearsal.rendering import ASSUMED, Rendering, container_ports
from natsvalues.rehearsal.services import balancers
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from natsvalues.overlays.model import NatsSelector


def read_rendering(text: str, file: str, selector: NatsSelector | None = None) -> Rendering:
    """Read one region's release; `selector` gives the NATS and its version if the release does not.

    Raises NatsvaluesError if there is no NATS, or none that can be run here.
    """
    release = Release(text, file)
    nats = find_nats(release, selector.name if selector else None, selector.namespace if selector else None)
    try:
        conf = settings(nats)
    except ConfSyntaxError as error:
        raise placed(release, nats, error) from None
    container = nats.container_value
    spec = nats.statefulset.value["spec"]
    pod = spec["template"]["spec"]
    watched = monitor(conf)
    probes, notes = _probes(container, watched)
    stated = selector.version if selector else None
    version = (parse_version(stated) if stated else None) or nats.version
    if version == UNKNOWN:
        notes.append(f"the image `{container.get('image')}` has no version in its tag; {ASSUMED} was run")
        version = ASSUMED
    stop = json.dumps((container.get("lifecycle") or {}).get("preStop") or {})
    rendering = Rendering(
        region=str(gateway(conf).get("name") or cluster_name(conf) or posixpath.basename(file).rpartition(".")[0]),
        file=file,
        digest=release.digest(),
        nats=nats,
        conf=conf,
        files={key: item for key, item in nats.config_map.value["data"].items() if isinstance(item, str)},
        config_file=config_path(container) or "",
        replicas=_replicas(nats, spec),
        version=version,
        probes=probes,
        grace=float(pod.get("terminationGracePeriodSeconds", 30)),
        drains="ldm" in stop,
        parallel=spec.get("podManagementPolicy") == "Parallel",
        reloads=any("reload" in str(item.get("image", "")) for item in pod["containers"]),
        template=json.dumps(spec["template"], sort_keys=True, default=str),
        balancers=(),
        monitor=watched,
        gateway_port=gateway_listen(conf),
        notes=tuple(notes),
    )
    return rendering._replace(balancers=balancers(release, rendering))


def _replicas(nats: Nats, spec: dict[str, Any]) -> int:
    replicas = spec.get("replicas", 1)
    if isinstance(replicas, int) and replicas > 0:
        return replicas
    raise NatsvaluesError(
        "NV-R003", f"StatefulSet `{nats.name}` has {replicas!r} replicas, so there is nothing to run",
        hint="render the release with the replicas that it has in production",
    )  # fmt: skip


def _probes(container: dict[str, Any], watched: tuple[int, str] | None) -> tuple[tuple[Probe, ...], list[str]]:
    probes: list[Probe] = []
    notes: list[str] = []
    ports = container_ports(container)
    for kind in KINDS:
        given = container.get(f"{kind}Probe")
        if not isinstance(given, dict):
            continue
        get: Any = given.get("httpGet")
        action: Any = get or given.get("tcpSocket")
        if not isinstance(action, dict):
            notes.append(f"the {kind} probe is neither HTTP nor TCP, and was not simulated")
            continue
        port = action.get("port")
        number = port if isinstance(port, int) else ports.get(str(port), watched[0] if watched else 0)
        probes.append(
            Probe(
                kind=kind,
                path=str(action.get("path") or "/") if action is get else "",
                port=number,
                scheme=str(action.get("scheme") or "HTTP").upper(),
                initial_delay=float(given.get("initialDelaySeconds") or 0),
                period=float(given.get("periodSeconds") or 10),
                timeout=float(given.get("timeoutSeconds") or 1),
                success=int(given.get("successThreshold") or 1),
                failure=int(given.get("failureThreshold") or 3),
            )
        )
    return tuple(probes), notes
