"""`values --check`: helm renders the chart with the new values, and with the old ones for post-rendering."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from natsvalues.delivery.equality import unequal
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.release import Release
from natsvalues.outside.helm import templated
from natsvalues.overlays.pipeline import render

if TYPE_CHECKING:
    from natsvalues.cli.values import ValuesOptions
    from natsvalues.overlays.plan import Plan

RELEASE = "nats"


def require_equal(chart: str, options: ValuesOptions, given: str, made: str, plan: Plan) -> None:
    """Raise NatsvaluesError, with what differs, unless helm makes the same of both; with helm's words if it fails."""
    with_values = Release(_rendered(chart, options, made), "rendered with the new values")
    post_rendered = render(Release(_rendered(chart, options, given), "rendered with your values"), plan).release
    found = list(unequal(with_values, Release(post_rendered.text())))
    if found:
        raise NatsvaluesError(
            "NV-V006",
            "this chart does not render with the new values what post-rendering makes of it:\n  " + "\n  ".join(found),
            where=(Where(chart),),
            hint="is --chart-version the chart's? Otherwise something in the values is not understood: post-render",
        )


def _rendered(chart: str, options: ValuesOptions, values: str) -> str:
    with tempfile.TemporaryDirectory(prefix="natsvalues-check-") as folder:
        path = os.path.join(folder, "values.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(values)
        more = ["--version", options.chart_version] if options.chart_version and not os.path.isdir(chart) else []
        return templated(options.release or RELEASE, chart, "--values", path, *more)
