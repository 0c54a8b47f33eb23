"""All regions of a supercluster at once: two folders with one rendering per region, or one kube context per region."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Any

from natsvalues.cli.diff.comparison import Sides
from natsvalues.cli.diff.decision import decision_of
from natsvalues.cli.diff.sides import from_file, nothing
from natsvalues.cli.diff.upgrade import helm_words, upgrade
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.files import listed
from natsvalues.manifests.chart import all_nats
from natsvalues.manifests.settings import dials_others, jetstream_is_on, settings, system_account
from natsvalues.outside.calling import calling_helm
from natsvalues.overlays.folder import load
from natsvalues.supercluster.joining import Joining, unlisted, upgrade_order
from natsvalues.supercluster.region_state import Decision, region_state
from natsvalues.text.natsconf import ConfSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.cli.diff.options import DiffOptions
    from natsvalues.cli.helm_words import HelmWords
    from natsvalues.cli.state import Run
    from natsvalues.diff.sides import Side
    from natsvalues.supercluster.region_state import RegionState

SUFFIXES = (".yaml", ".yml", ".json")


def all_regions(options: DiffOptions, run: Run) -> list[Sides]:
    """The two sides of every region, in the order of their upgrades."""
    words, drop_in = helm_words(options)
    if len(words.positional) == 2 and all(map(_is_folder, words.positional)):  # noqa: PLR2004 - an old and a new one
        return _in_order(_with_unlisted(_with_joins(_folders(options, *words.positional))))
    if len(words.positional) != 2:  # noqa: PLR2004 - same
        raise NatsvaluesError(
            "NV-D005",
            "--all-regions compares two folders, or a release and a chart in the kube context of each region",
            hint="natsvalues diff --all-regions OLD-FOLDER NEW-FOLDER, with a REGION.yaml for each region in both;\n"
            "natsvalues diff --all-regions RELEASE CHART [--context-of REGION=CONTEXT]",
        )
    return _in_order(_with_unlisted(_with_joins(_contexts(options, words, run, drop_in=drop_in))))


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.isfile(os.path.join(path, "Chart.yaml"))


def _folders(options: DiffOptions, old: str, new: str) -> list[Sides]:
    before, after = _renderings(old), _renderings(new)
    regions = sorted({*before, *after})
    if not regions:
        raise NatsvaluesError(
            "NV-D007", "neither folder has a rendering", where=(Where(old), Where(new)),
            hint="both need a REGION.yaml for each region",
        )  # fmt: skip
    return [
        Sides(
            from_file(before[region]) if region in before else nothing(region),
            from_file(after[region]) if region in after else nothing(region),
            decision_of(region, options.overlays),
            region=region,
        )
        for region in regions
    ]


def _renderings(folder: str) -> dict[str, str]:
    """The renderings in a folder, by region."""
    return {os.path.splitext(name)[0]: os.path.join(folder, name) for name in listed(folder, SUFFIXES)}


def _contexts(options: DiffOptions, words: HelmWords, run: Run, *, drop_in: bool) -> list[Sides]:
    _leave_namespace_to_contexts()
    contexts = contexts_of(options.context_of)
    overlays = load(overlays_folder(options.overlays))
    unknown = next((region for region in contexts if region not in overlays.regions), None)
    if unknown is not None:
        overlays.region(unknown)  # raises, with the nearest name
    pairs = []
    for region in overlays.regions:
        context = ("kube-context", ("--kube-context", contexts.get(region, region)))
        sides = upgrade(
            options._replace(region=region), words._replace(options=(*words.options, context)), drop_in=drop_in, run=run
        )
        pairs.append(sides._replace(region=region))
    return pairs


def _leave_namespace_to_contexts() -> None:
    """Drop HELM_NAMESPACE if nobody stated it: each region's own context decides then.

    facts: helm always sets it for its plugins, without `-n` to the namespace of the current context (3.19.0, 4.3.1).
    """
    caller = calling_helm()
    if caller is None or "HELM_NAMESPACE" in caller.variables:
        return
    if not any(re.match(r"-n|--namespace(=|$)", word) for word in caller.words):
        os.environ.pop("HELM_NAMESPACE", None)


def contexts_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """The kube contexts by region, from `REGION=CONTEXT`. Raises NatsvaluesError (NV-D001) for anything else."""
    contexts = {}
    for pair in pairs:
        region, sign, context = pair.partition("=")
        if not sign or not region or not context:
            raise NatsvaluesError("NV-D001", f"--context-of: `{pair}` is not REGION=CONTEXT",
                                  hint="for example --context-of us-east=prod-us-east")  # fmt: skip
        contexts[region] = context
    return contexts


def _with_joins(regions: list[Sides]) -> list[Sides]:
    """The pairs with what only all regions together show: a region that alone ran JetStream joins as the seed.

    If several regions ran JetStream alone under one system account, none is the seed, and each is judged as a loss.
    """
    alone = {sides.region: _accounts_alone(sides.old) for sides in regions}
    decided = []
    for sides in regions:
        others = [accounts for region, accounts in alone.items() if region != sides.region]
        is_seed = alone[sides.region] and not any(alone[sides.region] & accounts for accounts in others)
        if is_seed and not sides.decision.scope:
            decided.append(sides._replace(decision=Decision("", "seed")))
        elif not is_seed and alone[sides.region] and sides.decision.scope != "region":
            decided.append(sides._replace(decision=sides.decision._replace(joins="")))
        else:
            decided.append(sides)
    return decided


def _with_unlisted(regions: list[Sides]) -> list[Sides]:
    """The pairs with the regions whose new releases reject each, because they do not list it."""
    rejecting = unlisted(state for sides in regions for state in _states(sides))
    return [
        sides._replace(decision=sides.decision._replace(unlisted=rejecting.get(sides.region, ()))) for sides in regions
    ]


def _states(sides: Sides) -> Iterator[RegionState]:
    """The servers of a new release, without those whose configuration cannot be read: the comparison reports them."""
    for nats in all_nats(sides.new.release):
        with contextlib.suppress(ConfSyntaxError):
            yield region_state(sides.new.release, nats, sides.region, decision=sides.decision)


def _in_order(regions: list[Sides]) -> list[Sides]:
    """The pairs in the order of their upgrades, by what runs now: joined are those that have remote gateways."""
    joinings = [
        Joining(sides.region, sides.decision.joins, "join" if _dials_others(sides.old) else "") for sides in regions
    ]
    by_region = {sides.region: sides for sides in regions}
    return [by_region[region] for region in upgrade_order(joinings)]


def _dials_others(side: Side) -> bool:
    return any(dials_others(conf) for conf in _settings_of(side))


def _settings_of(side: Side) -> Iterator[dict[str, Any]]:
    """What the nats.conf files of a release mean, without those that cannot be read: the comparison reports them."""
    for nats in all_nats(side.release):
        with contextlib.suppress(ConfSyntaxError):
            yield settings(nats)


def _accounts_alone(side: Side) -> set[str]:
    """System accounts under which servers of a release run JetStream without remote gateways."""
    alone = [conf for conf in _settings_of(side) if jetstream_is_on(conf) and not dials_others(conf)]
    return {system_account(conf) for conf in alone}
