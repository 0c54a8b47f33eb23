"""`natsvalues values`: the region's values for the chart, for those who cannot run a post-renderer."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.outputs import Output, write
from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.state import Run
from natsvalues.cli.streams import read_stream, write_message
from natsvalues.cli.values_chart import no_chart, renderer
from natsvalues.delivery.names import ANY_NAMESPACE
from natsvalues.delivery.values import region_values
from natsvalues.delivery.values_file import head, merged, places, read_values, written
from natsvalues.errors import EXIT_OK, NatsvaluesError, Where
from natsvalues.files import STANDARD_INPUT
from natsvalues.manifests.chart_keys import ignored_keys
from natsvalues.outside.helm import defaults_of, fetched
from natsvalues.overlays.folder import load
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.plan import plan
from natsvalues.records import NamedTuple
from natsvalues.report.values_text import values_text
from natsvalues.text.yamltree import Tree

if TYPE_CHECKING:
    from natsvalues.delivery.values_file import ValuesFile

HINT = "give the values with which the chart is installed, or - for standard input"


class ValuesOptions(NamedTuple):
    """The options of `values`; `chart` is None where it was not given."""

    region: str
    files: tuple[str, ...] = ()
    overlays: str | None = None
    chart: str | None = None
    chart_version: str | None = None
    release: str | None = None
    output: str | None = None
    quiet: bool = False

    @property
    def words(self) -> list[str]:
        """The command line that has these options."""
        words = ["natsvalues", "values", self.region]
        for name in self.files:
            words += ["-f", name]
        for option, text in (
            ("--chart", self.chart),
            ("--chart-version", self.chart_version),
            ("--overlays", self.overlays),
            ("--release", self.release),
            ("-o", self.output),
        ):
            words += [option, text] if text else []
        return words


def run_values(options: ValuesOptions) -> int:
    """Write the values, and report on standard error what they set and why."""
    run = Run()
    return guarded(run, lambda: _values(options, run))


def _values(options: ValuesOptions, run: Run) -> int:
    if options.chart is None:
        example = options._replace(chart="nats/nats").words
        raise no_chart(f"name it as for helm: {shlex.join(example)}")
    run.region = options.region
    run.overlays = overlays_folder(options.overlays)
    files = read_files(options.files)
    region_plan = plan(load(run.overlays), options.region)
    tree = merged(files)
    given = tree.value or {}
    where = places(files)
    version = ["--version", options.chart_version] if options.chart_version else []
    with fetched(options.chart, version) as chart:
        render = renderer(chart, ["--namespace", ANY_NAMESPACE])
        defaults = Tree(defaults_of(chart, [])).value or {}
        ignored = [
            Notice("warning", key.message, (where.where(key.path),), key.hint) for key in ignored_keys(given, defaults)
        ]
        try:
            region = region_values(region_plan, given, render, where, options.release)
        except NatsvaluesError as error:
            error.hint = "\n".join([error.hint, *map(_as_line, ignored)])  # perhaps the cause
            raise
    region = region._replace(notices=(*ignored, *region.notices))
    text = written(tree, region, files[-1].name if files else "the new values", defaults)
    comment = head(options.region, region_plan.region.stage, region.chart_version, options.words)
    write([Output(options.output, comment + text)])
    if not options.quiet:
        write_message(values_text(region_plan, region, given))
    return EXIT_OK


def _as_line(notice: Notice) -> str:
    return f"{notice.where[0]}: {notice.message}" + (f": {notice.hint}" if notice.hint else "")


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
