"""Render a chart first, for one region or all: helm template, then natsvalues, as an upgrade would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.cli.lint_inputs import Rendering, located
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.manifests.release import Release
from natsvalues.outside.helm import defaults_of, templated
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.records import NamedTuple
from natsvalues.text.yamltree import Tree

if TYPE_CHECKING:
    from natsvalues.cli.lint_inputs import Inputs

REGION = "{region}"


class Chart(NamedTuple):
    """The options of helm template. `{region}` in a values file's name stands for the region."""

    chart: str
    values: tuple[str, ...] = ()
    release: str = "nats"
    namespace: str | None = None
    version: str | None = None
    settings: tuple[str, ...] = ()


def renderings(chart: Chart, inputs: Inputs, *, all_regions: bool) -> tuple[Rendering, ...]:
    """The chart for each region, post-rendered; unchanged if there are no overlays.

    Raises NatsvaluesError for an error of helm, for what post-rendering refuses, and if the region is not clear.
    """
    folder = located(inputs, required=False)
    if folder is None:
        name = inputs.region or chart.release
        return (Rendering(f"{name} (rendered)", _templated(chart, inputs.region or ""), name),)
    overlays = load(folder)
    regions = [inputs.region] if inputs.region else list(overlays.regions)
    if len(regions) > 1 and not all_regions:
        raise NatsvaluesError(
            "NV-L008",
            "--chart needs a region, and there are several",
            where=(Where(overlays.folder),),
            hint=f"set --region or --all-regions; the regions are: {', '.join(overlays.regions)}",
        )
    texts = []
    for region in regions:
        file = f"{region} (rendered)"
        result = render(Release(_templated(chart, region), file), plan(overlays, region))
        texts.append(Rendering(file, result.release.text(), region))
    return tuple(texts)


def values_files(chart: Chart, rendered: tuple[Rendering, ...]) -> tuple[str, ...]:
    """The local values files of these renderings, without repetition."""
    local = [file for file in chart.values if "://" not in file]
    return tuple(dict.fromkeys(file.replace(REGION, item.stem) for item in rendered for file in local))


def chart_defaults(chart: Chart) -> dict[str, Any]:
    """The chart's own values."""
    defaults = Tree(defaults_of(chart.chart, _version(chart))).value
    return defaults if isinstance(defaults, dict) else {}


def _version(chart: Chart) -> list[str]:
    return ["--version", chart.version] if chart.version else []


def _templated(chart: Chart, region: str) -> str:
    """The chart as helm renders it."""
    words: list[str] = []
    for file in chart.values:
        words += ["--values", file.replace(REGION, region)]
    for setting in chart.settings:
        words += ["--set", setting.replace(REGION, region)]
    words += ["--namespace", chart.namespace] if chart.namespace else []
    return templated(chart.release, chart.chart, *words, *_version(chart))
