"""`natsvalues plan`: the regions as the chart renders them with the new values, for the version of their servers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.release import Release
from natsvalues.outside.helm import templated
from natsvalues.records import NamedTuple
from natsvalues.runbook.place import state_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from natsvalues.cli.plan_options import PlanOptions
    from natsvalues.overlays.plan import Plan
    from natsvalues.supercluster.region_state import RegionState


class Rendered(NamedTuple):
    """The regions by name; of those that could not be rendered `unknown` says why."""

    regions: dict[str, RegionState]
    unknown: tuple[str, ...] = ()


def rendered(options: PlanOptions, wanted: Mapping[str, Plan]) -> Rendered:
    """Render these regions with the values files of `--values`, with helm template; none without such files."""
    if not options.values:
        why = (
            "which nats-server the new releases have, and what they change that Kubernetes refuses: -f FILE, the "
            "chart's values; and --chart, if it is not nats/nats"
        )
        return Rendered({}, (why,) if wanted else ())
    regions: dict[str, RegionState] = {}
    unknown: list[str] = []
    template = cache(templated)
    for name, plan in wanted.items():
        words = [word for path in options.values for word in ("-f", path.replace("{region}", name))]
        try:
            text = template(options.clusters.release, options.chart, *words)
            regions[name] = state_of(Release(text, f"{options.chart} for {name}"), plan)
        except NatsvaluesError as error:
            unknown.append(f"{name}: which nats-server its new release has: {error.code} {error.message}")
    return Rendered(regions, tuple(unknown))
