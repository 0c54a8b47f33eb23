"""One region on a real cluster: its objects as of the last poll, and what its servers answered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from natsvalues.manifests.settings import POD, server_names
from natsvalues.rehearsal.cluster_objects import (
    Heard,
    balancer_now,
    is_leaving,
    is_ready,
    is_running,
    pod_now,
    restarts_of,
    server_of,
    waited_on,
)
from natsvalues.rehearsal.convergence import OK
from natsvalues.rehearsal.monitoring import MONITORED, table, view_of
from natsvalues.rehearsal.snapshot import BalancerNow, PodNow, View, trouble_in, words_of

if TYPE_CHECKING:
    from natsvalues.errors import NatsvaluesError
    from natsvalues.outside.api_server import ApiServer
    from natsvalues.rehearsal.balancing import Balancer
    from natsvalues.rehearsal.cluster_objects import Object
    from natsvalues.rehearsal.outcome import Site
    from natsvalues.rehearsal.rendering import Rendering

_LOG_EVERY = 5.0
_LOG = "container={}&tailLines=200&sinceSeconds=120"
_LAST_WORDS = "container={}&tailLines=20&previous=true"


class Region:
    """One region on its cluster. `before`: by uid, restarts from before the rehearsal; `fault` ends it."""

    def __init__(self, key: str, site: Site, api: ApiServer, rendering: Rendering) -> None:
        self.key = key
        self.site = site
        self.api = api
        self.rendering = rendering
        self.statefulset: Object = {}
        self.pods: dict[str, Object] = {}
        self.services: dict[str, Object | None] = {}
        self.slices: list[Object] = []
        self.balancers: tuple[Balancer, ...] = ()
        self.heard: dict[str, Heard] = {}
        self.before: dict[str, int] = {}
        self.version = ""
        self.polls = 0
        self.answered = time.monotonic()
        self.fault: NatsvaluesError | None = None
        self._logs: dict[str, float] = {}
        self._polling = asyncio.Lock()

    @property
    def words(self) -> list[str]:
        """The options of kubectl that select its namespace, too."""
        return [*self.api.words, f"--namespace={self.site.namespace}"]

    async def poll(self) -> None:
        """Read everything once, after a poll that runs has ended: what is known then is not older than the call.

        Raises NatsvaluesError if the API server does not give it.
        """
        async with self._polling:
            await self._poll()

    async def _poll(self) -> None:
        namespace, nats = self.site.namespace, self.rendering.nats
        core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"
        discovery = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        statefulset, pods, slices, *services = await asyncio.gather(
            self.api.read(f"{apps}/statefulsets/{nats.name}"),
            self.api.read(f"{core}/pods?{_selector(self.rendering)}"),
            self.api.read(discovery),
            *(self.api.read(f"{core}/services/{item.name}") for item in self.balancers),
        )
        self.statefulset = statefulset or {}
        wanted = set(self.rendering.pods)
        self.pods = {
            item["metadata"]["name"]: item
            for item in (pods or {}).get("items", ())
            if item["metadata"]["name"] in wanted
        }
        self.slices = list((slices or {}).get("items", ()))
        self.services = dict(zip((item.name for item in self.balancers), services, strict=True))
        await asyncio.gather(*(self._ask(name, pod) for name, pod in self.pods.items()))
        for name in set(self.heard) - set(self.pods):
            del self.heard[name]
        if not self.polls:
            self.before = {
                item["metadata"]["uid"]: restarts_of(item, server_of(self.rendering)) for item in self.pods.values()
            }
        self.polls += 1
        self.answered = time.monotonic()

    async def _ask(self, name: str, pod: Object) -> None:
        """Ask one pod's server, and read its log where something is wrong."""
        container = server_of(self.rendering)
        if not is_running(pod, container) or is_leaving(pod):
            troubles = await self._troubles(name, pod) if not is_leaving(pod) else {}
            self.heard[name] = Heard(troubles=troubles)
            return
        port, scheme = self.rendering.monitor or (0, "")
        target = f"{self.site.namespace}/{name}"
        probe = waited_on(pod, self.rendering)
        requests = [self.api.ask_pod(target, port, path, scheme=scheme) for path in MONITORED]
        if probe is not None and probe.path:
            requests.append(self.api.ask_pod(target, probe.port, probe.path, scheme=probe.scheme))
        health, js, gateways, *probed = await asyncio.gather(*requests)
        view = view_of(server_names(self.rendering.nats, self.rendering.conf).replace(POD, name), health, js, gateways)
        if view.status == OK and not self.version:
            varz = await self.api.ask_pod(target, port, "/varz", scheme=scheme)
            self.version = str(table(varz.body).get("version") or "")
        well = view.status == OK and is_ready(pod) and self._is_linked(view)
        troubles = {} if well else await self._troubles(name, pod)
        answer = (probed[0].status, probed[0].body[:500]) if probed else (0, "")
        self.heard[name] = Heard(view, answer, troubles)

    def _is_linked(self, view: View) -> bool:
        return {remote.name for remote in self.rendering.state.remotes} <= {*view.outbound, self.rendering.gateway_name}

    async def _troubles(self, name: str, pod: Object) -> dict[str, str]:
        """What the last minutes of a pod's log report, read anew every few seconds."""
        known = self.heard[name].troubles if name in self.heard else {}
        if time.monotonic() - self._logs.get(name, 0) < _LOG_EVERY:
            return known
        self._logs[name] = time.monotonic()
        container = server_of(self.rendering)
        base = f"/api/v1/namespaces/{self.site.namespace}/pods/{name}/log?"
        requests = [_LOG] if is_running(pod, container) else []
        restarted = restarts_of(pod, container) > self.before.get(pod["metadata"]["uid"], 0)
        requests += [_LAST_WORDS] if restarted else []
        texts = [await self.api.get(base + query.format(container)) for query in requests]
        lines = [line for text in reversed(texts) if text.status == OK for line in text.body.splitlines()]
        troubles = {str(kind): words_of(line) for line in lines if (kind := trouble_in(line)) is not None}
        if restarted and "fatal" not in troubles and not is_running(pod, container):
            troubles["ended"] = words_of(lines[-1]) if lines else "it printed nothing"
        return troubles

    def pods_now(self) -> tuple[PodNow, ...]:
        """The pods that are expected, as plain values."""
        pods = []
        for name in self.rendering.pods:
            pod = self.pods.get(name)
            before = self.before.get(pod["metadata"]["uid"], 0) if pod is not None else 0
            heard = self.heard.get(name, Heard())
            pods.append(pod_now(pod, f"{self.key}/{name}", self.rendering, heard, before))
        return tuple(pods)

    def balancers_now(self) -> tuple[BalancerNow, ...]:
        """The load balancers that are expected, as plain values."""
        return tuple(balancer_now(item, self.services.get(item.name), self.slices) for item in self.balancers)

    def served(self) -> tuple[Object, ...]:
        """The pods that accept clients: the ready ones; if there are none, all whose server runs."""
        container = server_of(self.rendering)
        running = [pod for pod in self.pods.values() if is_running(pod, container) and not is_leaving(pod)]
        return tuple([pod for pod in running if is_ready(pod)] or running)


def _selector(rendering: Rendering) -> str:
    labels = rendering.state.spec.get("selector", {}).get("matchLabels") or {}
    return "labelSelector=" + ",".join(f"{name}%3D{value}" for name, value in labels.items()).replace("/", "%2F")
