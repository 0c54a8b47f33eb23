"""Walk a plan: make the first step of the plan, compute the plan again from what is there then, until none is left.

So every step is followed by an interruption: whoever continues has the files and the servers, and nothing else. What
is left must then be exactly what was planned after the step; a step may come up once again, and is made again.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from natsvalues.rehearsal.causes import Why
from natsvalues.rehearsal.outcome import Cause, StepDone
from natsvalues.rehearsal.plan_acts import Acts, name_of
from natsvalues.rehearsal.stage import Stuck
from natsvalues.runbook.checking import answer
from natsvalues.runbook.commands import check_words
from natsvalues.runbook.step import Act, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from natsvalues.rehearsal.plan_stage import PlanStage
    from natsvalues.runbook.step import Check, Runbook

    Key = tuple[str, str, str]

_PAUSE = 0.4
_TIMES = 3
"""How often in succession checks must hold."""
_MOST = 2
"""How often the same step may be planned."""


async def walk_plan(stage: PlanStage) -> None:
    """Walk from what is installed to the overlays. Raises Stuck."""
    await stage.begin()
    if stage.planned.lost:
        await _lose(stage, stage.planned.lost)
    planned = await _planned(stage)
    made: list[Key] = []
    left = planned
    while left.steps:
        step = left.steps[0]
        if made.count(_key(step)) >= _MOST:
            raise Stuck(Why((Cause(name_of(step), "its end", f"it was made {_MOST} times"),), "", is_ring=True))
        stage.phase(name_of(step))
        began = time.monotonic()
        stage.moves = stage.moves | step.moves
        await _hold(stage, step, step.before, "before it")
        await Acts(stage, step).do()
        await _hold(stage, step, step.after, "after it")
        stage.world.fresh = False
        await stage.make_streams()
        for region in stage.revisions:
            if not stage.ledger.is_paused(region):
                stage.ledger.publish_to(region)
        made.append(_key(step))
        stage.done.append(StepDone(step.id, step.way, step.region, step.title, round(time.monotonic() - began, 1)))
        left = await _planned(stage)
        difference = differs([_key(item) for item in planned.steps], made, [_key(item) for item in left.steps])
        if difference:
            cause = Cause(f"the plan after {name_of(step)}", "what was planned", difference)
            raise Stuck(Why((cause,), "", is_ring=True))
    stage.phase("at the end")
    await stage.converged()
    await stage.check()


async def _lose(stage: PlanStage, region: str) -> None:
    """Back up a region's streams, and lose its volumes; what is published between is not, so nothing is."""
    stage.phase(f"{region} loses its volumes")
    act = Act("backup", region)
    await Acts(stage, Step("rebuild", region, "back up", (act,), effect="", id="before the loss")).do()
    await stage.lose_volumes(region)


async def _planned(stage: PlanStage) -> Runbook:
    plan = await stage.plan()
    if plan.refused:
        causes = tuple(Cause(item.region, f"a way ({item.way})", item.reason) for item in plan.refused)
        raise Stuck(Why(causes, "; ".join(item.remedy for item in plan.refused), is_ring=True))
    return plan


def _key(step: Step) -> Key:
    return step.way, step.region, step.title


def differs(planned: Sequence[Key], made: Sequence[Key], left: Sequence[Key]) -> str:
    """How what is left is not what was planned after the steps that were made; empty if it is.

    It may begin with steps that were made: they are made again.
    """
    begins, many = len(planned) - len(left), len(set(made))
    if 0 <= begins <= many and list(planned[begins:]) == list(left):
        return ""
    wrong = [f"it has: {' '.join(item)}" for item in left if item not in planned[many:]]
    missing = [f"it lacks: {' '.join(item)}" for item in planned[many:] if item not in left]
    return "; ".join([*wrong[:1], *missing[:1]]) or "the order is another one"


async def _hold(stage: PlanStage, step: Step, checks: tuple[Check, ...], when: str) -> None:
    """Wait until all checks hold, several times in succession. Raises Stuck with those that do not."""
    end = time.monotonic() + stage.patience
    times = 0
    while times < _TIMES:
        regions = list(dict.fromkeys(check.region for check in checks))
        seen = dict(zip(regions, await asyncio.gather(*map(stage.look, regions)), strict=True))
        answers = [(check, answer(check, seen[check.region], stage.folder(check.region))) for check in checks]
        wrong = [(check, item.seen) for check, item in answers if item.holds is not True]
        times = 0 if wrong else times + 1
        if wrong and time.monotonic() > end:
            causes = tuple(Cause(name_of(step), f"{when}: {check_words(check)}", what) for check, what in wrong)
            raise Stuck(Why(causes, "", is_ring=True))
        stage.watch_elections()
        await asyncio.sleep(_PAUSE)
