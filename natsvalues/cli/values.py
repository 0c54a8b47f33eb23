"""`natsvalues values`: the region's values for the chart, for those who cannot run a post-renderer."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from natsvalues.cli.edge import guarded
from natsvalues.cli.outputs import Output, write
from natsvalues.cli.state import Run
from natsvalues.cli.streams import STANDARD_INPUT, read_stream
from natsvalues.delivery.chart_values import chart
from natsvalues.delivery.values import values_for
from natsvalues.delivery.values_file import head, places, read_values, together, written
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.overlays.folder import load, locate
from natsvalues.overlays.plan import plan
from natsvalues.report.values_text import settings_text

if TYPE_CHECKING:
    from natsvalues.delivery.values import Made
    from natsvalues.delivery.values_file import ValuesFile
    from natsvalues.overlays.plan import Plan

HINT = "give the values with which the chart is installed, or - for standard input"


class ValuesOptions(NamedTuple):
    """What `values` was told. `check` is a chart that helm is to render both ways."""

    region: str
    files: tuple[str, ...] = ()
    overlays: str | None = None
    chart_version: str | None = None
    release: str | None = None
    output: str | None = None
    check: str | None = None
    quiet: bool = False


def run_values(options: ValuesOptions) -> int:
    """Write the values, and tell on standard error what they say and why."""
    run = Run()
    return guarded(run, lambda: _values(options, run))


def _values(options: ValuesOptions, run: Run) -> int:
    run.region = options.region
    run.overlays = locate(options.overlays, dict(os.environ), os.getcwd())
    asked = chart(options.chart_version)
    files = read_files(options.files)
    region_plan = plan(load(run.overlays), options.region)
    tree = together(files)
    made = values_for(region_plan, tree.value or {}, asked, places(files), options.release)
    text = _head(options, region_plan, made) + written(tree, made, files[-1].name if files else "the new values")
    if options.check is not None:
        from natsvalues.cli.values_check import require_equal  # starts helm

        require_equal(options.check, options, tree.text, text, region_plan)
    write([Output(options.output, text)])
    if not options.quiet:
        sys.stderr.write(settings_text(region_plan, made, tree.value or {}))
    return EXIT_OK


def read_files(names: tuple[str, ...]) -> list[ValuesFile]:
    """The values files of these names, `-` for standard input. Raises NatsvaluesError for one that is none."""
    files = []
    for name in names:
        try:
            text = read_stream(None if name == "-" else name)
        except NatsvaluesError as error:
            error.hint = HINT if error.code == "NV-I007" else error.hint
            raise
        files.append(read_values(STANDARD_INPUT if name == "-" else name, text))
    if names.count("-") > 1:
        raise NatsvaluesError("NV-V005", "standard input is named twice", where=(Where(STANDARD_INPUT),), hint=HINT)
    return files


def _head(options: ValuesOptions, region_plan: Plan, made: Made) -> str:
    command = ["natsvalues", "values", options.region]
    for name in options.files:
        command += ["-f", name]
    for option, text in (
        ("--overlays", options.overlays),
        ("--chart-version", options.chart_version),
        ("--release", options.release),
    ):
        command += [option, text] if text else []
    command += ["-o", options.output] if options.output else []
    return head(options.region, region_plan.region.stage, made, command)
