"""Run one scenario to its outcome, with limits on time, memory and processes, and clean up everything."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import disks, loopback, own_names, proc, processes
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.causes import Why, why_stuck
from natsvalues.rehearsal.convergence import missing
from natsvalues.rehearsal.groups import observed_groups
from natsvalues.rehearsal.judgement import judge
from natsvalues.rehearsal.loopback_stage import LoopbackStage
from natsvalues.rehearsal.machine import of_system
from natsvalues.rehearsal.outcome import Cost, Group, Outcome, PodFate, Program
from natsvalues.rehearsal.planned import of_user
from natsvalues.rehearsal.scenarios import SCENARIOS
from natsvalues.rehearsal.stage import Aims, Stage, Step, Stuck
from natsvalues.rehearsal.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from natsvalues.outside.server_binary import Binary
    from natsvalues.rehearsal.any_world import AnyWorld
    from natsvalues.rehearsal.cluster_stage import Installation
    from natsvalues.rehearsal.naming import Dns
    from natsvalues.rehearsal.outcome import Site
    from natsvalues.rehearsal.plan_stage import Planned
    from natsvalues.rehearsal.snapshot import Snapshot
    from natsvalues.rehearsal.timeline import Event
    from natsvalues.rehearsal.user_streams import UserStream

_MEGABYTE = 1024 * 1024
_WATCH = 0.5


class Bounds(NamedTuple):
    """Limits of a rehearsal: seconds for each wait and in total, bytes and processes of all servers."""

    patience: float = 75.0
    seconds: float = 600.0
    memory: int = 3072 * _MEGABYTE
    servers: int = 40


class OnClusters(NamedTuple):
    """Where regions run, with which kubeconfig (None: as kubectl decides), and what is installed (None: nothing)."""

    sites: dict[str, Site]
    kubeconfig: str | None
    installation: Installation | None


class Order(NamedTuple):
    """What to rehearse. `chosen` is the region that one-region scenarios are about; empty: the last one.

    `binaries` are servers that were fetched before, by version; others are fetched when they are needed, while
    everything that runs is paused. With `on` it runs on real clusters. `notes` are for the report; `streams` and
    `at_once`: see `Aims`. `planned` is where the scenario `plan` leads. With `dns` servers have a DNS to ask.
    """

    scenario: str
    steps: tuple[Step, ...]
    scale: float = 20.0
    chosen: str = ""
    streams_in: tuple[str, ...] = ()
    keep: str | None = None
    bounds: Bounds = Bounds()
    binaries: Mapping[str, Binary] = MappingProxyType({})
    notes: tuple[str, ...] = ()
    on: OnClusters | None = None
    streams: tuple[UserStream, ...] = ()
    at_once: bool = False
    planned: Planned | None = None
    dns: Dns | None = None


class _End(NamedTuple):
    """Why it is stuck, if it is, and the state at the end, before anything was cleaned up."""

    why: Why | None
    now: Snapshot
    seconds: float
    events: tuple[Event, ...]


async def rehearse(order: Order, watch: Callable[[AnyWorld], None] | None = None) -> Outcome:
    """Run a scenario; `watch` is called twice a second for a live display.

    Raises NatsvaluesError for what cannot be run at all; a supercluster that does not converge is an outcome.
    Whatever happens, also when this is cancelled, every process is ended and reaped and every file removed.
    """
    regions = _regions(order)
    begun, own = time.monotonic(), proc.own_seconds()
    if order.dns is not None:
        own_names.require()  # before addresses are claimed: it may be in another network
    try:
        with contextlib.ExitStack() as held:
            folder = held.enter_context(processes.scratch(order.keep))
            if order.on is not None:
                stage = _on_clusters(order, order.on, regions, folder)
            else:
                claim = held.enter_context(contextlib.closing(loopback.Claim()))
                stage = _on_loopback(order, regions, folder, claim.net)
            world = stage.world
            for note in order.notes:
                world.note(note)
            try:
                await world.open()
                end = await _played(order, stage, watch)
            finally:
                await _closed(world)
    except OSError as error:
        fault = of_system(error, order.keep or tempfile.gettempdir())
        if fault is None:
            raise
        raise fault from None
    cost = Cost(
        round(time.monotonic() - begun, 1),
        round(world.cpu, 1),
        round(proc.own_seconds() - own, 1),
        world.memory,
    )
    return _outcome(order, stage, end, cost)


def _on_loopback(order: Order, regions: tuple[str, ...], folder: str, net: int) -> Stage:
    world = World(regions, folder, net, order.scale)
    world.binaries = dict(order.binaries)
    world.has_disks = SCENARIOS[order.scenario].needs_disks
    if world.has_disks:
        disks.require()
    aims = Aims(order.chosen or regions[-1], order.streams_in, order.bounds.patience, only=order.chosen)
    if order.dns is not None:
        from natsvalues.rehearsal.naming import NameServers  # seldom used

        world.name_servers = NameServers(world, order.dns, folder)
        world.note(order.dns.words)
        aims = aims._replace(patience=aims.patience + order.dns.ttl, settled=aims.settled + 2 * order.dns.ttl)
    if order.streams:
        renderings = {key: item for step in order.steps for key, item in step.renderings.items()}
        aims = aims._replace(streams=of_user(order.streams, renderings, order.streams_in))
    if order.planned is not None:
        from natsvalues.rehearsal.plan_stage import PlanStage  # seldom used

        return PlanStage(world, order.steps, aims, order.planned, folder)
    return LoopbackStage(world, order.steps, aims._replace(at_once=order.at_once))


def _on_clusters(order: Order, on: OnClusters, regions: tuple[str, ...], folder: str) -> Stage:
    from natsvalues.rehearsal.cluster_stage import SETTLED, STEADY, ClusterStage  # seldom used
    from natsvalues.rehearsal.clusters import Clusters

    aims = Aims(
        order.chosen or regions[-1], order.streams_in, order.bounds.patience, STEADY, SETTLED, at_once=order.at_once
    )
    world = Clusters(on.sites, on.kubeconfig, folder)
    return ClusterStage(world, order.steps, aims, on.installation, folder)


def _regions(order: Order) -> tuple[str, ...]:
    regions = tuple(dict.fromkeys(key for step in order.steps for key in step.renderings))
    servers = sum(
        max(step.renderings[key].replicas for step in order.steps if key in step.renderings) for key in regions
    )
    if servers > order.bounds.servers and order.on is None:
        raise NatsvaluesError(
            "NV-R004", f"the renderings have {servers} servers, and the limit is {order.bounds.servers}",
            hint="raise --max-servers, or render fewer regions; a server takes about 20 MB",
        )  # fmt: skip
    if order.chosen and order.chosen not in regions:
        raise NatsvaluesError(
            "NV-R005", f"there is no rendering of a region `{order.chosen}`", hint=f"there are: {', '.join(regions)}"
        )
    return regions


async def _played(order: Order, stage: Stage, watch: Callable[[AnyWorld], None] | None) -> _End:
    """How the scenario ended."""
    why: Why | None = None
    watching = asyncio.create_task(_watched(order, stage, asyncio.current_task(), watch))
    try:
        async with asyncio.timeout(order.bounds.seconds) as limit:
            await SCENARIOS[order.scenario].run(stage)
    except Stuck as stuck:
        why = stuck.why
        for lack in missing(stage.world.now()):
            stage.world.note(f"at the end: {lack}")
        if (stage.elections.meetings or SCENARIOS[order.scenario].needs_disks) and stage.ledger.home:
            stage.fates = await stage.ledger.check()
    except TimeoutError:
        if not limit.expired():
            raise  # of something that the scenario waited for: no verdict
        stage.world.note(f"the time limit of {order.bounds.seconds:g} s was reached")
        why = _cut_short(stage, "give it more time: --limit")
    except asyncio.CancelledError:
        if not stage.over_memory:
            raise
        why = _cut_short(stage, "raise --max-memory, or rehearse fewer regions")
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await stage.ledger.stop_publishing()
        await stage.leave()
    return _End(why, stage.world.now(), stage.world.seconds, tuple(stage.world.timeline.events))


def _cut_short(stage: Stage, remedy: str) -> Why:
    """What was still missing when a limit was reached."""
    why = why_stuck(stage.world.now())
    return why._replace(remedy="; ".join(filter(None, (remedy, why.remedy))))


async def _watched(
    order: Order, stage: Stage, main: asyncio.Task[object] | None, watch: Callable[[AnyWorld], None] | None
) -> None:
    while True:
        if watch is not None:
            watch(stage.world)
        if stage.world.memory > order.bounds.memory and main is not None and not stage.over_memory:
            stage.over_memory = True
            stage.world.note(f"the servers took more than {order.bounds.memory // _MEGABYTE} MB together")
            main.cancel()
        await asyncio.sleep(_WATCH)


async def _closed(world: AnyWorld) -> None:
    closing = asyncio.ensure_future(world.close())
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await closing
        raise
    finally:
        world.kill_now()


def _outcome(order: Order, stage: Stage, end: _End, cost: Cost) -> Outcome:
    world = stage.world
    judgement = judge(order.scenario, stage, end.why, end.now)
    events = end.events
    begun = max((event.seconds for event in events if event.kind == "phase"), default=0.0)
    ready_after: dict[str, float] = {}
    for event in events:
        if event.kind == "pod" and event.text == "ready" and event.seconds >= begun:
            ready_after.setdefault(event.subject, round(event.seconds - begun, 1))
    pods = tuple(
        PodFate(
            pod.name, pod.region, pod.address, world.versions[pod.region], pod.ready, pod.restarts,
            ready_after.get(pod.name),
        )
        for pod in end.now.pods
    )  # fmt: skip
    groups: tuple[Group, ...] = observed_groups(end.now)
    return Outcome(
        scenario=order.scenario,
        verdict=judgement.verdict,
        lossy=judgement.lossy,
        untested=judgement.untested,
        phase=stage.current,
        seconds=stage.times.get(stage.current),
        pods=pods,
        groups=groups,
        streams=tuple(sorted(stage.fates, key=lambda fate: fate.region)),
        causes=judgement.causes,
        remedy=judgement.remedy,
        notes=(*world.notes, *judgement.notes),
        moves=world.moves,
        balancers=world.addresses(),
        versions=world.versions,
        programs=tuple(Program(*binary) for binary in world.programs.values()),
        renderings={key: item.digest for key, item in world.renderings.items()},
        scale=world.scale,
        sites=world.sites,
        cost=cost,
        events=(*events, *judgement.events(end.seconds)),
        times=stage.times,
        steps=tuple(stage.done),
        gap=stage.gap,
    )
