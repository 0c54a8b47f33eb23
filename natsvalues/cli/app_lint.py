"""The commands that check before anything is deployed (lint, topology, rules): their options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues.cli import lint as lint_verb
from natsvalues.cli import rules as rules_verb
from natsvalues.cli import topology as topology_verb
from natsvalues.cli.leave import Leave
from natsvalues.cli.lint_inputs import Inputs
from natsvalues.cli.lint_render import Chart

Overlays = Annotated[
    str | None, typer.Option(help="Folder of the overlays; also NATSVALUES_OVERLAYS.", metavar="FOLDER")
]
Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="Overlays, renderings (a file, or a folder with one REGION.yaml for each region), plain nats.conf files "
        "(*.conf, or a folder of them), or - for standard input. The default is the overlays of this directory.",
        metavar="PATH",
    ),
]
ChartName = Annotated[str | None, typer.Option("--chart", help="Render and lint this chart.", metavar="CHART")]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--values",
        "-f",
        help="Values file for --chart; {region} stands for the region. Can be repeated.",
        metavar="FILE",
    ),
]
Settings = Annotated[list[str] | None, typer.Option("--set", help="Setting for --chart.", metavar="KEY=VALUE")]
Release = Annotated[str, typer.Option(help="Name of the release, for --chart.", metavar="NAME")]
Namespace = Annotated[str | None, typer.Option(help="Namespace, for --chart.", metavar="NAME")]
ChartVersion = Annotated[
    str | None, typer.Option("--chart-version", help="Version of the chart, for --chart.", metavar="VERSION")
]
NatsVersion = Annotated[
    str | None,
    typer.Option("--nats-version", help="Version of the servers, for plain nats.conf files.", metavar="VERSION"),
]
AllRegions = Annotated[bool, typer.Option("--all-regions", help="Render --chart for every region.")]


def lint(
    paths: Paths = None,
    region: Annotated[
        str | None,
        typer.Option(
            help="The region of a single rendering. With several: report only the findings of this region.",
            metavar="REGION",
        ),
    ] = None,
    overlays: Overlays = None,
    chart: ChartName = None,
    values: Values = None,
    settings: Settings = None,
    release: Release = "nats",
    namespace: Namespace = None,
    chart_version: ChartVersion = None,
    all_regions: AllRegions = False,
    nats_version: NatsVersion = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            "--format",
            help=f"{', '.join(lint_verb.FORMATS)}; with =FILE to a file. Can be repeated.",
            metavar="FORMAT[=FILE]",
        ),
    ] = None,
    fail_on: Annotated[
        str, typer.Option(help="Exit with 4 from this severity on: error, warning, note, never.", metavar="SEVERITY")
    ] = "error",
    severity: Annotated[
        list[str] | None, typer.Option(help="Change the severity of a rule. Can be repeated.", metavar="RULE=SEVERITY")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Ignore the findings in this file.", metavar="FILE")] = None,
    write_baseline: Annotated[
        str | None, typer.Option(help="Write the findings to this file, and ignore them.", metavar="FILE")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the safe fixes to the overlay files.")] = False,
    evidence: Annotated[
        str | None,
        typer.Option(help="Add the results of a rehearsal of these renderings (rehearse -o json).", metavar="FILE"),
    ] = None,
    server: Annotated[
        bool, typer.Option("--server", help="Ask nats-server -t of each image's version about the renderings.")
    ] = False,
) -> None:
    """Check overlays, renderings or nats.conf files against the rules of a supercluster, before they are deployed."""
    options = lint_verb.LintOptions(
        Inputs(tuple(paths or ()), overlays, region, nats_version),
        _chart(chart, values, settings, release, namespace, chart_version),
        all_regions,
        tuple(formats or ("text",)),
        fail_on,
        tuple(severity or ()),
        baseline,
        write_baseline,
        fix,
        evidence,
        server,
    )
    raise Leave(lint_verb.run_lint(options))


def _chart(
    chart: str | None,
    values: list[str] | None,
    settings: list[str] | None,
    release: str,
    namespace: str | None,
    version: str | None,
) -> Chart | None:
    if chart is None:
        if values or settings:
            raise typer.BadParameter("needs --chart", param_hint="--values or --set")
        return None
    return Chart(chart, tuple(values or ()), release, namespace, version, tuple(settings or ()))


def topology(
    paths: Paths = None,
    region: Annotated[str | None, typer.Option(help="The region of a single rendering.", metavar="REGION")] = None,
    overlays: Overlays = None,
    nats_version: NatsVersion = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            "--format",
            help=f"{', '.join(topology_verb.FORMATS)}; with =FILE to a file. Can be repeated.",
            metavar="FORMAT[=FILE]",
        ),
    ] = None,
) -> None:
    """Draw the supercluster: regions, gateways, load balancers and meta groups, with the findings of lint."""
    inputs = Inputs(tuple(paths or ()), overlays, region, nats_version)
    raise Leave(topology_verb.run_topology(inputs, tuple(formats or ("svg",))))


def rules(
    rule: Annotated[str | None, typer.Argument(help="Explain this rule or impact, by id or name.")] = None,
) -> None:
    """List the lint rules and the impacts that `diff` reports, or explain one."""
    raise Leave(rules_verb.rules(rule))


def declare(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for verb in (lint, topology, rules):
        app.command()(verb)
