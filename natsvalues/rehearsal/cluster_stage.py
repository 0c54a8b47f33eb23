"""The stage on real clusters: kubectl deletes and restarts, helm installs, and Kubernetes does the rest."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from natsvalues.errors import InternalError, NatsvaluesError
from natsvalues.outside import installing, user_programs
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.accounting import PATIENCE
from natsvalues.rehearsal.cluster_objects import is_rolled_out
from natsvalues.rehearsal.inventory import Inventory, compared, counted
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.stage import PAUSE, Aims, Stage, Step
from natsvalues.rehearsal.staged import folder_with_stages

if TYPE_CHECKING:
    from natsvalues.outside.installing import Chart, PostRenderer
    from natsvalues.overlays.folder import Overlays
    from natsvalues.rehearsal.clusters import Clusters
    from natsvalues.rehearsal.outcome import Site

STEADY = 3.0
SETTLED = 75.0
"""Longer than DNS remembers for two rounds of 30 s that a name did not exist yet (CoreDNS as many clusters run it)."""
_LEAVING = 15.0


class Installation(NamedTuple):
    """What is installed in each region, post-rendered with these overlays."""

    charts: dict[str, Chart]
    overlays: Overlays


class ClusterStage(Stage):
    """One scenario's stage on real clusters; without an installation it takes the releases that are there."""

    world: Clusters

    def __init__(
        self, world: Clusters, steps: tuple[Step, ...], aims: Aims, installation: Installation | None, folder: str
    ) -> None:
        super().__init__(world, steps, aims)
        self.installation = installation
        self.folder = folder
        self._renderer: PostRenderer | None = None
        self._theirs: Inventory = {}

    async def install(self, step: Step) -> None:
        """Install or upgrade these regions, all at once; what is new must not have volumes of an earlier release."""
        await self._prepared(step)
        present = await self._present(step)
        await self.upgrade_all(step)
        for region in present:
            await self.rolled_out(region)

    async def warm_up(self, step: Step | None = None) -> None:
        """Take or install the releases, and wait until they have converged; then count the streams, and make ours."""
        step = step or self.steps[-1]
        self.phase("warm-up")
        present = await self._present(step)
        self.world.fresh = not present
        if self.installation is not None and step.stages:
            await self.upgrade_all(step)
        await self.converged()
        under_way = [region for region in present if not is_rolled_out(self.world.regions[region].statefulset)]
        for region in under_way:
            await self.rolled_out(region)
        if under_way:
            await self.converged()
        self.world.fresh = False
        self._theirs = await counted(self.world, self.ledger)
        await self.make_streams()

    async def _present(self, step: Step) -> tuple[str, ...]:
        """Expect these regions; those of them whose StatefulSet is there already."""
        await self.world.take(step.renderings)
        return tuple(region for region in step.renderings if self.world.regions[region].statefulset)

    async def _prepared(self, step: Step) -> None:
        """Raise NatsvaluesError (NV-R039) if a region that this rehearsal has not seen yet is not empty."""
        for region, rendering in step.renderings.items():
            if region not in self.world.renderings:
                await self.world.require_empty(region, rendering)

    async def restart(self, *regions: str) -> None:
        """Delete all pods of these regions at once.

        Servers end when their grace periods do, on a busy machine seconds apart. If new ones begin while old ones are
        there, which tell them where the other regions are, this is no start from nothing: then all pods are deleted
        once more, without a grace period.
        """
        pods = {region: self.world.renderings[region].pods for region in regions}
        before = self.world.running(*regions)
        await asyncio.gather(*(self.world.delete(region, names) for region, names in pods.items()))
        met = False

        def gone() -> bool:
            nonlocal met
            now = self.world.running(*regions)
            met = met or bool(now & before and now - before)
            return not now & before

        await self.wait(gone, self.patience)
        if met:
            self.world.note("some pods began while others were still ending: all were deleted again, at once")
            forced = (self.world.delete(region, names, at_once=True) for region, names in pods.items())
            await asyncio.gather(*forced)

    async def roll(self, region: str) -> None:
        """Restart the StatefulSet's rollout, and wait for its end; with OnDelete delete the pods one by one."""
        rendering = self.world.renderings[region]
        if (rendering.state.spec.get("updateStrategy") or {}).get("type") != "OnDelete":
            await self.world.restart_rollout(region)
            await self.rolled_out(region)
            return
        self.world.note(f"{region}: updateStrategy is OnDelete; the pods were deleted one by one, by hand")
        for pod in reversed(rendering.pods):
            await self.world.delete(region, (pod,))
            await self.still_converged()

    async def go_to(self, step: Step) -> None:
        """Upgrade the regions of a step with helm, together or one after the other."""
        await self._prepared(step)
        before = {region: self.world.renderings.get(region) for region in step.renderings}
        if self.at_once:
            await self.upgrade_all(step)
        for region, old in before.items():
            if not self.at_once:
                await self._upgrade(region, step)
            new = self.world.renderings[region]
            if old is not None:
                await self.rolled_out(region)
            if old is not None and old.template == new.template and old.files != new.files:
                self.world.note(
                    f"{region}: only the ConfigMap changed: no pod rolls, and the reloader sends SIGHUP once the "
                    "kubelet has written the new files, which may be after this rehearsal"
                )

    async def lose(self, pod: str) -> None:
        """Delete a pod without a grace period; its StatefulSet starts it again at once."""
        region, _, name = pod.partition("/")
        await self.world.delete(region, (name,), at_once=True)

    async def check(self) -> None:
        """Check our streams, and count the users' again, who may have to catch up."""
        await super().check()
        end = time.monotonic() + PATIENCE
        await self.ledger.remove_streams()
        fates = compared(self._theirs, await counted(self.world, self.ledger))
        while any(fate.fate != "kept" for fate in fates) and time.monotonic() < end:
            await asyncio.sleep(1)
            fates = compared(self._theirs, await counted(self.world, self.ledger))
        self.fates += fates

    async def leave(self) -> None:
        """Delete our streams, if that is possible."""
        left = tuple(self.ledger.home)
        try:
            async with asyncio.timeout(_LEAVING):
                left = await self.ledger.remove_streams()
        except (TimeoutError, NatsvaluesError):
            pass
        if left:
            self.world.note(f"streams of this rehearsal are left, and the next one deletes them: {', '.join(left)}")

    async def rolled_out(self, region: str) -> None:
        """Wait for the end of a rolling update, as long as it goes on. Raises Stuck."""
        there = self.world.regions[region]
        state: object = None
        changed = time.monotonic()
        while not is_rolled_out(there.statefulset):
            self.watch_elections()
            self.world.now()
            status = there.statefulset.get("status", {})
            present = [status.get(name) for name in ("updatedReplicas", "readyReplicas", "updateRevision")]
            if present != state:
                state, changed = present, time.monotonic()
            if time.monotonic() - changed > self.patience:
                raise self.stuck()
            await asyncio.sleep(PAUSE)

    # --- helm ----------------------------------------------------------------------------------------------

    async def upgrade_all(self, step: Step) -> None:
        """Upgrade all regions at once; if one fails, the others end first: a killed helm leaves a locked release."""
        upgrades = (self._upgrade(region, step) for region in step.renderings)
        for result in await asyncio.gather(*upgrades, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _upgrade(self, region: str, step: Step) -> None:
        """Install or upgrade one region, and expect from now on what helm has installed."""
        if self.installation is None:
            raise InternalError("NV-X005", f"nothing to install in {region}")
        site, (charts, overlays) = self.world.sites[region], self.installation
        self._renderer = self._renderer or installing.post_renderer(os.path.join(self.folder, "plugins"))
        number = next(number for number, item in enumerate(self.steps) if item.stages == step.stages)
        folder = folder_with_stages(overlays, step.stages, os.path.join(self.folder, f"overlays-{number}"))
        words = helm_words(site, self.world.kubeconfig)
        arguments = [f"--region={region}", f"--overlays={folder}"]
        self.world.tell("log", region, f"helm upgrade --install {site.release}")
        await installing.install(self._renderer, site.release, charts[region], words, arguments)
        selector = overlays.regions[region].region.nats
        text = await user_programs.output([self._renderer.helm.program, "get", "manifest", site.release, *words])
        await self.world.take({region: read_rendering(text, f"release {site.key}/{site.release}", selector)})


def helm_words(site: Site, kubeconfig: str | None) -> list[str]:
    """The options with which helm uses a site."""
    words = [f"--kube-context={site.context}", f"--namespace={site.namespace}"]
    return [*words, *([f"--kubeconfig={kubeconfig}"] if kubeconfig else [])]
