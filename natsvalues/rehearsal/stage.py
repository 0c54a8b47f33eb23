"""Common parts of the scenarios: warm up, wait until converged or stuck, roll, go to a step, check the streams."""

from __future__ import annotations

import asyncio
import posixpath
import time
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.accounting import Ledger
from natsvalues.rehearsal.causes import Why, why_stuck
from natsvalues.rehearsal.convergence import OK, is_steady, missing
from natsvalues.rehearsal.elections import Elections, observe
from natsvalues.text.natsconf import ConfEditError, ConfOp, edit

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.rehearsal.outcome import StreamFate
    from natsvalues.rehearsal.pod import Pod
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.world import World

_STEADY = 1.2  # a health check may return 200 once while replicas recover; it must stay healthy
_SETTLED = 20.0  # a circular chain of causes that has lasted longer than any election takes
_PAUSE = 0.2


class Step(NamedTuple):
    """The renderings of some or all regions that are installed together; `name` may be empty."""

    name: str
    renderings: dict[str, Rendering]

    @property
    def words(self) -> str:
        """The name as a suffix of a phase."""
        return f": {self.name}" if self.name else ""


class Stuck(Exception):
    """The scenario cannot continue."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.remedy)
        self.why = why


class Aims(NamedTuple):
    """The region for one-region scenarios, where streams may be (empty: anywhere), and seconds to wait."""

    chosen: str
    streams_in: tuple[str, ...]
    patience: float


class Stage:
    """One scenario's stage."""

    def __init__(self, world: World, steps: tuple[Step, ...], aims: Aims) -> None:
        self.world = world
        self.steps = steps
        self.chosen = aims.chosen
        self.patience = aims.patience
        self.ledger = Ledger(world)
        self.fates: tuple[StreamFate, ...] = ()
        self.elections = Elections({})
        self.current = ""
        self.over_memory = False
        self.times: dict[str, float] = {}
        self._streams_in = aims.streams_in
        self._phase_began = 0.0

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that have a rendering now."""
        return tuple(self.world.renderings)

    def phase(self, text: str) -> None:
        """Start a phase; its time counts from here."""
        self.current = text
        self._phase_began = self.world.seconds
        self.world.phase(text)

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
        await self._wait(self._follow_one_leader, self.patience / 2)
        for pod in (pod for key in others for pod in self.world.pods[key]):
            pod.start()
            await self._wait(self._follow_one_leader, self.patience / 4)

    def _follow_one_leader(self) -> bool:
        """Whether all running servers are in one meta group with one leader."""
        views = [pod.view for pods in self.world.pods.values() for pod in pods if pod.runs]
        return len({view.leader for view in views} - {""}) == 1 and {view.size for view in views} == {len(views)}

    # --- changing ------------------------------------------------------------------------------------------

    async def roll(self, region: str) -> None:
        """Restart a region's pods as its StatefulSet would: from the last to the first, each once the last is ready."""
        rendering = self.world.renderings[region]
        strategy = rendering.nats.statefulset.value["spec"].get("updateStrategy") or {}
        kept = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
        if strategy.get("type") == "OnDelete":
            self.world.note(f"{region}: updateStrategy is OnDelete; the pods were deleted one by one, by hand")
        for pod in reversed(self.world.pods[region][: rendering.replicas]):
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
            raise self._stuck() from None
        probes = pod.charge.rendering.probes if pod.charge is not None else ()
        saved = sum(probe.initial_delay + probe.period for probe in probes if probe.kind != "liveness")
        await self._wait(lambda: is_steady(self.world.now()), saved * (1 - 1 / self.world.scale))

    async def hold(self, seconds: float) -> None:
        """Wait for some time, and watch elections."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._watch_elections()
            await asyncio.sleep(_PAUSE)

    async def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until a condition holds, or the time has passed."""
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:  # noqa: ASYNC110   # the servers are polled
            await asyncio.sleep(_PAUSE)

    async def go_to(self, step: Step) -> None:
        """Install or upgrade the regions of a step, as helm and Kubernetes would, one after the other."""
        before = {region: self.world.renderings.get(region) for region in step.renderings}
        for region, new in step.renderings.items():
            old = before[region]
            await self.world.take({region: new})
            await self.world.open_balancers(region)
            if old is None:
                await self.world.start(region)
            elif old.template != new.template:
                await self.roll(region)
            elif old.files != new.files:
                self.world.note(f"{region}: only the ConfigMap changed: no pod rolls, and the reloader sends SIGHUP")
                for pod in self.world.pods[region]:
                    pod.reload()

    # --- waiting -------------------------------------------------------------------------------------------

    async def converged(self, *, timed: bool = True) -> None:
        """Wait until everything has converged and stays so. Raises Stuck with the causes."""
        begun = time.monotonic()
        whole_since: float | None = None
        ring_since: float | None = None
        while True:
            now = self.world.now()
            self._watch_elections()
            lacking = missing(now)
            clock = time.monotonic()
            if not lacking:
                whole_since = whole_since or clock
                if clock - whole_since >= _STEADY:
                    if not timed:
                        return
                    self.times[self.current] = round(self.world.seconds - self._phase_began - (clock - whole_since), 1)
                    return
            else:
                whole_since = None
                ring_since = (ring_since or clock) if why_stuck(now).is_ring else None
                ring = ring_since is not None and clock - ring_since > _SETTLED
                if ring or clock - begun > self.patience:
                    raise self._stuck()
            await asyncio.sleep(_PAUSE)

    def _stuck(self) -> Stuck:
        self._watch_elections()  # meta groups may have merged during a roll that is stuck
        now = self.world.now()
        for lack in missing(now):
            self.world.note(f"at the end: {lack}")
        return Stuck(why_stuck(now))

    def _watch_elections(self) -> None:
        before = self.elections.meetings
        self.elections = observe(self.elections, self.world.now())
        for meeting in self.elections.meetings[len(before) :]:
            self.world.tell("data", "meta group", f"elected separately, then merged: {meeting}")

    # --- streams -------------------------------------------------------------------------------------------

    async def make_streams(self, *regions: str) -> None:
        """Create streams in the regions that may have one and have none yet; in all regions if none is given."""
        wanted = self._streams_in or self.regions
        failed = await self.ledger.make_streams(*(key for key in regions or self.regions if key in wanted))
        self.fates += failed

    async def make_streams_where_healthy(self) -> None:
        """Create streams where every server is healthy: a user has no reason to wait any longer."""
        now = self.world.now()
        await self.make_streams(*(key for key in self.regions if all(pod.view.status == OK for pod in now.of(key))))

    async def check(self) -> None:
        """Check every stream, and whether the supercluster is still converged after that."""
        self.fates = await self.ledger.check()
        self.world.tell("data", "streams", "checked")
        await self.converged(timed=False)

    def leader(self) -> Pod:
        """The meta leader's pod; the first region's first pod where there is none."""
        for pods in self.world.pods.values():
            for pod in pods:
                if pod.view.leader and pod.view.leader == pod.view.name:
                    return pod
        return self.world.pods[self.regions[0]][0]


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
