"""Starting points of plans: what is installed, and the overlays that say where it is to go.

Used by scripts/plan_runs.py and by the tests.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from rehearsal_cases import BALANCERS, REGIONS, Renderer, alone, stock

from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.rehearsal.plan_stage import Planned
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.run import Bounds, Order
from natsvalues.rehearsal.stage import Step

if TYPE_CHECKING:
    from collections.abc import Callable

EAST, WEST, SOUTH = REGIONS[:3]


class WithMemory(Renderer):
    """The same chart with room for streams in memory."""

    def template(self, version: str, *settings: str) -> str:
        """The chart with these settings, too."""
        room = ("config.jetstream.memoryStore.enabled=true", "config.jetstream.memoryStore.maxSize=64Mi")
        return super().template(version, *room, *settings)


class Goal(NamedTuple):
    """One region's overlay: its stage, its servers' prefix, and further fields as lines of YAML."""

    name: str
    prefix: str
    further: str
    stage: str = "join"


class Beginning(NamedTuple):
    """The releases that are installed, and the overlays."""

    prior: dict[str, str]
    scope: str
    goals: tuple[Goal, ...]
    lost: str = ""
    is_release_lost: bool = False


class Case(NamedTuple):
    """A starting point. `has_data`: its steps touch streams, so it is run more often.

    `to` is the version of the new renderings, for other versions only; empty: the one that is installed.
    """

    name: str
    title: str
    begin: Callable[[Renderer, str, str], Beginning]
    has_data: bool = False
    to: str = ""


def shared(*names: str, **prefixes: str) -> tuple[Goal, ...]:
    """Regions of scope supercluster, the first one the seed."""
    return tuple(
        Goal(name, prefixes.get(name.replace("-", "_"), f"{name}-"), f"joins: {'empty' if number else 'seed'}")
        for number, name in enumerate(names)
    )


def own(*names: str) -> tuple[Goal, ...]:
    """Regions of scope region, the first one with the default system account."""
    return tuple(
        Goal(name, f"{name}-", f'systemAccount: "{f"SYS-{name}" if number else "$SYS"}"')
        for number, name in enumerate(names)
    )


def write(folder: str, scope: str, goals: tuple[Goal, ...]) -> str:
    """Overlays for these regions; the folder."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "supercluster.yaml"), "w", encoding="utf-8") as file:
        file.write(f"kind: Supercluster\nname: acme\njetstream: {{scope: {scope}}}\n")
    for goal in goals:
        with open(os.path.join(folder, f"{goal.name}.yaml"), "w", encoding="utf-8") as file:
            file.write(
                f"kind: Region\nname: {goal.name}\nstage: {goal.stage}\n{goal.further}\n"
                f'serverNames: {{prefix: "{goal.prefix}"}}\ngateway: {{host: nats-gw-{goal.name}.example.com}}\n'
                f"loadBalancer: {BALANCERS[REGIONS.index(goal.name)]}\n"
            )
    return folder


def ours(folder: str, scope: str, goals: tuple[Goal, ...], text: Callable[[str], str]) -> dict[str, str]:
    """Releases as natsvalues rendered them before, with these overlays; `text` gives a region's plain one."""
    overlays = load(write(os.path.join(folder, "before"), scope, goals))
    return {name: render(Release(text(name)), plan(overlays, name)).release.text() for name in overlays.regions}


# --- the starting points --------------------------------------------------------------------------------------


def _nothing(_renderer: Renderer, _version: str, _folder: str) -> Beginning:
    return Beginning({}, "supercluster", shared(EAST, WEST, SOUTH))


def _nothing_own(_renderer: Renderer, _version: str, _folder: str) -> Beginning:
    return Beginning({}, "region", own(EAST, WEST))


def _one_full(renderer: Renderer, version: str, _folder: str) -> Beginning:
    return Beginning({EAST: alone(renderer, version, EAST)}, "supercluster", shared(EAST, WEST))


def _third(renderer: Renderer, version: str, folder: str) -> Beginning:
    before = ours(folder, "supercluster", shared(EAST, WEST), lambda _: renderer.template(version))
    return Beginning(before, "supercluster", shared(EAST, WEST, SOUTH))


def _standalone(renderer: Renderer, version: str, _folder: str) -> Beginning:
    single = renderer.template(version, "config.cluster.enabled=false")
    return Beginning({EAST: single}, "supercluster", shared(EAST, WEST, us_east=""))


def _two_full(renderer: Renderer, version: str, _folder: str) -> Beginning:
    both = {name: alone(renderer, version, name) for name in (EAST, WEST)}
    return Beginning(both, "supercluster", shared(EAST, WEST))


def _two_own(renderer: Renderer, version: str, _folder: str) -> Beginning:
    both = {name: alone(renderer, version, name) for name in (EAST, WEST)}
    return Beginning(both, "region", own(EAST, WEST))


def _colliding(renderer: Renderer, version: str, folder: str) -> Beginning:
    goals = own(EAST, WEST)
    before: dict[str, str] = {}
    for goal in goals:  # each by itself: together they would be refused
        alike = goal._replace(prefix="", stage="local")
        before |= ours(os.path.join(folder, goal.name), "region", (alike,), lambda _: renderer.template(version))
    return Beginning(before, "region", (goals[0]._replace(prefix=""), goals[1]))


def _leaving(renderer: Renderer, version: str, folder: str) -> Beginning:
    before = ours(folder, "supercluster", shared(EAST, WEST, SOUTH), lambda _: renderer.template(version))
    return Beginning(before, "supercluster", shared(EAST, WEST))


def _smaller(renderer: Renderer, version: str, folder: str) -> Beginning:
    def text(name: str) -> str:
        return renderer.template(version, f"config.cluster.replicas={5 if name == EAST else 3}")

    first, second = shared(EAST, WEST)
    goal = first._replace(further=f"{first.further}\nservers: 3")
    before = ours(folder, "supercluster", shared(EAST, WEST), text)
    return Beginning(before, "supercluster", (goal, second))


def _merged(renderer: Renderer, version: str, folder: str) -> Beginning:
    before = ours(folder, "region", own(EAST, WEST), lambda _: renderer.template(version))
    return Beginning(before, "supercluster", shared(EAST, WEST))


def _handmade(renderer: Renderer, version: str, _folder: str) -> Beginning:
    return Beginning(stock(renderer, version, (EAST, WEST)), "supercluster", shared(EAST, WEST))


def _domains(renderer: Renderer, version: str, _folder: str) -> Beginning:
    before = stock(renderer, version, (EAST, WEST), "config.jetstream.merge.domain={region}")
    return Beginning(before, "supercluster", shared(EAST, WEST))


def _other_version(renderer: Renderer, version: str, folder: str) -> Beginning:
    joined = shared(EAST, WEST, SOUTH)
    return Beginning(ours(folder, "supercluster", joined, lambda _: renderer.template(version)), "supercluster", joined)


def _other_version_own(renderer: Renderer, version: str, folder: str) -> Beginning:
    both = own(EAST, WEST)
    return Beginning(ours(folder, "region", both, lambda _: renderer.template(version)), "region", both)


def _lost_seed(renderer: Renderer, version: str, folder: str) -> Beginning:
    both = shared(EAST, WEST)
    before = ours(folder, "supercluster", both, lambda _: renderer.template(version))
    return Beginning(before, "supercluster", both, lost=EAST)


def _lost_release(renderer: Renderer, version: str, folder: str) -> Beginning:
    return _other_version(renderer, version, folder)._replace(lost=EAST, is_release_lost=True)


def _lost_own(renderer: Renderer, version: str, folder: str) -> Beginning:
    return _other_version_own(renderer, version, folder)._replace(lost=WEST)


CASES = (
    Case("nothing", "nothing is installed; three regions, scope supercluster", _nothing),
    Case("nothing-own", "nothing is installed; two regions, scope region", _nothing_own),
    Case("one-full", "one region full of streams, and a new one; scope supercluster", _one_full),
    Case("third", "two regions that have joined, and a third; scope supercluster", _third),
    Case("standalone", "one server without a cluster, with streams, and a new region", _standalone, has_data=True),
    Case("two-full", "two regions that both have streams; scope supercluster", _two_full, has_data=True),
    Case("two-own", "two regions that both have streams; scope region", _two_own, has_data=True),
    Case("colliding", "two regions with the same server names; scope region", _colliding, has_data=True),
    Case("leaving", "three regions that have joined, one of which leaves", _leaving, has_data=True),
    Case("smaller", "two regions that have joined; one goes from five servers to three", _smaller, has_data=True),
    Case("merged", "two regions of scope region; scope supercluster", _merged, has_data=True),
    Case("handmade", "two regions with gateways made by hand", _handmade),
    Case("domains", "two regions that have joined, each with a JetStream domain", _domains),
    *(
        Case(f"to-{to}", f"three regions that have joined, to {to}", _other_version, has_data=True, to=to)
        for to in ("2.12.8", "2.14.6", "2.15.1")
    ),
    *(
        Case(f"own-to-{to}", f"two regions of scope region, to {to}", _other_version_own, has_data=True, to=to)
        for to in ("2.12.8", "2.15.1")
    ),
    Case("lost-seed", "two regions that have joined; all volumes of the seed are gone", _lost_seed, has_data=True),
    Case(
        "lost-release",
        "three regions that have joined; volumes and release of the seed are gone",
        _lost_release,
        has_data=True,
    ),
    Case("lost-own", "two regions of scope region; all volumes of one are gone", _lost_own, has_data=True),
)


def order(case: Case, renderer: Renderer, version: str, folder: str) -> Order:
    """The rehearsal of a plan from this starting point."""
    renderer = WithMemory(*renderer)
    beginning = case.begin(renderer, version, folder)
    overlays = load(write(os.path.join(folder, "overlays"), beginning.scope, beginning.goals))

    def text(_region: str, servers: int | None) -> tuple[str, str]:
        settings = (f"config.cluster.replicas={servers}",) if servers is not None else ()
        return renderer.template(case.to or version, *settings), "the chart"

    installed = {name: read_rendering(release, name) for name, release in beginning.prior.items()}
    goal = {name: read_rendering(text(name, None)[0], name) for name in overlays.regions}
    prior = {name: Release(release, name) for name, release in beginning.prior.items()}
    planned = Planned(overlays, text, prior, beginning.lost, beginning.is_release_lost)
    steps = (Step("installed", installed), Step("goal", goal))
    return Order("plan", steps, planned=planned, bounds=Bounds(seconds=1200.0))
