"""The stage on loopback: load balancers and pods are our own, and do what a scenario needs."""

from __future__ import annotations

import asyncio
import posixpath
from typing import TYPE_CHECKING

from natsvalues.rehearsal.convergence import is_steady
from natsvalues.rehearsal.stage import HOLD, Aims, Stage, Step, all_of
from natsvalues.text.natsconf import ConfEditError, ConfOp, edit

if TYPE_CHECKING:
    from natsvalues.rehearsal.pod import Pod
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.world import World


class LoopbackStage(Stage):
    """One scenario's stage on loopback."""

    world: World

    def __init__(self, world: World, steps: tuple[Step, ...], aims: Aims) -> None:
        super().__init__(world, steps, aims)

    async def install(self, step: Step) -> None:
        """Start what these renderings have, all at once; running pods are rolled."""
        await self.world.take(step.renderings)
        await self.arrive(*step.renderings)

    async def restart(self, *regions: str) -> None:
        """Stop all pods of these regions, then start them."""
        await self.world.stop(*regions)
        running = self.world.renderings
        stored = {key for key in regions if running[key].state.has_jetstream}
        emptied = {key for key in stored if not running[key].state.store_survives}
        self.emptied |= emptied
        everywhere = {key for key, item in running.items() if item.state.has_jetstream}
        self.world.fresh = self.world.fresh or emptied == everywhere != set()
        await self.world.start(*regions)

    async def lose(self, pod: str) -> None:
        """Kill a pod's server, and start it again later."""
        (lost,) = (item for pods in self.world.pods.values() for item in pods if item.name == pod)
        await lost.stop(graceful=False)
        await self.hold(HOLD)
        survives = self.world.renderings[lost.region].state.store_survives
        self.phase(f"{pod} back, {'with its' if survives else 'with an empty'} store")
        lost.start()

    async def leave(self) -> None:
        """Nothing: everything that runs here ends with the world."""

    # --- starting ------------------------------------------------------------------------------------------

    async def arrive(self, *regions: str, without: str = "") -> None:
        """Start the load balancers and pods of these regions, all at once; running pods are rolled."""
        await self.world.open_balancers(*(region for region in regions if region != without))
        new = [region for region in regions if not any(pod.runs for pod in self.world.pods[region])]
        await self.world.start(*new)
        for region in regions:
            if region not in new:
                await self.roll(region)

    async def warm_up(self, step: Step | None = None) -> None:
        """Start a supercluster that runs and has streams, whatever the manifests allow.

        Load balancers send to all pods; regions with their own meta group boot without remotes first; if a server's
        version elects early, one region starts first, and the other regions' servers follow one by one.
        """
        step = step or self.steps[-1]
        self.phase("warm-up")
        world = self.world
        world.note("to warm up, load balancers send to all pods, whatever the manifests say")
        alone = _without_remotes(step.renderings)
        if alone:
            await world.take(step.renderings | alone)
            world.admit(everyone=True)
            await self.arrive(*step.renderings)
            await self.converged()
            await world.stop(*step.renderings)
            for pod in (pod for pods in world.pods.values() for pod in pods):
                pod.keep_store()
            world.fresh = False
        await world.take(step.renderings)
        world.admit(everyone=True)
        await world.open_balancers(*step.renderings)
        clustered = [item for item in step.renderings.values() if item.state.is_clustered]
        if not alone and not all(item.version.needs_all_votes for item in clustered):
            await self._start_carefully(step)
        await world.start(*(key for key in step.renderings if not any(pod.runs for pod in world.pods[key])))
        await self.converged()
        world.fresh = False
        world.admit(everyone=False)
        await self.make_streams()

    async def _start_carefully(self, step: Step) -> None:
        """One region elects a leader; then the others' servers come one by one, so that none can elect another."""
        first, *others = [key for key, item in step.renderings.items() if item.state.is_clustered]
        await self.world.start(first)
        await self.wait(self._follow_one_leader, self.patience / 2)
        for pod in (pod for key in others for pod in self.world.pods[key]):
            pod.start()
            await self.wait(self._follow_one_leader, self.patience / 4)

    def _follow_one_leader(self) -> bool:
        """Whether all running servers are in one meta group with one leader."""
        views = [pod.view for pods in self.world.pods.values() for pod in pods if pod.runs]
        return len({view.leader for view in views} - {""}) == 1 and {view.size for view in views} == {len(views)}

    # --- changing ------------------------------------------------------------------------------------------

    async def roll(self, region: str) -> None:
        """Restart a region's pods as its StatefulSet would: from the last to the first, each once the last is ready.

        facts: of a Parallel one, Kubernetes 1.37 replaces the pods that are not ready all at once, before the others.
        """
        rendering = self.world.renderings[region]
        strategy = rendering.nats.statefulset.value["spec"].get("updateStrategy") or {}
        kept = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
        if strategy.get("type") == "OnDelete":
            self.world.note(f"{region}: updateStrategy is OnDelete; the pods were deleted one by one, by hand")
        pods = self.world.pods[region][: rendering.replicas]
        at_once = []
        if rendering.parallel and strategy.get("type") != "OnDelete":
            at_once = [pod for pod in pods[kept:] if not pod.ready]
        if at_once:
            self.world.note(f"{region}: {len(at_once)} pods were not ready, and were replaced at once")
            await asyncio.gather(*(pod.stop() for pod in at_once))
            for pod in at_once:
                pod.start()
            for pod in at_once:
                await self._until_ready(pod)
        for pod in (pod for pod in reversed(pods) if pod not in at_once):
            if pod.ordinal < kept:
                self.world.note(f"{region}: the partition keeps {pod.name} as it was")
                continue
            await pod.stop()
            pod.start()
            await self._until_ready(pod)

    async def _until_ready(self, pod: Pod) -> None:
        """Wait as a StatefulSet does; then for the time that the scaled kubelet saved, since servers are not faster."""
        try:
            async with asyncio.timeout(self.patience):
                await pod.become_ready()
        except TimeoutError:
            raise self.stuck() from None
        probes = pod.charge.rendering.probes if pod.charge is not None else ()
        saved = sum(probe.initial_delay + probe.period for probe in probes if probe.kind != "liveness")
        await self.wait(lambda: is_steady(self.world.now()), saved * (1 - 1 / self.world.scale))

    async def go_to(self, step: Step) -> None:
        """Install or upgrade the regions of a step, as helm and Kubernetes would; together, or one after the other."""
        before = {region: self.world.renderings.get(region) for region in step.renderings}
        if self.at_once:
            await self.world.take(step.renderings)
            await self.world.open_balancers(*step.renderings)
            await all_of(*(self._change(region, old, step.renderings[region]) for region, old in before.items()))
            return
        for region, new in step.renderings.items():
            await self.world.take({region: new})
            await self.world.open_balancers(region)
            await self._change(region, before[region], new)

    async def _change(self, region: str, old: Rendering | None, new: Rendering) -> None:
        """Start a region, or let its pods restart or reload, as its StatefulSet and its reloader would."""
        if old is None:
            await self.world.start(region)
        elif old.template != new.template:
            await self.roll(region)
        elif old.files != new.files:
            self.world.note(f"{region}: only the ConfigMap changed: no pod rolls, and the reloader sends SIGHUP")
            for pod in self.world.pods[region]:
                pod.reload()


def _without_remotes(renderings: dict[str, Rendering]) -> dict[str, Rendering]:
    """The regions with their own meta group and remotes, rendered for their first boot: without remotes."""
    accounts = [item.state.account for item in renderings.values()]
    isolated = {}
    for key, item in renderings.items():
        gateway = item.conf.get("gateway")
        if not (item.state.is_clustered and item.state.remotes and accounts.count(item.state.account) == 1):
            continue
        main = posixpath.basename(item.config_file)
        try:
            text = edit(item.files[main], [ConfOp("remove", ("gateway", "gateways"))])
        except ConfEditError:
            continue  # the remotes are in an included file, which is not edited
        bare = (
            {name: value for name, value in gateway.items() if name != "gateways"} if isinstance(gateway, dict) else {}
        )
        state = item.state._replace(conf=item.conf | {"gateway": bare})
        isolated[key] = item._replace(files=item.files | {main: text}, state=state)
    return isolated
