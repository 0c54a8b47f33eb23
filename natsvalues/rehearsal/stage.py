"""What all scenarios do: warm up, wait until it has converged or is stuck, roll, walk a step, check the streams."""

from __future__ import annotations

import asyncio
import posixpath
import time
from typing import TYPE_CHECKING, NamedTuple

from natsvalues.rehearsal.accounting import Ledger
from natsvalues.rehearsal.causes import Why, why_stuck
from natsvalues.rehearsal.convergence import OK, is_steady, missing
from natsvalues.rehearsal.elections import Elections, watched
from natsvalues.supercluster.cold_start import VOTES_OF_ALL
from natsvalues.text.natsconf import ConfEditError, ConfOp, edit

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.rehearsal.outcome import StreamFate
    from natsvalues.rehearsal.pod import Pod
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.world import World

_STEADY = 1.2  # a health check may answer 200 once while replicas recover; it must stay so
_SETTLED = 20.0  # a ring of causes that has stood longer than any election takes
_PAUSE = 0.2


class Step(NamedTuple):
    """The renderings that are installed together, of some or all regions; `name` may be empty."""

    name: str
    renderings: dict[str, Rendering]

    @property
    def words(self) -> str:
        """The name, as it follows other words."""
        return f": {self.name}" if self.name else ""


class Stuck(Exception):
    """The scenario does not go on."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.remedy)
        self.why = why


class Aims(NamedTuple):
    """The region that one-region scenarios are about, where streams may be (empty: anywhere), seconds to wait."""

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
        """Begin a part; its time counts from here."""
        self.current = text
        self._phase_began = self.world.seconds
        self.world.phase(text)

    # --- starting ------------------------------------------------------------------------------------------

    async def arrive(self, *regions: str, without: str = "") -> None:
        """Load balancers and pods of these regions, all at once; pods that run are rolled."""
        await self.world.open_balancers(*(region for region in regions if region != without))
        new = [region for region in regions if not any(pod.runs for pod in self.world.pods[region])]
        await self.world.start(*new)
        for region in regions:
            if region not in new:
                await self.roll(region)

    async def warm_up(self, step: Step | None = None) -> None:
        """A supercluster that runs and holds streams, got by a way that no manifest has to allow.

        Load balancers let everybody through; regions of a meta group of their own boot without remotes first; where
        a server's version elects early, one region goes first, and the others' servers follow one by one.
        """
        step = step or self.steps[-1]
        self.phase("warm-up")
        world = self.world
        world.note("to warm up, load balancers let everybody through, whatever the manifests say")
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
        versions = [item.version[:2] for item in step.renderings.values() if item.state.is_clustered]
        if not alone and versions and min(versions) < VOTES_OF_ALL:
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
        """Whether all servers that run are in one meta group under one leader."""
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
        """Wait as a StatefulSet does; then, because a scaled kubelet is faster than servers are, for what it saved."""
        try:
            async with asyncio.timeout(self.patience):
                await pod.become_ready()
        except TimeoutError:
            raise self._stuck() from None
        probes = pod.charge.rendering.probes if pod.charge is not None else ()
        saved = sum(probe.initial_delay + probe.period for probe in probes if probe.kind != "liveness")
        await self._wait(lambda: is_steady(self.world.now()), saved * (1 - 1 / self.world.scale))

    async def hold(self, seconds: float) -> None:
        """Let time pass, and watch who elects whom."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._watch_elections()
            await asyncio.sleep(_PAUSE)

    async def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until something is so, or the time has passed."""
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:  # noqa: ASYNC110   # what servers report comes by looking
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
        """Wait until everything is there and stays there. Raises Stuck with the causes."""
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
        self._watch_elections()  # a roll that hangs may be the first to show who has met
        now = self.world.now()
        for lack in missing(now):
            self.world.note(f"at the end: {lack}")
        return Stuck(why_stuck(now))

    def _watch_elections(self) -> None:
        before = self.elections.meetings
        self.elections = watched(self.elections, self.world.now())
        for meeting in self.elections.meetings[len(before) :]:
            self.world.tell("data", "meta group", f"elected apart, and meet: {meeting}")

    # --- streams -------------------------------------------------------------------------------------------

    async def make_streams(self, *regions: str) -> None:
        """Streams in the regions that may have one and have none yet; in all, if none is named."""
        wanted = self._streams_in or self.regions
        failed = await self.ledger.make_streams(*(key for key in regions or self.regions if key in wanted))
        self.fates += failed

    async def make_streams_where_healthy(self) -> None:
        """Streams where every server says that it is well: nothing tells a user to wait any longer."""
        now = self.world.now()
        await self.make_streams(*(key for key in self.regions if all(pod.view.status == OK for pod in now.of(key))))

    async def check(self) -> None:
        """What became of every stream; and whether all is still well after that."""
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
    """The regions that have a meta group of their own and dial others, as they boot first: dialling nobody."""
    accounts = [item.state.account for item in renderings.values()]
    found = {}
    for key, item in renderings.items():
        gateway = item.conf.get("gateway")
        if not (item.state.is_clustered and item.state.remotes and accounts.count(item.state.account) == 1):
            continue
        main = posixpath.basename(item.config_file)
        try:
            text = edit(item.files[main], [ConfOp("remove", ("gateway", "gateways"))])
        except ConfEditError:
            continue  # they stand in an included file: then it has to do as it is
        bare = (
            {name: value for name, value in gateway.items() if name != "gateways"} if isinstance(gateway, dict) else {}
        )
        state = item.state._replace(conf=item.conf | {"gateway": bare})
        found[key] = item._replace(files=item.files | {main: text}, state=state)
    return found
