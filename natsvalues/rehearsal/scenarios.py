"""The scenarios that can be rehearsed, each as its steps on a `Stage`, which waits and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.stage import HOLD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from natsvalues.rehearsal.loopback_stage import LoopbackStage
    from natsvalues.rehearsal.plan_stage import PlanStage
    from natsvalues.rehearsal.stage import Stage


class Scenario(NamedTuple):
    """`walks`: it goes from rendering to rendering. `run` gets a Stage, one `only_on_loopback` a LoopbackStage."""

    name: str
    summary: str
    run: Callable[[Any], Awaitable[None]]
    walks: bool = False
    only_on_loopback: bool = False


async def _first_install(stage: Stage) -> None:
    for step in stage.steps:
        stage.phase(f"first install{step.words}")
        await stage.install(step)
        await stage.converged()
        stage.world.fresh = False
    await stage.make_streams()
    await stage.check()


async def _cold_restart(stage: Stage) -> None:
    await stage.warm_up()
    stage.phase("cold restart of all regions")
    await stage.restart(*stage.regions)
    await stage.converged()
    await stage.check()


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
    for region in stage.regions:
        stage.phase(f"rolling update of {region}")
        await stage.roll(region)
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
        await stage.go_to(step)
        await stage.converged()
        await stage.make_streams()
        stage.world.fresh = False
    await stage.check()


async def _upgrade(stage: Stage) -> None:
    prior, new = stage.steps
    await stage.warm_up(prior)
    stage.ledger.keep_publishing()
    for region in new.renderings:
        stage.phase(f"upgrade of {region}")
        await stage.go_to(new._replace(renderings={region: new.renderings[region]}))
        await stage.converged()
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
