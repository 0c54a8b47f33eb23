"""The scenarios that can be rehearsed, each as its steps on a `Stage`, which waits and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.stage import HOLD, all_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from natsvalues.rehearsal.loopback_stage import LoopbackStage
    from natsvalues.rehearsal.plan_stage import PlanStage
    from natsvalues.rehearsal.stage import Stage


POWER_CUT = "power-cut"
PUBLISHERS = 8
"""Clients that publish to each stream before a power cut, ten messages a second each."""


class Scenario(NamedTuple):
    """`walks`: it goes from rendering to rendering. `run` gets a Stage, one `only_on_loopback` a LoopbackStage.

    `needs_disks`: stores are on disks of their own, for which it needs root.
    """

    name: str
    summary: str
    run: Callable[[Any], Awaitable[None]]
    walks: bool = False
    only_on_loopback: bool = False
    needs_disks: bool = False


def together(stage: Stage, regions: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The regions that change at the same time: all of them, or each by itself."""
    return (regions,) if stage.at_once else tuple((region,) for region in regions)


async def _first_install(stage: Stage) -> None:
    for step in stage.steps:
        stage.phase(f"first install{step.words}")
        await stage.install(step)
        await stage.converged()
        stage.world.fresh = False
    await stage.make_streams()
    await stage.check()


async def _cold_restart(stage: Stage) -> None:
    await stage.warm_stores()
    stage.phase("cold restart of all regions")
    await stage.restart(*stage.regions)
    await stage.converge_and_check()


async def _cold_region(stage: Stage) -> None:
    await stage.warm_up()
    stage.phase(f"cold restart of {stage.chosen}")
    stage.ledger.keep_publishing()
    await stage.restart(stage.chosen)
    await stage.converged()
    await stage.check()


async def _rolling(stage: Stage) -> None:
    await stage.warm_up()
    stage.ledger.keep_publishing()
    for regions in together(stage, stage.regions):
        stage.phase(f"rolling update of {' and '.join(regions)}")
        await all_of(*(stage.roll(region) for region in regions))
        await stage.converged()
    await stage.check()


async def _cut_off(stage: LoopbackStage) -> None:
    await stage.warm_up()
    stage.ledger.keep_publishing()
    stage.phase(f"{stage.chosen} cut off")
    stage.world.cut(stage.chosen)
    await stage.hold(HOLD)
    stage.phase(f"{stage.chosen} back")
    stage.world.reconnect(stage.chosen)
    await stage.converged()
    await stage.check()


async def _power_cut(stage: LoopbackStage) -> None:
    """What was there before it publishes is on the disks: a user's streams are older than a rehearsal's."""
    await stage.warm_up()
    stage.world.write_disks()
    stage.ledger.keep_publishing(PUBLISHERS)
    for region in stage.in_turn:
        stage.phase(f"publishing before the power cut of {region}")
        await stage.hold(HOLD)
        stage.phase(f"power cut of {region}")
        await stage.world.cut_power(region)
        await stage.converged()
    await stage.check()


async def _late_balancer(stage: LoopbackStage) -> None:
    """On a first install, where the order matters most."""
    for number, step in enumerate(stage.steps):
        stage.phase(f"first install{step.words}, the load balancer of {stage.chosen} is late")
        await stage.world.take(step.renderings)
        await stage.arrive(*step.renderings, without=stage.chosen)
        if number == len(stage.steps) - 1:
            await stage.hold(HOLD)
            await stage.make_streams_where_healthy()
            stage.phase(f"the load balancer of {stage.chosen} arrives")
            await stage.world.open_balancers(stage.chosen)
        await stage.converged()
        stage.world.fresh = False
    await stage.make_streams()
    await stage.check()


async def _server_lost(stage: Stage) -> None:
    await stage.warm_up()
    stage.ledger.keep_publishing()
    pod = stage.leader()
    stage.phase(f"{pod} lost")
    await stage.lose(pod)
    await stage.converged()
    await stage.check()


async def _stage_walk(stage: Stage) -> None:
    for number, step in enumerate(stage.steps):
        stage.phase(f"step {number + 1}{step.words}")
        await stage.walk(step, {region for later in stage.steps[number + 1 :] for region in later.renderings})
        await stage.make_streams()
        stage.world.fresh = False
    await stage.check()


async def _upgrade(stage: Stage) -> None:
    prior, new = stage.steps
    await stage.warm_up(prior)
    stage.ledger.keep_publishing()
    groups = together(stage, tuple(new.renderings))
    for number, regions in enumerate(groups):
        stage.phase(f"upgrade of {' and '.join(regions)}")
        later = [region for group in groups[number + 1 :] for region in group]
        await stage.walk(new._replace(renderings={region: new.renderings[region] for region in regions}), later)
    await stage.check()


async def _plan(stage: PlanStage) -> None:
    from natsvalues.rehearsal.plan_walk import walk_plan  # seldom used

    await walk_plan(stage)


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("first-install", "all regions for the first time, with empty stores", _first_install),
        Scenario("cold-restart", "all regions stop, then start together", _cold_restart),
        Scenario("cold-region", "one region stops and starts, the others run on", _cold_region),
        Scenario("rolling", "each region's pods restart one by one", _rolling),
        Scenario("cut-off", "one region is cut off from the others, and comes back", _cut_off, only_on_loopback=True),
        Scenario(
            POWER_CUT,
            "each region loses power, and what is not on its disks",
            _power_cut,
            only_on_loopback=True,
            needs_disks=True,
        ),
        Scenario(
            "late-balancer",
            "first install, and one region's load balancer comes late",
            _late_balancer,
            only_on_loopback=True,
        ),
        Scenario("server-lost", "the meta leader's server dies, and comes back", _server_lost),
        Scenario("stage-walk", "the stages in their order, with streams in the first region", _stage_walk, walks=True),
        Scenario(
            "plan",
            "the steps of natsvalues plan, from what is installed to the overlays",
            _plan,
            walks=True,
            only_on_loopback=True,
        ),
        Scenario("upgrade", "from the prior release of each region to the new one", _upgrade, walks=True),
    )
}
