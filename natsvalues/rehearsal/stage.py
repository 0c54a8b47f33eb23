"""Common parts of the scenarios, wherever they run: wait until converged or stuck, hold, check the streams."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.accounting import Ledger
from natsvalues.rehearsal.causes import Why, why_stuck
from natsvalues.rehearsal.convergence import OK, missing
from natsvalues.rehearsal.elections import Elections, observe
from natsvalues.rehearsal.groups import states_of
from natsvalues.supercluster.joining import joins_unlisted, without_leader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine
    from typing import Any, Literal

    from natsvalues.rehearsal.any_world import AnyWorld
    from natsvalues.rehearsal.outcome import StepDone, StreamFate
    from natsvalues.rehearsal.planned import Planned
    from natsvalues.rehearsal.rendering import Rendering

    Stages = dict[str, Literal["local", "expose", "join"]]

PAUSE = 0.2
HOLD = 12.0
"""Seconds of an outage: longer than a meta group usually takes to lose or elect a leader."""


class Step(NamedTuple):
    """The renderings of some or all regions that are installed together; `name` may be empty.

    `stages` are those of the overlays that they were post-rendered with; a region that is not in it is still `local`.
    """

    name: str
    renderings: dict[str, Rendering]
    stages: Stages = {}  # noqa: RUF012   # never changed

    @property
    def words(self) -> str:
        """The name as a suffix of a phase."""
        return f": {self.name}" if self.name else ""


class Stuck(Exception):
    """The scenario cannot continue."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.remedy)
        self.why = why


async def all_of(*changes: Coroutine[Any, Any, None]) -> None:
    """Make changes at the same time; if one cannot be made, the others are not left behind. Raises as they do."""
    tasks = [asyncio.ensure_future(change) for change in changes]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Aims(NamedTuple):
    """The region for one-region scenarios, where streams may be (empty: anywhere), and seconds to wait.

    `streams` are the user's; without any, there is one of ours in each region. With `at_once` regions that change, one
    after the other otherwise, change at the same time.

    `steady`: a health check may return 200 once while replicas recover; it must stay healthy for so long. `settled`: a
    circular chain of causes that has lasted longer than any election takes. `only`: the region to which a scenario that
    takes one region after the other is restricted; empty: none.
    """

    chosen: str
    streams_in: tuple[str, ...]
    patience: float
    steady: float = 1.2
    settled: float = 20.0
    only: str = ""
    streams: tuple[Planned, ...] = ()
    at_once: bool = False


class Stage(ABC):
    """One scenario's stage: `world` is where it runs, and how that is changed is the subclass's.

    `emptied` are the regions whose stores all ended with their pods at once. `early` says which regions joined before
    others listed them.
    """

    def __init__(self, world: AnyWorld, steps: tuple[Step, ...], aims: Aims) -> None:
        self.world = world
        self.steps = steps
        self.chosen = aims.chosen
        self.patience = aims.patience
        self.ledger = Ledger(world, aims.streams)
        self.at_once = aims.at_once
        self.fates: tuple[StreamFate, ...] = ()
        self.elections = Elections({})
        self.emptied: frozenset[str] = frozenset()
        self.early: tuple[str, ...] = ()
        self.current = ""
        self.over_memory = False
        self.done: list[StepDone] = []
        """The steps of a plan that were made."""
        self.times: dict[str, float] = {}
        self._aims = aims
        self._phase_began = 0.0
        self._whole_since: float | None = None

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that have a rendering now."""
        return tuple(self.world.renderings)

    @property
    def gap(self) -> float:
        """The most seconds in which a stream that was published to acknowledged nothing, where a plan is walked."""
        return 0.0

    def phase(self, text: str) -> None:
        """Start a phase; its time counts from here."""
        self.current = text
        self._phase_began = self.world.seconds
        self.world.phase(text)

    @property
    def in_turn(self) -> tuple[str, ...]:
        """The regions that a scenario takes one after the other."""
        return (self._aims.only,) if self._aims.only else self.regions

    # --- changing ------------------------------------------------------------------------------------------

    @abstractmethod
    async def install(self, step: Step) -> None:
        """Install these regions all at once; those that run are upgraded."""

    @abstractmethod
    async def warm_up(self, step: Step | None = None) -> None:
        """Have a supercluster that runs and has streams. Raises Stuck."""

    async def warm_stores(self) -> None:
        """Have the stores of a supercluster that runs and has streams, where all regions restart next. Raises Stuck."""
        await self.warm_up()

    @abstractmethod
    async def restart(self, *regions: str) -> None:
        """Stop all pods of these regions at once, and let them start again."""

    @abstractmethod
    async def roll(self, region: str) -> None:
        """Restart a region's pods as its StatefulSet does, one by one. Raises Stuck."""

    @abstractmethod
    async def go_to(self, step: Step) -> None:
        """Install or upgrade the regions of a step, one after the other, or with `at_once` together. Raises Stuck."""

    @abstractmethod
    async def lose(self, pod: str) -> None:
        """End a server at once, without a grace period, and let it start again with its store."""

    @abstractmethod
    async def leave(self) -> None:
        """At the end, whatever happened: undo what would stay. Called once."""

    async def hold(self, seconds: float) -> None:
        """Wait for some time, and watch elections."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.watch_elections()
            await asyncio.sleep(PAUSE)

    async def wait(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until a condition holds, or the time has passed."""
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:  # noqa: ASYNC110   # the servers are polled
            await asyncio.sleep(PAUSE)

    # --- waiting -------------------------------------------------------------------------------------------

    async def converged(self) -> None:
        """Wait until everything has converged and stays so, and record the time. Raises Stuck with the causes."""
        self._whole_since = None
        self._record(await self._stays_whole(self._aims.steady))

    async def still_converged(self) -> None:
        """As `converged`, where the phase has its time already."""
        self._whole_since = None
        await self._stays_whole(self._aims.steady)

    async def converge_and_check(self) -> None:
        """As `converged`, then `check`, which begins while it is still seen whether everything stays so."""
        self._whole_since = None
        self._record(await self._stays_whole(0))
        await self.check()

    def _record(self, whole: float) -> None:
        """Keep the seconds from the beginning of the phase until everything had converged, `whole` seconds ago."""
        self.times[self.current] = round(self.world.seconds - self._phase_began - whole, 1)

    async def _stays_whole(self, seconds: float) -> float:
        """Wait until nothing has been missing for some time; for how many seconds. Raises Stuck with the causes."""
        begun = time.monotonic()
        ring_since: float | None = None
        while True:
            whole = self._whole()
            if whole is not None and whole >= seconds:
                return whole
            if whole is None:
                clock = time.monotonic()
                ring_since = (ring_since or clock) if why_stuck(self.world.now()).is_ring else None
                ring = ring_since is not None and clock - ring_since > self._aims.settled
                if ring or clock - begun > self.patience:
                    raise self.stuck()
            await asyncio.sleep(PAUSE)

    def _whole(self) -> float | None:
        """Look once: for how many seconds nothing has been missing; None if something is."""
        self.watch_elections()
        clock = time.monotonic()
        self._whole_since = None if missing(self.world.now()) else self._whole_since or clock
        return None if self._whole_since is None else clock - self._whole_since

    async def walk(self, step: Step, later: Collection[str]) -> None:
        """Go to a step, and wait until it has converged.

        A region that joins before others list it can have no leader. If one of those others is upgraded `later`, the
        walk goes on once that has lasted: helm does not wait for a leader either. Raises Stuck.
        """
        before = states_of(self.world.renderings)
        await self.go_to(step)
        joining = joins_unlisted(before, states_of(self.world.renderings))
        for state, others in joining.values():
            self.early += (without_leader(state, f"the releases of {', '.join(others)}"),)
        try:
            await self.converged()
        except Stuck:
            if not any(other in later for _, others in joining.values() for other in others):
                raise
            self.world.tell("log", "scenario", "goes on with the regions that do not list it yet")

    def stuck(self) -> Stuck:
        """The error with the causes that are visible now."""
        self.watch_elections()  # meta groups may have merged during a roll that is stuck
        return Stuck(why_stuck(self.world.now()))

    def watch_elections(self) -> None:
        """Observe the leaders once; merges of meta groups are remembered."""
        before = self.elections.meetings
        self.elections = observe(self.elections, self.world.now())
        for meeting in self.elections.meetings[len(before) :]:
            self.world.tell("data", "meta group", f"elected separately, then merged: {meeting}")

    # --- streams -------------------------------------------------------------------------------------------

    async def make_streams(self, *regions: str) -> None:
        """Create streams in the regions that may have one and have none yet; in all regions if none is given."""
        wanted = self._aims.streams_in or self.regions
        failed = await self.ledger.make_streams(*(key for key in regions or self.regions if key in wanted))
        self.fates += failed

    async def make_streams_where_healthy(self) -> None:
        """Create streams where every server is healthy: a user has no reason to wait any longer."""
        now = self.world.now()
        await self.make_streams(*(key for key in self.regions if all(pod.view.status == OK for pod in now.of(key))))

    async def check(self) -> None:
        """Check every stream, and whether the supercluster stays converged meanwhile, or after that."""
        checking = asyncio.ensure_future(self.ledger.check())
        try:
            while not checking.done():
                self._whole()
                await asyncio.wait({checking}, timeout=PAUSE)
        finally:
            checking.cancel()  # no effect once it is done
        self.fates = await checking
        self.world.tell("data", "streams", "checked")
        await self._stays_whole(self._aims.steady)

    def leader(self) -> str:
        """The name of the meta leader's pod; the first pod where there is none."""
        pods = self.world.now().pods
        return next((pod.name for pod in pods if pod.view.leader and pod.view.leader == pod.view.name), pods[0].name)
