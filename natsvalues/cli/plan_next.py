"""`natsvalues plan -f values.yaml`: what each region's next release changes, as helm renders it with these values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.prior import changed_objects
from natsvalues.cli.values import read_files
from natsvalues.delivery.values_file import merged
from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.chart_keys import ignored_keys
from natsvalues.manifests.transitions import refusals
from natsvalues.outside.helm import defaults_of
from natsvalues.overlays.losses_since import state_after
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plans
from natsvalues.runbook.immutable import Refused, Upgrade
from natsvalues.supercluster.losses import losses
from natsvalues.text.yamltree import Tree

if TYPE_CHECKING:
    from natsvalues.cli.plan_places import Found
    from natsvalues.cli.plan_rendered import Rendered
    from natsvalues.manifests.release import Release
    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.plan import Plan
    from natsvalues.runbook.commands import Target
    from natsvalues.runbook.place import Place


def with_upgrades(
    chart: str, overlays: Overlays, where: Found, new: Rendered
) -> tuple[dict[str, Place], tuple[str, ...]]:
    """The places with what each next release changes, and what is not known of it, as lines.

    `new` are the regions as the chart renders them, before post-rendering.
    """
    goal = overlays._replace(regions={name: file._replace(region=file.goal) for name, file in overlays.regions.items()})
    wanted = plans(goal) if new.regions else {}
    places, unknown = dict(where.places), []
    for name, state in new.regions.items():
        try:
            upgrade = _upgrade(places[name], where.targets[name], wanted[name], chart, state.release)
            places[name] = places[name]._replace(upgrade=upgrade)
        except NatsvaluesError as error:
            words = " ".join(error.message.split())
            unknown.append(f"{name}: which fields its new release changes: {error.code} {words}")
    return places, tuple(unknown)


def _upgrade(place: Place, target: Target, plan: Plan, chart: str, release: Release) -> Upgrade:
    assert place.state is not None  # noqa: S101   # only of those that are installed
    upgrade = Upgrade(chart=place.chart)
    if upgrade.is_from_old_chart:
        ignored = _ignored(target, chart)
        if ignored:
            return upgrade._replace(ignored=ignored)
    result = render(release, plan)
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
