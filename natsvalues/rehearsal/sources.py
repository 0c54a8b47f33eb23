"""The renderings of a scenario in the order it needs: read from folders, or post-rendered from overlays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.files import listed
from natsvalues.manifests.release import Release
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.scenarios import SCENARIOS
from natsvalues.rehearsal.stage import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.overlays.folder import Overlays
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.stage import Stages

    Text = Callable[[str], tuple[str, str]]

_ENDINGS = (".yaml", ".yml")


def steps_in(folder: str, read: Callable[[str], str]) -> tuple[Step, ...]:
    """The steps of a folder: its REGION.yaml files are one step, or each folder in it with such files, by name.

    Raises NatsvaluesError for a folder without renderings, or with both.
    """
    if not os.path.isdir(folder):
        raise NatsvaluesError(
            "NV-R001", "the folder does not exist", where=(Where(folder),),
            hint="name a folder with one rendering for each region, REGION.yaml",
        )  # fmt: skip
    files = _renderings(folder)
    folders = [name for name in listed(folder, ("",)) if _renderings(os.path.join(folder, name))]
    if bool(files) == bool(folders):
        content = "renderings, and folders with renderings" if files else "no rendering"
        raise NatsvaluesError(
            "NV-R001", f"the folder has {content}", where=(Where(folder),),
            hint="one rendering for each region, REGION.yaml; or one folder for each step, such as 1-local, 2-join;\n"
            "plain nats.conf files have no probes and Services to rehearse: natsvalues lint reads them",
        )  # fmt: skip
    if files:
        return (Step("", _read(folder, files, read)),)
    return tuple(
        Step(name, _read(os.path.join(folder, name), _renderings(os.path.join(folder, name)), read)) for name in folders
    )


def _renderings(folder: str) -> list[str]:
    return listed(folder, _ENDINGS) if os.path.isdir(folder) else []


def _read(folder: str, files: list[str], read: Callable[[str], str]) -> dict[str, Rendering]:
    renderings = {}
    for name in files:
        path = os.path.join(folder, name)
        renderings[name.rpartition(".")[0]] = read_rendering(read(path), path)
    return renderings


def steps_of(overlays: Overlays, text: Text, scenario: str, *, at_once: bool = False) -> tuple[Step, ...]:
    """The steps of a scenario with these overlays; `text` returns a region's plain rendering and its name.

    With `at_once` regions that go to the next stages one after the other are one step.

    The walk goes through the stages in the safe order of the scope. A first install in scope `region` goes through
    `expose`, which it requires; everything else uses the stages in the files.
    """
    names = list(overlays.regions)
    shared = overlays.supercluster.jetstream.scope == "supercluster"
    if scenario == "stage-walk":
        walk = _shared_walk(overlays) if shared else _own_walk(names)
        moves: list[tuple[list[str], Stages]] = []
        for region, stages in walk:
            if at_once and moves and moves[-1][1] == stages:
                moves[-1][0].append(region)
            else:
                moves.append(([region], stages))
        return tuple(
            Step(
                " and ".join(f"{region} to {stages[region]}" for region in regions),
                {region: _post_rendered(overlays, region, stages, text) for region in regions},
                stages,
            )
            for regions, stages in moves
        )
    as_stated: Stages = {name: overlays.regions[name].region.stage for name in names}
    if scenario in ("first-install", "late-balancer") and not shared and "join" in as_stated.values():
        first: Stages = dict.fromkeys(names, "expose")
        return (
            Step("all regions expose", {name: _post_rendered(overlays, name, first, text) for name in names}, first),
            Step(
                "as in the files", {name: _post_rendered(overlays, name, as_stated, text) for name in names}, as_stated
            ),
        )
    return (Step("", {name: _post_rendered(overlays, name, as_stated, text) for name in names}, as_stated),)


def _post_rendered(overlays: Overlays, region: str, stages: Stages, text: Text) -> Rendering:
    """A region's rendering, post-rendered with the regions in these stages; the others are still `local`."""
    staged = {
        name: file._replace(region=file.region._replace(stage=stages.get(name, "local")))
        for name, file in overlays.regions.items()
    }
    plain, file = text(region)
    result = render(Release(plain, file), plan(overlays._replace(regions=staged), region))
    return read_rendering(result.release.text(), file, overlays.regions[region].region.nats)


def _shared_walk(overlays: Overlays) -> list[tuple[str, Stages]]:
    """Scope supercluster: the seed first; then each new region, after all joined regions have it as a remote."""
    names = list(overlays.regions)
    seed = next((name for name in names if overlays.regions[name].region.joins == "seed"), names[0])
    stages: Stages = {seed: "local"}
    walk = [(seed, dict(stages))]
    stages[seed] = "expose"
    walk.append((seed, dict(stages)))
    joined = [seed]
    for name in names:
        if name == seed:
            continue
        for stage in ("local", "expose"):
            stages[name] = stage
            walk.append((name, dict(stages)))
        stages |= dict.fromkeys([*joined, name], "join")
        walk += [(region, dict(stages)) for region in (*joined, name)]
        joined.append(name)
    return walk


def _own_walk(names: list[str]) -> list[tuple[str, Stages]]:
    """Scope region: each region runs alone until all are installed, then each joins."""
    walk: list[tuple[str, Stages]] = []
    stages: Stages = {}
    for name in names:
        for stage in ("local", "expose"):
            stages[name] = stage
            walk.append((name, dict(stages)))
    stages = dict.fromkeys(names, "join")
    return walk + [(name, dict(stages)) for name in names]


def fitting(scenario: str, steps: tuple[Step, ...], prior: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps for the scenario. Raises NatsvaluesError if they do not fit it."""
    if scenario not in SCENARIOS:
        raise NatsvaluesError(
            "NV-R006", f"there is no scenario `{scenario}`", hint=f"there are: {', '.join(SCENARIOS)}, and all"
        )
    if scenario == "upgrade":
        if not prior:
            raise NatsvaluesError(
                "NV-R002", "the scenario upgrade needs the prior release",
                hint="--prior FOLDER, with the manifests deployed now: helm get manifest NAME >FOLDER/REGION.yaml",
            )  # fmt: skip
        return (prior[-1], steps[-1])
    if scenario == "stage-walk" and len(steps) < 2:  # noqa: PLR2004   # a stage walk has more than one step
        raise NatsvaluesError(
            "NV-R002", "the scenario stage-walk needs the renderings of each stage",
            hint="give the overlays, and a rendering or a chart; or a folder with one folder for each step",
        )  # fmt: skip
    walks = scenario in ("stage-walk", "first-install", "late-balancer")
    return steps if walks else steps[-1:]
