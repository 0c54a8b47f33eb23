"""The walks of `natsvalues plan` on real clusters: where each begins, where it leads, and who follows it how."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import yaml
from inputs import write_overlays

if TYPE_CHECKING:
    from suites import Suite

BEFORE = os.path.join("before", "overlays")
"""The overlays with which regions were installed that have joined."""
CHARTED = os.path.join("charts", "overlays")
"""Where natsvalues looks for overlays by itself."""
EAST, WEST, SOUTH = "us-east", "eu-west", "ap-south"
SYSTEM = "sys"
"""User and password of the administrators' login for the system account."""


class Goal(NamedTuple):
    """What the overlays state: the regions, the seed first, their scope, and how many servers, where not three."""

    regions: tuple[str, ...] = (EAST, WEST)
    scope: str = "supercluster"
    servers: dict[str, int] = {}  # noqa: RUF012   # never changed


class Walk(NamedTuple):
    """One walk. `there` are the regions that are installed at its beginning, and `by` says how they came to be.

    `chart`: by the chart alone, with the names that they are to have; `single`: the same without a cluster; `joined`:
    all at once with natsvalues, us-east with five servers; `walk`: the suite's walk before left them. Whoever
    `is_careless` runs the commands of each step twice, and once those of the step after the next one. `in_memory`:
    whether streams in memory survive it.
    """

    title: str
    goal: Goal
    there: tuple[str, ...] = ()
    by: Literal["chart", "single", "joined", "walk"] = "walk"
    is_careless: bool = False
    in_memory: bool = True


_FULL = Walk("one region full of streams, and a new one", Goal(), (EAST,), "chart")
_LARGE = {EAST: 5}
WALKS = {
    "plan-nothing": Walk("nothing is installed; two regions", Goal()),
    "plan-nothing-own": Walk("nothing is installed; two regions, scope region", Goal(scope="region")),
    "plan-third": Walk("two regions that have joined, and a third", Goal((EAST, WEST, SOUTH)), (EAST, WEST)),
    "plan-larger": Walk(
        "one of three regions goes from three servers to five",
        Goal((EAST, WEST, SOUTH), servers=_LARGE), (EAST, WEST, SOUTH),
    ),
    "plan-fewer": Walk(
        "three regions that have joined: one goes from five servers to three, and another one leaves",
        Goal(servers={EAST: 3}), (EAST, WEST, SOUTH), "joined",
    ),
    "plan-full": _FULL,
    "plan-single": Walk(
        "one server without a cluster, with streams, and a new region", Goal(), (EAST,), "single", in_memory=False
    ),
    "plan-two-full": Walk("two regions that both have streams", Goal(), (EAST, WEST), "chart", in_memory=False),
    "plan-careless": _FULL._replace(
        title=f"{_FULL.title}; all commands are run twice, and once a step is skipped", is_careless=True
    ),
}  # fmt: skip


def write_inputs(walk: Walk, suite: Suite, server: str, folder: str) -> None:
    """The overlays, and the values of each region: values-REGION.yaml, and before-REGION.yaml for the chart alone."""
    goal, overlays = walk.goal, os.path.join(folder, CHARTED)
    for name in os.listdir(overlays) if os.path.isdir(overlays) else ():
        os.remove(os.path.join(overlays, name))  # of the walk before
    write_overlays(suite._replace(regions=goal.regions, scope=goal.scope), overlays, suite.sync)
    write_overlays(suite, os.path.join(folder, BEFORE), suite.sync)
    for region, servers in goal.servers.items():
        with open(os.path.join(overlays, f"{region}.yaml"), "a", encoding="utf-8") as file:
            file.write(f"servers: {servers}\n")
    for region in suite.regions:
        _write(folder, f"values-{region}", _values(goal, server, goal.servers.get(region, 3)))
        names: dict[str, Any] = {"serverNamePrefix": f"{region}-", "cluster": {"merge": {"name": region}}}
        if walk.by == "single":
            names = {"cluster": {"enabled": False}}
        if walk.by == "joined":
            names = {"cluster": {"replicas": _LARGE.get(region, 3)}}
        _write(folder, f"before-{region}", {"config": names})


def _values(goal: Goal, server: str, servers: int) -> dict[str, Any]:
    """Values for all kinds of streams; in scope supercluster with a login for the system account, as peers need it."""
    system = {"accounts": {"$SYS": {"users": [{"user": SYSTEM, "password": SYSTEM}]}}}
    return {
        "config": {
            "cluster": {"enabled": True, "replicas": servers},
            "jetstream": {
                "enabled": True, "fileStore": {"pvc": {"size": "1Gi"}},
                "memoryStore": {"enabled": True, "maxSize": "64Mi"},
            },
            "merge": system if goal.scope == "supercluster" else {},
        },
        "container": {"image": {"tag": f"{server}-alpine"}},
        "natsBox": {"enabled": False},
    }  # fmt: skip


def _write(folder: str, name: str, value: Any) -> None:
    with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as file:
        yaml.safe_dump(value, file)
