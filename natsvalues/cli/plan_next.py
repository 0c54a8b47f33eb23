"""`natsvalues plan -f values.yaml`: what each region's next release changes, as helm renders it with these values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.prior import changed_objects
from natsvalues.cli.values import read_files
from natsvalues.delivery.values_file import merged
from natsvalues.errors import NatsvaluesError
from natsvalues.files import content
from natsvalues.manifests.chart_keys import ignored_keys
from natsvalues.manifests.release import Release
from natsvalues.manifests.transitions import refusals
from natsvalues.outside.helm import defaults_of, fetched, templated
from natsvalues.overlays.losses_since import state_after
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plans
from natsvalues.runbook.immutable import Refused, Upgrade
from natsvalues.supercluster.losses import losses
from natsvalues.text.yamltree import Tree

if TYPE_CHECKING:
    from natsvalues.cli.plan_options import PlanOptions
    from natsvalues.cli.plan_places import Found
    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.plan import Plan
    from natsvalues.runbook.commands import Target
    from natsvalues.runbook.place import Place


def upgrades_of(options: PlanOptions, overlays: Overlays, where: Found) -> tuple[dict[str, Upgrade], tuple[str, ...]]:
    """What each region's next release changes, and what is not known of it, as lines. Raises NatsvaluesError for files.

    That helm does not render the chart is a line: the rest of the plan holds without it.
    """
    installed = [name for name, place in where.places.items() if place.state is not None and name in overlays.regions]
    if not installed:
        return {}, ()
    if not options.values:
        return {}, ("what the next releases change that Kubernetes refuses: -f, with --chart",)
    for file in dict.fromkeys(file for name in installed for file in where.targets[name].values if "://" not in file):
        content(file)  # raises: helm's message would only be a line
    goal = overlays._replace(regions={name: file._replace(region=file.goal) for name, file in overlays.regions.items()})
    wanted = plans(goal)
    upgrades, unknown = {}, []
    try:
        with fetched(options.chart, []) as chart:
            texts: dict[tuple[str, ...], str] = {}
            for name in installed:
                try:
                    upgrades[name] = _upgrade(where.places[name], where.targets[name], wanted[name], chart, texts)
                except NatsvaluesError as error:
                    unknown.append(_line(name, error))
    except NatsvaluesError as error:
        unknown.append(_line(", ".join(installed), error))
    return upgrades, tuple(unknown)


def _line(name: str, error: NatsvaluesError) -> str:
    words = " ".join(error.message.split())
    return f"{name}: what the next release changes: {error.code} {words}"


def _upgrade(place: Place, target: Target, plan: Plan, chart: str, texts: dict[tuple[str, ...], str]) -> Upgrade:
    assert place.state is not None  # noqa: S101   # only of those that are installed
    upgrade = Upgrade(chart=place.chart)
    if upgrade.is_from_old_chart:
        ignored = _ignored(target, chart)
        if ignored:
            return upgrade._replace(ignored=ignored)
    words = [word for path in target.values for word in ("--values", path)]
    words += ["--namespace", target.namespace] if target.namespace else []
    key = (target.release, *words)
    if key not in texts:
        texts[key] = templated(target.release, chart, *words)
    result = render(Release(texts[key], f"{place.region} (rendered)"), plan)
    refused = [
        Refused(before.value, after.value, tuple(changes))
        for before, after in changed_objects(place.state.release, result.release)
        if (changes := refusals(before.value, after.value))
    ]
    lost = losses(place.stored or place.state, state_after(result))
    return upgrade._replace(refused=tuple(refused), losses=tuple(lost))


def _ignored(target: Target, chart: str) -> tuple[str, ...]:
    """The keys of the values that the chart ignores, with a known successor."""
    given = merged(read_files(target.values)).value or {}
    defaults = Tree(defaults_of(chart, [])).value
    keys = ignored_keys(given, defaults if isinstance(defaults, dict) else None)
    return tuple(".".join(key.path) for key in keys if key.hint.startswith("since chart 1.0"))
