"""Plans that are walked: with real servers, two of them; without any, what is left after each step of many."""

import asyncio
import os
import re
import sys

import pytest

from natsvalues.outside.server_binary import server_binary
from natsvalues.rehearsal.plan_stage import PlanStage
from natsvalues.rehearsal.plan_walk import differs
from natsvalues.rehearsal.run import rehearse
from natsvalues.rehearsal.stage import Aims
from natsvalues.rehearsal.world import World

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "scripts")
VERSION = "2.14.6"


@pytest.fixture
def plan_cases(load_module, monkeypatch):
    """Return scripts/plan_cases.py as a module."""
    monkeypatch.setattr(sys, "path", [SCRIPTS, *sys.path])
    return load_module(os.path.join(SCRIPTS, "plan_cases.py"))


@pytest.fixture
def order(plan_cases, renderer, tmp_path):
    """Give the rehearsal of a starting point: `order("one-full")`."""
    by_name = {case.name: case for case in plan_cases.CASES}
    return lambda name: plan_cases.order(by_name[name], renderer, VERSION, str(tmp_path))


@pytest.mark.nats
@pytest.mark.helm
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ["one-full", "smaller"])
def test_a_plan_is_walked_and_continues_after_every_step(order, name, nats_server, binaries, monkeypatch):
    """With streams of all kinds, publishers and consumers: nothing is lost, and no step comes up again."""
    nats_server(VERSION)
    monkeypatch.setenv("NATSVALUES_TOOLS", binaries.tools())
    outcome = asyncio.run(rehearse(order(name)._replace(binaries={VERSION: server_binary(VERSION)})))

    assert (outcome.word, outcome.causes) == ("converged", ())
    assert len(outcome.steps) >= 3
    assert {fate.fate for fate in outcome.streams} == {"kept"}
    assert len(outcome.streams) == 14  # seven kinds in two regions
    at = [fate.seen.rpartition("; ")[2] for fate in outcome.streams if fate.name.endswith(("_R3", "_WORK"))]
    assert sorted(re.sub(r"reader-\d+", "reader", text) for text in at) == [
        *2 * ["consumer reader: its position was 6, and is 6"],
        *2 * ["consumer worker: its position was 0, and is 0"],
    ]
    assert 0 < outcome.gap < 60


@pytest.mark.helm
@pytest.mark.parametrize("name", ["nothing", "nothing-own", "one-full", "third", "two-own", "handmade", "to-2.15.1"])
def test_after_every_step_exactly_the_rest_is_planned(order, name, tmp_path):
    """From the releases and the overlays' moves alone, as after an interruption."""
    rehearsal = order(name)
    regions = tuple(dict.fromkeys(key for step in rehearsal.steps for key in step.renderings))
    world = World(regions, str(tmp_path), 1, 20)
    stage = PlanStage(world, rehearsal.steps, Aims("", (), 1), rehearsal.planned, str(tmp_path))

    def left():
        return stage.planned_from({region: stage.place(region) for region in stage.revisions}).steps

    steps = left()
    assert steps
    for number, step in enumerate(steps):
        stage.moves = stage.moves | step.moves
        for act in step.acts:
            release = stage.post_rendered(act.region, None)
            stage.revisions.setdefault(act.region, []).append(release)
        assert [(item.way, item.region, item.title) for item in left()] == [
            (item.way, item.region, item.title) for item in steps[number + 1 :]
        ], step.id


A, B, C = ("expose", "us-east", "a"), ("expose", "eu-west", "b"), ("join", "us-east", "c")


@pytest.mark.parametrize(
    ("made", "left", "words"),
    [
        ([A], [B, C], ""),
        ([A], [A, B, C], ""),  # once more
        ([A, B], [A, B, C], ""),
        ([A, B, C], [], ""),
        ([A], [C], "it lacks: expose eu-west b"),
        ([A], [C, B], "the order is another one"),
        ([A, B], [("wipe", "us-east", "d"), C], "it has: wipe us-east d"),
    ],
)
def test_the_rest_of_a_plan_is_compared(made, left, words):
    """A step that was made may be planned again; nothing may be missing, new, or in another order."""
    assert differs([A, B, C], made, left) == words
