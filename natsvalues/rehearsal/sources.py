"""Where the renderings come from: folders of them, or overlays that make them, in the order that a scenario needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.release import Release
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.scenarios import SCENARIOS
from natsvalues.rehearsal.stage import Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from natsvalues.overlays.folder import Overlays
    from natsvalues.rehearsal.rendering import Rendering

    Text = Callable[[str], tuple[str, str]]
    Stages = dict[str, Literal["local", "expose", "join"]]

_ENDINGS = (".yaml", ".yml")


def steps_in(folder: str, read: Callable[[str], str]) -> tuple[Step, ...]:
    """The steps of a folder: its REGION.yaml files are one, each folder in it that holds some is one, by name.

    Raises NatsvaluesError for a folder without renderings, or with both.
    """
    if not os.path.isdir(folder):
        raise NatsvaluesError(
            "NV-R001", "there is no such folder", where=(Where(folder),),
            hint="name a folder with one rendering for each region, REGION.yaml",
        )  # fmt: skip
    files = _renderings(folder)
    folders = [name for name in sorted(os.listdir(folder)) if _renderings(os.path.join(folder, name))]
    if bool(files) == bool(folders):
        found = "renderings, and folders with renderings" if files else "no rendering"
        raise NatsvaluesError(
            "NV-R001", f"the folder has {found}", where=(Where(folder),),
            hint="one rendering for each region, REGION.yaml; or one folder for each step, such as 1-local and 2-join",
        )  # fmt: skip
    if files:
        return (Step("", _read(folder, files, read)),)
    return tuple(
        Step(name, _read(os.path.join(folder, name), _renderings(os.path.join(folder, name)), read)) for name in folders
    )


def _renderings(folder: str) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith(_ENDINGS)) if os.path.isdir(folder) else []


def _read(folder: str, files: list[str], read: Callable[[str], str]) -> dict[str, Rendering]:
    found = {}
    for name in files:
        path = os.path.join(folder, name)
        found[name.rpartition(".")[0]] = read_rendering(read(path), path)
    return found


def steps_of(overlays: Overlays, text: Text, scenario: str) -> tuple[Step, ...]:
    """The steps that a scenario takes with these overlays; `text` gives a region's plain rendering and its name.

    The walk goes through the stages in the safe order of the scope. A first install in scope `region` goes through
    `expose`, as it has to; everything else takes the stages as the files state them.
    """
    names = list(overlays.regions)
    shared = overlays.supercluster.jetstream.scope == "supercluster"
    if scenario == "stage-walk":
        walk = _shared_walk(overlays) if shared else _own_walk(names)
        return tuple(
            Step(f"{region} to {stages[region]}", {region: _made(overlays, region, stages, text)})
            for region, stages in walk
        )
    as_stated: Stages = {name: overlays.regions[name].region.stage for name in names}
    if scenario in ("first-install", "late-balancer") and not shared and "join" in as_stated.values():
        first: Stages = dict.fromkeys(names, "expose")
        return (
            Step("all regions expose", {name: _made(overlays, name, first, text) for name in names}),
            Step("as the files state it", {name: _made(overlays, name, as_stated, text) for name in names}),
        )
    return (Step("", {name: _made(overlays, name, as_stated, text) for name in names}),)


def _made(overlays: Overlays, region: str, stages: Stages, text: Text) -> Rendering:
    """A region's rendering, post-rendered with the regions in these stages; the others are still `local`."""
    staged = {
        name: file._replace(region=file.region._replace(stage=stages.get(name, "local")))
        for name, file in overlays.regions.items()
    }
    plain, file = text(region)
    made = render(Release(plain, file), plan(overlays._replace(regions=staged), region))
    return read_rendering(made.release.text(), file, overlays.regions[region].region.nats)


def _shared_walk(overlays: Overlays) -> list[tuple[str, Stages]]:
    """Scope supercluster: the seed first; then each newcomer, after all that have joined know it."""
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
    """Scope region: each for itself until all are there, then each joins."""
    walk: list[tuple[str, Stages]] = []
    stages: Stages = {}
    for name in names:
        for stage in ("local", "expose"):
            stages[name] = stage
            walk.append((name, dict(stages)))
    stages = dict.fromkeys(names, "join")
    return walk + [(name, dict(stages)) for name in names]


def fitting(scenario: str, steps: tuple[Step, ...], prior: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps as the scenario takes them. Raises NatsvaluesError if they do not fit it."""
    if scenario not in SCENARIOS:
        raise NatsvaluesError(
            "NV-R006", f"there is no scenario `{scenario}`", hint=f"there are: {', '.join(SCENARIOS)}, and all"
        )
    if scenario == "upgrade":
        if not prior:
            raise NatsvaluesError(
                "NV-R002", "an upgrade needs the release before it",
                hint="--prior FOLDER, with the manifests that run now: helm get manifest NAME >FOLDER/REGION.yaml",
            )  # fmt: skip
        return (prior[-1], steps[-1])
    if scenario == "stage-walk" and len(steps) < 2:  # noqa: PLR2004   # a walk has more than one step
        raise NatsvaluesError(
            "NV-R002", "a stage walk needs the renderings of each stage",
            hint="give the overlays, and a rendering or a chart; or a folder with one folder for each step",
        )  # fmt: skip
    walks = scenario in ("stage-walk", "first-install", "late-balancer")
    return steps if walks else steps[-1:]
