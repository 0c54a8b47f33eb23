"""Render a chart first, for one region or all: helm template, then natsvalues, as an upgrade would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.cli.lint_inputs import Rendering, located
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.release import Release
from natsvalues.outside.helm import defaults_of, templated
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.text.yamltree import Tree

if TYPE_CHECKING:
    from natsvalues.cli.lint_inputs import Wanted

REGION = "{region}"


class Chart(NamedTuple):
    """What helm template is told. `{region}` in a values file's name stands for the region."""

    chart: str
    values: tuple[str, ...] = ()
    release: str = "nats"
    namespace: str | None = None
    version: str | None = None
    settings: tuple[str, ...] = ()


def renderings(chart: Chart, wanted: Wanted, *, all_regions: bool) -> tuple[Rendering, ...]:
    """The chart for each region, post-rendered; as it is where there are no overlays.

    Raises NatsvaluesError with helm's own words, for what a render refuses, and where no region can be meant.
    """
    folder = located(wanted, required=False)
    if folder is None:
        name = wanted.region or chart.release
        return (Rendering(f"{name} (rendered)", _templated(chart, wanted.region or ""), name),)
    overlays = load(folder)
    regions = [wanted.region] if wanted.region else list(overlays.regions)
    if len(regions) > 1 and not all_regions:
        raise NatsvaluesError(
            "NV-L008",
            "a chart to render, and no region to render it for",
            where=(Where(overlays.folder),),
            hint=f"give --region, or --all-regions; regions here: {', '.join(overlays.regions)}",
        )
    found = []
    for region in regions:
        file = f"{region} (rendered)"
        result = render(Release(_templated(chart, region), file), plan(overlays, region))
        found.append(Rendering(file, result.release.text(), region))
    return tuple(found)


def values_files(chart: Chart, made: tuple[Rendering, ...]) -> tuple[str, ...]:
    """The values files of these renderings, each once; helm may have fetched others from a url."""
    local = [file for file in chart.values if "://" not in file]
    return tuple(dict.fromkeys(file.replace(REGION, item.stem) for item in made for file in local))


def chart_defaults(chart: Chart) -> dict[str, Any]:
    """The chart's own values."""
    defaults = Tree(defaults_of(chart.chart, _version(chart))).value
    return defaults if isinstance(defaults, dict) else {}


def _version(chart: Chart) -> list[str]:
    return ["--version", chart.version] if chart.version else []


def _templated(chart: Chart, region: str) -> str:
    """What helm makes of the chart, without natsvalues."""
    words: list[str] = []
    for file in chart.values:
        words += ["--values", file.replace(REGION, region)]
    for setting in chart.settings:
        words += ["--set", setting.replace(REGION, region)]
    words += ["--namespace", chart.namespace] if chart.namespace else []
    return templated(chart.release, chart.chart, *words, *_version(chart))
