"""The full command line: every verb but the light path, and all help and completion."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues import __version__
from natsvalues.cli import completion as completion_verb
from natsvalues.cli import explain as explain_verb
from natsvalues.cli import init as init_verb
from natsvalues.cli import last as last_verb
from natsvalues.cli import lint as lint_verb
from natsvalues.cli import overlay as overlay_verb
from natsvalues.cli import plugin as plugin_verb
from natsvalues.cli import providers as providers_verb
from natsvalues.cli import rules as rules_verb
from natsvalues.cli import schema as schema_verb
from natsvalues.cli import topology as topology_verb
from natsvalues.cli.light import ALLOWABLE, PostRenderOptions, with_environment
from natsvalues.cli.lint_inputs import Wanted
from natsvalues.cli.lint_render import Chart
from natsvalues.errors import EXIT_ERROR, EXIT_INTERRUPTED

app = typer.Typer(
    name="natsvalues",
    help="Join NATS Helm releases of several regions into a supercluster that survives a cold start.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Region = Annotated[str | None, typer.Option(help="The region; also NATSVALUES_REGION.", metavar="REGION")]
Overlays = Annotated[
    str | None, typer.Option(help="Folder of the overlays; also NATSVALUES_OVERLAYS.", metavar="FOLDER")
]
Prior = Annotated[
    str | None,
    typer.Option(help="The release before: a manifest file, or release:[NAMESPACE/]NAME[@REVISION].", metavar="PRIOR"),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        help="Let through what --prior refuses: " + "; ".join(f"{name} ({text})" for name, text in ALLOWABLE.items()),
        metavar="NAME",
    ),
]


def _version(asked: bool) -> None:  # typer's callback
    if asked:
        typer.echo(f"natsvalues {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[  # typer's flag
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


def options(region: str | None, overlays: str | None, prior: str | None, allow: list[str] | None) -> PostRenderOptions:
    """The options of the post-render path, checked."""
    for name in allow or ():
        if name not in ALLOWABLE:
            raise typer.BadParameter(f"`{name}` is none of {', '.join(ALLOWABLE)}", param_hint="--allow")
    return with_environment(PostRenderOptions(region, overlays, prior, tuple(allow or ())))


@app.command("post-render")
def post_render(region: Region = None, overlays: Overlays = None, prior: Prior = None, allow: Allow = None) -> None:
    """Read a rendered release on standard input, write the region's release on standard output.

    Also what natsvalues does without a verb when standard input is not a terminal.
    """
    from natsvalues.cli.post_render import post_render as run_post_render  # heavy only when used

    raise Leave(run_post_render(options(region, overlays, prior, allow)))


@app.command()
def explain(
    rendering: Annotated[str | None, typer.Argument(help="A rendered release; left out: standard input.")] = None,
    region: Region = None,
    overlays: Overlays = None,
    prior: Prior = None,
    allow: Allow = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON (format 1).")] = False,
) -> None:
    """Show each edit of a rendered release with its reason, and what the region's stage allows."""
    raise Leave(explain_verb.explain(rendering, options(region, overlays, prior, allow), as_json=as_json))


Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="Overlays, renderings (a file, or a folder with one REGION.yaml for each region), or - for standard "
        "input; left out: the overlays of this directory.",
        metavar="PATH",
    ),
]
ChartName = Annotated[str | None, typer.Option("--chart", help="Render this chart first.", metavar="CHART")]
Values = Annotated[
    list[str] | None,
    typer.Option("--values", "-f", help="Values file for --chart; {region} stands for the region.", metavar="FILE"),
]
Settings = Annotated[list[str] | None, typer.Option("--set", help="Setting for --chart.", metavar="KEY=VALUE")]
Release = Annotated[str, typer.Option(help="Name of the release, for --chart.", metavar="NAME")]
Namespace = Annotated[str | None, typer.Option(help="Namespace, for --chart.", metavar="NAME")]
ChartVersion = Annotated[
    str | None, typer.Option("--chart-version", help="Version of the chart, for --chart.", metavar="VERSION")
]
AllRegions = Annotated[bool, typer.Option("--all-regions", help="Render --chart for every region.")]


@app.command()
def lint(
    paths: Paths = None,
    region: Annotated[
        str | None,
        typer.Option(
            help="The region of a single rendering; of several, report this one's findings.", metavar="REGION"
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
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help=f"{', '.join(lint_verb.FORMATS)}; with =FILE into a file; may be given several times.",
            metavar="FORMAT[=FILE]",
        ),
    ] = None,
    fail_on: Annotated[
        str, typer.Option(help="Exit code 4 from this severity on: error, warning, note, never.", metavar="SEVERITY")
    ] = "error",
    severity: Annotated[
        list[str] | None, typer.Option(help="Give a rule another severity.", metavar="RULE=SEVERITY")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Pass over the findings in this file.", metavar="FILE")] = None,
    write_baseline: Annotated[
        str | None, typer.Option(help="Write the findings into this file, and pass over them.", metavar="FILE")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Make the fixes that are safe, in the overlay files.")] = False,
) -> None:
    """Judge overlays and renderings by the rules of a supercluster, before anything is deployed."""
    options = lint_verb.LintOptions(
        Wanted(tuple(paths or ()), overlays, region),
        _chart(chart, values, settings, release, namespace, chart_version),
        all_regions,
        tuple(formats or ("text",)),
        fail_on,
        tuple(severity or ()),
        baseline,
        write_baseline,
        fix,
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


@app.command()
def topology(
    paths: Paths = None,
    region: Annotated[str | None, typer.Option(help="The region of a single rendering.", metavar="REGION")] = None,
    overlays: Overlays = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help=f"{', '.join(topology_verb.FORMATS)}; with =FILE into a file; may be given several times.",
            metavar="FORMAT[=FILE]",
        ),
    ] = None,
) -> None:
    """Draw the supercluster: regions, gateways, load balancers, meta groups, and lint's findings in place."""
    raise Leave(topology_verb.run_topology(Wanted(tuple(paths or ()), overlays, region), tuple(formats or ("svg",))))


@app.command()
def rules(
    rule: Annotated[str | None, typer.Argument(help="Explain this rule, by id or name.")] = None,
) -> None:
    """List the lint rules, or explain one."""
    raise Leave(rules_verb.rules(rule))


@app.command()
def last(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as it is kept.")] = False,
) -> None:
    """Show the report of the last run (Helm 4 hides what a post-renderer says)."""
    raise Leave(last_verb.last(as_json=as_json))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the overlay files."""
    raise Leave(schema_verb.print_schema())


@app.command()
def providers(
    name: Annotated[str | None, typer.Argument(help="Show this provider's inputs and caveats.")] = None,
) -> None:
    """List the load-balancer providers, or show one."""
    raise Leave(providers_verb.providers(name))


@app.command()
def init(
    folder: Annotated[str, typer.Argument(help="Where to write.")] = init_verb.FOLDER,
    name: Annotated[str, typer.Option(help="Name of the supercluster.")] = "acme",
    region: Annotated[str, typer.Option(help="Name of the first region.")] = "us-east",
    scope: Annotated[
        str, typer.Option(help="The JetStream decision, which has no default: supercluster or region.", metavar="SCOPE")
    ] = "",
) -> None:
    """Write a commented starter pair of overlays; run again, one more region."""
    raise Leave(init_verb.init(folder, scope=scope, name=name, region=region))


overlay_app = typer.Typer(help="Look at overlays.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(overlay_app, name="overlay")


@overlay_app.command("show")
def overlay_show(region: Annotated[str, typer.Argument(help="The region.")], overlays: Overlays = None) -> None:
    """Print the effective overlay of a region, after defaults and with its computed remotes."""
    raise Leave(overlay_verb.show(region, overlays))


plugin_app = typer.Typer(help="Make Helm find natsvalues: its plugins.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(plugin_app, name="plugin")
HelmProgram = Annotated[
    str | None, typer.Option("--helm", help="This helm; else HELM_BIN, else helm on PATH.", metavar="PATH")
]
Plugins = Annotated[
    str | None, typer.Option("--plugins", help="This plugins directory; else the one that helm reads.", metavar="DIR")
]


@plugin_app.command("install")
def plugin_install(helm: HelmProgram = None, plugins: Plugins = None) -> None:
    """Install what this Helm needs for `--post-renderer natsvalues` and `helm natsvalues`."""
    raise Leave(plugin_verb.install(helm, plugins))


@plugin_app.command("uninstall")
def plugin_uninstall(helm: HelmProgram = None, plugins: Plugins = None) -> None:
    """Take away what `plugin install` put there, and nothing else."""
    raise Leave(plugin_verb.uninstall(helm, plugins))


@plugin_app.command("status")
def plugin_status(helm: HelmProgram = None, plugins: Plugins = None) -> None:
    """Show for each Helm what is installed, what works, and what to do about the rest."""
    raise Leave(plugin_verb.status(helm, plugins))


@app.command()
def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.", metavar="SHELL")],
    words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """Print the completion script for a shell."""
    raise Leave(completion_verb.completion(app, shell, words or []))


class Leave(SystemExit):
    """A verb's own exit code, told apart from typer's 2 for wrong usage."""


def run() -> int:
    """Run the command line; wrong usage is exit code 1, because 2 means differences."""
    try:
        app()
    except Leave as leave:
        return int(leave.code or 0)
    except SystemExit as leave:
        return EXIT_ERROR if leave.code not in (0, None, EXIT_INTERRUPTED) else int(leave.code or 0)
    return 0
