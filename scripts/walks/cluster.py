"""The regions' Kubernetes clusters: volumes by claim, and a StatefulSet controller for each region.

facts, from the StatefulSet controller with podManagementPolicy Parallel (the chart's): missing pods are created at
once; then, from the highest ordinal down, a pod of an older template is deleted, also if it is not ready, and each new
pod must be ready before the next goes. Pods that are scaled away go at once; their claims stay. A new pod finds
what its claim's volume has, and nothing else of the pod before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from typing import TYPE_CHECKING

from natsvalues.rehearsal.balancing import Balancer
from natsvalues.rehearsal.convergence import OK, missing
from natsvalues.rehearsal.groups import expected_groups
from natsvalues.rehearsal.world import World
from walks.git import PLACES, host

if TYPE_CHECKING:
    from natsvalues.rehearsal.pod import Pod
    from natsvalues.rehearsal.rendering import Rendering

SCALE = 20.0
_PAUSE = 0.15
_SETTLING = 10.0
"""Seconds that a new pod has before the next one goes: the chart's startup probe begins after ten."""
_STEADY = 1.5


class Clusters:
    """Every region's pods and load balancers, and what its StatefulSet should be."""

    def __init__(self, folder: str, net: int) -> None:
        self.world = World(PLACES, os.path.join(folder, "pods"), net, SCALE)
        self.world.names = {place: (_named(place),) for place in PLACES}
        self._volumes = os.path.join(folder, "volumes")
        self._wanted: dict[str, Rendering] = {}
        self._templates: dict[Pod, str] = {}
        self._ready: dict[Pod, float] = {}
        self._busy = asyncio.Lock()
        self._controllers = [asyncio.create_task(self._control(place)) for place in PLACES]
        self.failure: Exception | None = None

    # --- what helm does -----------------------------------------------------------------------------------

    async def apply(self, place: str, rendering: Rendering) -> None:
        """Install or upgrade a region: its ConfigMap, Services and StatefulSet; the controller does the rest."""
        async with self._busy:
            before = self._wanted.get(place)
            self._wanted[place] = rendering
            await self.world.take({place: rendering})
            await self.world.open_balancers(place)
            await self.world.start()  # of no region: only the monitoring begins
        if before is not None and before.template == rendering.template and before.files != rendering.files:
            for pod in self.world.pods[place][: before.replicas]:
                pod.reload()

    async def delete(self, place: str) -> None:
        """Uninstall a region; its volume claims stay."""
        async with self._busy:
            self._wanted.pop(place, None)
            for balancer in self.world.balancers.pop(place, []):
                await balancer.close()
            await asyncio.gather(*(pod.stop() for pod in self.world.pods.get(place, ())))
            self.world.renderings.pop(place, None)
            for pod in self.world.pods.get(place, ()):
                self._forget(pod)

    async def kill(self, *places: str) -> None:
        """End all servers of these regions at once, as when the power fails; their pods are created again."""
        async with self._busy:
            pods = [pod for place in places for pod in self.world.pods.get(place, ())]
            await asyncio.gather(*(pod.stop(graceful=False) for pod in pods))

    async def restart(self, place: str) -> None:
        """`kubectl rollout restart`."""
        for pod in self.world.pods.get(place, ()):
            self._templates[pod] = "restart"

    # --- waiting ------------------------------------------------------------------------------------------

    async def settled(self, seconds: float) -> bool:
        """Wait until every rollout is complete and everything is whole; false if the time passes first."""
        end = time.monotonic() + seconds
        since: float | None = None
        while time.monotonic() < end:
            if self.failure is not None:
                raise self.failure
            since = (since or time.monotonic()) if not self.lacking() else None
            if since is not None and time.monotonic() - since > _STEADY:
                return True
            await asyncio.sleep(_PAUSE)
        return False

    def lacking(self) -> tuple[str, ...]:
        """What is missing until all regions are whole; a meta group may still count servers that are gone."""
        now = self.world.now()
        sizes = {group.regions: group.size for group in expected_groups(now.renderings)}
        reasons = [
            f"{place}: {pod.name} has an older template"
            for place in self._wanted
            for pod in self.world.pods[place][: self._wanted[place].replicas]
            if self._templates.get(pod) != self._wanted[place].template
        ]
        for lack in missing(now):
            if lack.startswith("the meta group of "):
                known = next((key for key in sizes if f"of {', '.join(key)} has" in lack), ())
                shown = [pod.view.size for pod in now.pods if pod.region in known]
                if min(shown, default=0) >= sizes.get(known, 0):
                    continue
            reasons.append(lack)
        return tuple(reasons)

    def is_healthy(self, place: str) -> bool:
        """Whether every server of a region is ready and healthy, with JetStream and a leader."""
        rendering = self._wanted.get(place)
        if rendering is None:
            return False
        pods = self.world.pods[place][: rendering.replicas]
        return all(pod.ready and pod.view.status == OK and pod.view.jetstream for pod in pods) and (
            not rendering.state.is_clustered or all(pod.view.leader for pod in pods)
        )

    def together(self, place: str) -> set[str]:
        """The regions whose servers are in one meta group with a region's, by their renderings; at least itself."""
        groups = [set(group.regions) for group in expected_groups(self.world.renderings)]
        return {place}.union(*(group for group in groups if place in group))

    # --- the StatefulSet controller -----------------------------------------------------------------------

    async def _control(self, place: str) -> None:
        try:
            while True:
                async with self._busy:
                    await self._act(place)
                await asyncio.sleep(_PAUSE)
        except Exception as error:  # noqa: BLE001   # the walk raises it: a controller that ended would be a stuck walk
            self.failure = error

    async def _act(self, place: str) -> None:
        rendering = self._wanted.get(place)
        if rendering is None:
            return
        pods = self.world.pods[place]
        for pod in pods[rendering.replicas :]:
            if pod.runs:
                await pod.stop()
            self._forget(pod)
        pods = pods[: rendering.replicas]
        for pod in pods:
            if not pod.runs:
                self._start(pod, rendering)
        for pod in reversed(pods):
            if self._templates.get(pod) != rendering.template:
                await pod.stop()
                self._start(pod, rendering)
                return
            if not self._is_settled(pod, pods):
                return

    def _is_settled(self, pod: Pod, pods: list[Pod]) -> bool:
        """Whether the controller may go on: the pod is ready, and has had the time that the fast probes left out."""
        if not pod.ready:
            self._ready.pop(pod, None)
            return False
        since = self._ready.setdefault(pod, time.monotonic())
        healthy = all(item.ready and item.view.status == OK for item in pods)
        return healthy or time.monotonic() - since > _SETTLING

    def _start(self, pod: Pod, rendering: Rendering) -> None:
        self._forget(pod)
        self._templates[pod] = rendering.template
        if pod.charge is not None:
            shutil.rmtree(pod.folder, ignore_errors=True)
            pod.prepare(pod.charge)
            self._mount(pod, rendering)
            pod.keep_store()  # the pod has just what is mounted
        pod.start()

    def _forget(self, pod: Pod) -> None:
        self._templates.pop(pod, None)
        self._ready.pop(pod, None)

    def _mount(self, pod: Pod, rendering: Rendering) -> None:
        """Mount the volumes of the pod's claims, which outlive it."""
        templates = rendering.nats.statefulset.value["spec"].get("volumeClaimTemplates") or ()
        claims = {template["metadata"]["name"] for template in templates}
        for mount in rendering.nats.container_value.get("volumeMounts") or ():
            if mount["name"] in claims:
                claim = f"{mount['name']}-{rendering.pods[pod.ordinal]}"
                volume = os.path.join(self._volumes, pod.region, claim, mount.get("subPath") or "")
                at = pod.folder + os.path.join("/", mount["mountPath"])
                os.makedirs(volume, exist_ok=True)
                os.makedirs(os.path.dirname(at), exist_ok=True)
                os.symlink(volume, at)

    async def close(self) -> None:
        """End every process."""
        for task in self._controllers:
            task.cancel()
        await asyncio.gather(*self._controllers, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.world.close()
        self.world.kill_now()


def _named(place: str) -> Balancer:
    """The address that a region's name resolves to, also before its load balancer is there."""
    return Balancer(f"{place}-gateway", place, (host(place),), 7222, 7222, (), publish_not_ready=True)
