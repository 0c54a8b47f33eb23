"""All regions on real clusters: what their API servers and servers report, polled, and what kubectl changes there."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.server import parse_version
from natsvalues.outside import user_programs
from natsvalues.outside.api_server import ApiServer, PortForward
from natsvalues.rehearsal.addresses import named_balancers
from natsvalues.rehearsal.any_world import Access, AnyWorld
from natsvalues.rehearsal.cluster_objects import address_of, is_running, server_of, state_of
from natsvalues.rehearsal.cluster_region import Region
from natsvalues.rehearsal.login import client_port, user_of
from natsvalues.rehearsal.rendering import environment, made_up
from natsvalues.rehearsal.snapshot import Snapshot

if TYPE_CHECKING:
    from natsvalues.rehearsal.cluster_objects import Object
    from natsvalues.rehearsal.outcome import Site
    from natsvalues.rehearsal.rendering import Rendering

LOOK = 0.7
"""Seconds between two polls of a region."""
_UNREACHABLE = 60.0
"""Seconds after which an API server that does not answer ends the rehearsal."""
_FORWARDS = 2
"""Pods of a region to which a client may connect at a time: each needs a process of its own."""


class Clusters(AnyWorld):
    """One rehearsal's supercluster on real clusters. `open` must be called first."""

    def __init__(self, sites: dict[str, Site], kubeconfig: str | None, folder: str) -> None:
        super().__init__(1.0)
        self.sites = sites
        self.kubeconfig = kubeconfig
        self.regions: dict[str, Region] = {}
        self._apis = {
            context: ApiServer(self.context_words(context), os.path.join(folder, f"{number}.socket"))
            for number, context in enumerate(dict.fromkeys(site.context for site in sites.values()))
        }
        self._forwards: dict[tuple[str, str], PortForward] = {}
        self._looking: list[asyncio.Task[None]] = []
        self._logged: set[tuple[str, str]] = set()

    def context_words(self, context: str) -> list[str]:
        """The options with which kubectl uses a context."""
        return [f"--context={context}", *([f"--kubeconfig={self.kubeconfig}"] if self.kubeconfig else [])]

    async def open(self) -> None:
        """Start the proxies to the API servers."""
        await asyncio.gather(*(api.open() for api in self._apis.values()))

    # --- what is expected ----------------------------------------------------------------------------------

    async def take(self, renderings: dict[str, Rendering]) -> None:
        """Set what is expected in these regions, keep the others, and read what is there. Raises NatsvaluesError."""
        for key, rendering in renderings.items():
            if rendering.monitor is None:
                raise NatsvaluesError(
                    "NV-R039",
                    f"{key}: nats.conf has no monitoring port, so its servers cannot be watched",
                    hint="set `http_port: 8222`, which the chart does with config.monitor.enabled",
                )
            region = self.regions.get(key)
            if region is None:
                site = self.sites[key]
                self.regions[key] = region = Region(key, site, self._apis[site.context], rendering)
            region.rendering = rendering
        self.regions = {key: self.regions[key] for key in self.sites if key in self.regions}
        self._expect()
        await self.look(*renderings)
        self._require_different()
        watched = {task.get_name() for task in self._looking}
        self._looking += [
            asyncio.create_task(self._watch(self.regions[key]), name=key) for key in renderings if key not in watched
        ]

    def _require_different(self) -> None:
        """Raise NatsvaluesError (NV-R034) if two contexts lead to one StatefulSet."""
        owners: dict[str, str] = {}
        for key, region in self.regions.items():
            uid = region.statefulset.get("metadata", {}).get("uid", key)
            if owners.setdefault(uid, key) != key:
                raise NatsvaluesError(
                    "NV-R034",
                    f"the contexts of {owners[uid]} and {key} lead to the same StatefulSet",
                    hint="each region needs a cluster or a namespace of its own",
                )

    async def require_empty(self, region: str, rendering: Rendering) -> None:
        """Raise NatsvaluesError (NV-R039) if volumes of an earlier release would be used again."""
        site = self.sites[region]
        statefulset = f"/apis/apps/v1/namespaces/{site.namespace}/statefulsets/{rendering.nats.name}"
        if await self._apis[site.context].read(statefulset) is not None:
            raise NatsvaluesError(
                "NV-R039",
                f"{region}: {site.key} has a StatefulSet `{rendering.nats.name}` already",
                hint="a first install needs a namespace without it: uninstall the release, or use another namespace",
            )
        path = f"/api/v1/namespaces/{site.namespace}/persistentvolumeclaims"
        present = {item["metadata"]["name"] for item in (await self._apis[site.context].read(path) or {})["items"]}
        templates = rendering.state.spec.get("volumeClaimTemplates") or []
        wanted = {f"{item['metadata']['name']}-{pod}" for item in templates for pod in rendering.pods}
        if present & wanted:
            raise NatsvaluesError(
                "NV-R039",
                f"{region}: {site.key} still has volumes of an earlier release: {', '.join(sorted(present & wanted))}",
                hint="a first install needs empty stores: delete these volume claims, or use another namespace",
            )

    def _expect(self) -> None:
        self.renderings = {key: region.rendering for key, region in self.regions.items()}
        for key, balancers in named_balancers(self.renderings).items():
            self.regions[key].balancers = balancers
        for key, region in self.regions.items():
            self.versions[key] = region.version or str(region.rendering.version)

    async def look(self, *regions: str) -> None:
        """Read these regions now; what is known afterwards is not older than the call."""
        await asyncio.gather(*(self.regions[key].poll() for key in regions))
        for key, region in self.regions.items():
            if key in regions:
                self._record(region)

    async def _watch(self, region: Region) -> None:
        while True:
            await asyncio.sleep(LOOK)
            try:
                await region.poll()
            except NatsvaluesError as error:
                if time.monotonic() - region.answered > _UNREACHABLE:
                    region.fault = error
                    return
                continue
            self._record(region)

    def _record(self, region: Region) -> None:
        """Add what has changed to the timeline."""
        version = parse_version(region.version)
        if version is not None and self.versions[region.key] != region.version:
            state = region.rendering.state._replace(version=version)
            region.rendering = region.rendering._replace(state=state)
            self._expect()
        for pod in region.pods_now():
            self.tell("pod", pod.name, pod.state)
            self.tell_view(pod.name, pod.view)
            if pod.waiting_on is not None:
                status, text = pod.answer
                self.tell("probe", f"{pod.name} {pod.waiting_on.kind}", str(status or text))
            words = list(pod.troubles.values())
            words += [f"restart {pod.restarts}: exit code {pod.exit_code}"] if pod.restarts else []
            for text in words:
                if (pod.name, text) not in self._logged:
                    self._logged.add((pod.name, text))
                    self.tell("log", pod.name, text)
        for item in region.balancers_now():
            self.tell("balancer", item.key, f"{len(item.backends)} of {item.candidates}")

    # --- what is there -------------------------------------------------------------------------------------

    def now(self) -> Snapshot:
        """A snapshot of the last polls. Raises the error of an API server that does not answer any more."""
        for region in self.regions.values():
            if region.fault is not None:
                raise region.fault
        regions = self.regions.values()
        pods = tuple(pod for region in regions for pod in region.pods_now())
        balancers = tuple(item for region in regions for item in region.balancers_now())
        return Snapshot(self.seconds, self.renderings, pods, balancers, frozenset(), self.fresh)

    @property
    def cpu(self) -> float:
        """Unknown: the servers run elsewhere."""
        return 0

    def addresses(self) -> dict[str, str]:
        """The addresses that the load balancers have."""
        return {
            item.key: address_of(region.services.get(item.name))
            for region in self.regions.values()
            for item in region.balancers
        }

    # --- what is changed -----------------------------------------------------------------------------------

    async def delete(self, region: str, pods: tuple[str, ...], *, at_once: bool = False) -> None:
        """Delete pods; `at_once` without their grace period. Returns when the API server has accepted it."""
        words = ["--grace-period=0", "--force"] if at_once else []
        await self.kubectl(region, "delete", "pod", *pods, "--wait=false", "--ignore-not-found", *words)

    def running(self, *regions: str) -> frozenset[str]:
        """The identities of the pods of these regions whose server runs, those that end among them."""
        return frozenset(
            str(pod["metadata"]["uid"])
            for region in regions
            for pod in self.regions[region].pods.values()
            if is_running(pod, server_of(self.regions[region].rendering))
        )

    async def restart_rollout(self, region: str) -> None:
        """Begin a rolling update with the same template, as `kubectl rollout restart` does."""
        await self.kubectl(region, "rollout", "restart", f"statefulset/{self.renderings[region].nats.name}")

    async def kubectl(self, region: str, *words: str) -> None:
        """Run kubectl in a region's namespace, and read the region again. Raises NatsvaluesError."""
        await user_programs.output([user_programs.kubectl(), *words, *self.regions[region].words])
        await self.look(region)

    # --- clients -------------------------------------------------------------------------------------------

    def access(self, region: str, account: str = "") -> Access | str:
        """The login in nats.conf, if it needs no Secret and no certificate."""
        rendering = self.renderings[region]
        if rendering.conf.get("tls"):
            return "clients need TLS, whose certificates are not read"
        unknown = made_up(rendering)
        variables = {name: text for name, text in environment(rendering, "", "").items() if name not in unknown}
        known = user_of(rendering, variables, account)
        return known if isinstance(known, str) else Access(known, None)

    async def listeners(self, region: str) -> tuple[str, ...]:
        """Local ports that lead to the region's first pods."""
        there = self.regions[region]
        forwards = await asyncio.gather(*(self._forward(there, pod) for pod in there.served()[:_FORWARDS]))
        return tuple(forward.listener for forward in forwards if forward is not None)

    async def _forward(self, region: Region, pod: Object) -> PortForward | None:
        """The way to one pod: that which is there, or a new one."""
        key = (region.key, pod["metadata"]["uid"])
        known = self._forwards.get(key)
        if known is None or not known.is_open:
            if known is not None:
                await known.close()
            name, port = pod["metadata"]["name"], client_port(region.rendering)
            known = self._forwards[key] = PortForward(region.words, name, port)
        return known if await known.opened() else None

    def serves(self, region: str, listener: str) -> bool:
        """Whether the pod behind a local port is still there, and not ending."""
        there = self.regions[region]
        for (key, uid), forward in self._forwards.items():
            if key == region and forward.listener == listener and forward.is_open:
                pods = [item for item in there.pods.values() if item["metadata"]["uid"] == uid]
                return any(state_of(item, server_of(there.rendering)) not in ("down", "stopping") for item in pods)
        return False

    # --- ending --------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """End the proxies and forwards; the releases stay as they are."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        await asyncio.gather(*(item.close() for item in self._helpers()))

    def kill_now(self) -> None:
        """End the proxies and forwards without an event loop."""
        for item in self._helpers():
            item.kill_now()

    def _helpers(self) -> list[PortForward | ApiServer]:
        return [*self._forwards.values(), *self._apis.values()]
