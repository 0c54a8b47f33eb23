"""Ask the servers of all regions through their API servers, and the gateways from here: read-only, bounded in time."""

from __future__ import annotations

import asyncio
import os
import tempfile
from typing import TYPE_CHECKING

from natsvalues.manifests.settings import monitor
from natsvalues.outside.api_server import ApiServer
from natsvalues.outside.loopback import accepts
from natsvalues.rehearsal.cluster_objects import is_rolled_out
from natsvalues.rehearsal.plan_seen import ASKED, region_seen, server_seen
from natsvalues.runbook.checking import Seen

if TYPE_CHECKING:
    from natsvalues.outside.loopback import Answer
    from natsvalues.rehearsal.cluster_objects import Object
    from natsvalues.runbook.commands import Target
    from natsvalues.runbook.place import Place

SECONDS = 4.0
_DIAL = 2.0


def ask_all(places: dict[str, Place], targets: dict[str, Target]) -> dict[str, Seen]:
    """What the servers of every region say. Raises NatsvaluesError if an API server refuses."""
    return asyncio.run(_all(places, targets))


async def _all(places: dict[str, Place], targets: dict[str, Target]) -> dict[str, Seen]:
    with tempfile.TemporaryDirectory(prefix="natsvalues-") as folder:
        contexts = dict.fromkeys(target.context for target in targets.values() if target.context)
        apis = {
            context: ApiServer(_words(context, targets), os.path.join(folder, f"{number}.socket"))
            for number, context in enumerate(contexts)
        }
        try:
            await asyncio.gather(*(api.open() for api in apis.values()))
            names = [name for name, place in places.items() if name in targets and targets[name].context]
            answers = await asyncio.gather(
                *(_region(places[name], targets[name], apis[targets[name].context]) for name in names)
            )
        finally:
            await asyncio.gather(*(api.close() for api in apis.values()))
    return dict(zip(names, answers, strict=True))


def _words(context: str, targets: dict[str, Target]) -> list[str]:
    file = next(target.kubeconfig for target in targets.values() if target.context == context)
    return [f"--context={context}", *([f"--kubeconfig={file}"] if file else [])]


async def _region(place: Place, target: Target, api: ApiServer) -> Seen:
    host, _, port = target.gateway.rpartition(":")
    # A region that leaves has no overlay any more, which would name its gateway.
    reached = await accepts(host.strip("[]"), int(port), _DIAL) if target.gateway else None
    watched = monitor(place.state.conf) if place.state is not None else None
    if place.state is None or watched is None:
        return Seen(reached=reached)
    namespace, pods = target.namespace or "default", place.state.pods
    answers = await asyncio.gather(*(_server(api, f"{namespace}/{pod}", *watched) for pod in pods))
    wanted = await api.read(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{place.state.nats.name}")
    known = (server_seen(pod, item) for pod, item in zip(pods, answers, strict=True))
    seen = region_seen(place.region, known, place.cluster, reached=reached)
    return seen._replace(running=(wanted or {}).get("spec", {}).get("replicas"), rollout=_rollout(wanted or {}))


def _rollout(statefulset: Object) -> str:
    """How far a rolling update is that has not ended."""
    if not statefulset or is_rolled_out(statefulset):
        return ""
    status, wanted = statefulset.get("status") or {}, statefulset["spec"].get("replicas", 1)
    words = (f"{status.get(f'{key}Replicas') or 0} of {wanted} {key}" for key in ("updated", "ready"))
    return f"the rolling update has not ended: {', '.join(words)}"


async def _server(api: ApiServer, pod: str, port: int, scheme: str) -> list[Answer]:
    return await asyncio.gather(*(api.ask_pod(pod, port, path, scheme=scheme, seconds=SECONDS) for path in ASKED))
