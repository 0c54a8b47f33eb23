"""The commands that write values of the chart: `values`, and the getter that helm calls."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues.cli import getter as getter_verb
from natsvalues.cli import values as values_verb
from natsvalues.cli.leave import Leave


def values(
    region: Annotated[str, typer.Argument(help="The region.", metavar="REGION")],
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--values", "-f", help="Your values, as for helm. Can be repeated; - is standard input.", metavar="FILE"
        ),
    ] = None,
    overlays: Annotated[
        str | None, typer.Option(help="Folder of the overlays; also NATSVALUES_OVERLAYS.", metavar="FOLDER")
    ] = None,
    chart: Annotated[
        str | None,
        typer.Option(
            "--chart", help="The NATS chart, as for helm: a path, REPOSITORY/CHART or a URL.", metavar="CHART"
        ),
    ] = None,
    chart_version: Annotated[
        str | None,
        typer.Option(
            "--chart-version",
            help="Version of the chart, if it is not a path. The default is the newest.",
            metavar="VERSION",
        ),
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(help="Name of the release; required if patches in your overlay name an object.", metavar="NAME"),
    ] = None,
    output: Annotated[str | None, typer.Option("--output", "-o", help="Write to this file.", metavar="FILE")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not report what is set and why.")] = False,
) -> None:
    """Write values with which the NATS chart alone renders what post-rendering gives.

    helm renders the chart with the result, and it is written only if the rendering is equal. Your values come first,
    with their comments and order; what natsvalues sets, and what it overrides, is reported on standard error.
    """
    options = values_verb.ValuesOptions(
        region, tuple(files or ()), overlays, chart, chart_version, release, output, quiet
    )
    raise Leave(values_verb.run_values(options))


def getter(
    words: Annotated[
        list[str] | None, typer.Argument(help="Three files that are not used, then the address.", metavar="WORD")
    ] = None,
) -> None:
    """Give helm the values for `-f natsvalues://REGION`; helm calls this, through the plugin."""
    raise Leave(getter_verb.run_getter(words or []))


def declare(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(values)
    app.command()(getter)
