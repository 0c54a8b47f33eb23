"""Ask the servers of all regions through their API servers, and the gateways from here: read-only, bounded in time."""

from __future__ import annotations

import asyncio
import os
import tempfile
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.settings import monitor
from natsvalues.outside.api_server import ApiServer
from natsvalues.outside.loopback import accepts
from natsvalues.rehearsal.monitoring import table
from natsvalues.runbook.checking import OK, Seen, Server
from natsvalues.runbook.stores import REQUEST, read_stores

if TYPE_CHECKING:
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
    reached = await accepts(host.strip("[]"), int(port), _DIAL)
    watched = monitor(place.state.conf) if place.state is not None else None
    if place.state is None or watched is None:
        return Seen(reached=reached)
    answers = await asyncio.gather(
        *(_server(api, f"{target.namespace or 'default'}/{pod}", *watched) for pod in place.state.pods)
    )
    namespace = target.namespace or "default"
    wanted = await api.read(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{place.state.nats.name}")
    texts = [(text, f"{place.region}: {server.pod}") for server, text in answers if text]
    try:
        stores = read_stores(texts) if texts else None
    except NatsvaluesError:  # something else listens there
        stores = None
    servers = tuple(server for server, _ in answers)
    return Seen(servers, stores, (wanted or {}).get("spec", {}).get("replicas"), place.cluster, reached)


async def _server(api: ApiServer, pod: str, port: int, scheme: str) -> tuple[Server, str]:
    """One server, and its answer to /jsz; empty if it has none."""
    health, names, gateways, js = await asyncio.gather(
        *(
            api.ask_pod(pod, port, path, scheme=scheme, seconds=SECONDS)
            for path in ("/healthz", "/varz", "/gatewayz", REQUEST)
        )
    )
    reason = "" if health.status == OK else str(table(health.body).get("error") or health.body)[:120]
    links = table(gateways.body).get("outbound_gateways") or {}
    outbound = tuple(name for name, link in links.items() if isinstance(link, dict) and link.get("connection"))
    name = str(table(names.body).get("server_name") or "")
    return Server(pod.partition("/")[2], health.status, reason, name, outbound), js.body if js.status == OK else ""
