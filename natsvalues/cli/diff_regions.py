"""All regions of a supercluster at once: two folders with a rendering for each, or a kube context for each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.diff_sides import from_file, nothing
from natsvalues.cli.diff_upgrade import Sides, decision_of, upgrade, words_of
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.chart import all_nats
from natsvalues.manifests.settings import dials_others, jetstream_is_on, settings, system_account
from natsvalues.overlays.folder import load, locate
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from natsvalues.cli.diff_options import DiffOptions
    from natsvalues.cli.helm_words import HelmWords
    from natsvalues.cli.state import Run
    from natsvalues.diff.sides import Side

SUFFIXES = (".yaml", ".yml", ".json")


def all_regions(options: DiffOptions, run: Run) -> list[Sides]:
    """The two sides of every region, in the order of their names."""
    words, drop_in = words_of(options)
    if len(words.positional) == 2 and all(map(_is_folder, words.positional)):  # noqa: PLR2004 - an old and a new one
        return _told_of_each_other(_folders(options, *words.positional))
    if len(words.positional) != 2:  # noqa: PLR2004 - same
        raise NatsvaluesError(
            "NV-D005",
            "--all-regions compares two folders, or a release and a chart in the kube context of each region",
            hint="natsvalues diff --all-regions OLD-FOLDER NEW-FOLDER, with a REGION.yaml for each region in both;\n"
            "natsvalues diff --all-regions RELEASE CHART [--context-of REGION=CONTEXT]",
        )
    return _told_of_each_other(_contexts(options, words, run, drop_in=drop_in))


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.isfile(os.path.join(path, "Chart.yaml"))


def _folders(options: DiffOptions, old: str, new: str) -> list[Sides]:
    before, after = _renderings(old), _renderings(new)
    regions = sorted({*before, *after})
    if not regions:
        raise NatsvaluesError(
            "NV-D007", "no rendering in either folder", where=(Where(old), Where(new)),
            hint="each region has a file of its own in them: REGION.yaml",
        )  # fmt: skip
    return [
        Sides(
            from_file(before[region]) if region in before else nothing(),
            from_file(after[region]) if region in after else nothing(),
            decision_of(region, options.overlays),
            region=region,
        )
        for region in regions
    ]


def _renderings(folder: str) -> dict[str, str]:
    """The files of a folder by the region's name."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIXES) and not name.startswith("."))
    return {os.path.splitext(name)[0]: os.path.join(folder, name) for name in names}


def _contexts(options: DiffOptions, words: HelmWords, run: Run, *, drop_in: bool) -> list[Sides]:
    contexts = _chosen(options.context_of)
    overlays = load(locate(options.overlays, dict(os.environ), os.getcwd()))
    strange = next((region for region in contexts if region not in overlays.regions), None)
    if strange is not None:
        overlays.region(strange)  # raises, with the nearest name
    found = []
    for region in overlays.regions:
        context = ("kube-context", ("--kube-context", contexts.get(region, region)))
        sides = upgrade(
            options._replace(region=region), words._replace(options=(*words.options, context)), drop_in=drop_in, run=run
        )
        found.append(sides._replace(region=region))
    return found


def _chosen(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        region, sign, context = pair.partition("=")
        if not sign or not region or not context:
            raise NatsvaluesError("NV-D001", f"--context-of: `{pair}` is not REGION=CONTEXT",
                                  hint="for example --context-of us-east=prod-us-east")  # fmt: skip
        found[region] = context
    return found


def _told_of_each_other(regions: list[Sides]) -> list[Sides]:
    """What only all regions together show: a lone region with JetStream of its own joins as the seed.

    If two or more ran JetStream alone under one system account, each of them is left to be judged as a loss.
    """
    alone = {sides.region: _accounts_alone(sides.old) for sides in regions}
    told = []
    for sides in regions:
        others = [accounts for region, accounts in alone.items() if region != sides.region]
        lone = alone[sides.region] and not any(alone[sides.region] & accounts for accounts in others)
        if lone and not sides.decision.scope:
            told.append(sides._replace(decision=Decision("", "seed")))
        elif not lone and alone[sides.region] and sides.decision.scope != "region":
            told.append(sides._replace(decision=sides.decision._replace(joins="")))
        else:
            told.append(sides)
    return told


def _accounts_alone(side: Side) -> set[str]:
    """System accounts under which servers of a side run JetStream without remote gateways."""
    found = set()
    for nats in all_nats(side.release):
        try:
            conf = settings(nats)
        except ConfSyntaxError:
            continue  # told by the comparison
        if jetstream_is_on(conf) and not dials_others(conf):
            found.add(system_account(conf))
    return found
