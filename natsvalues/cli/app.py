"""The full command line: every verb but the light path, and all help and completion."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues import __version__
from natsvalues.cli import app_doctor, app_export, app_lint, app_plan, app_plugin, app_rehearse, app_values
from natsvalues.cli import completion as completion_verb
from natsvalues.cli import explain as explain_verb
from natsvalues.cli import init as init_verb
from natsvalues.cli import last as last_verb
from natsvalues.cli import overlay as overlay_verb
from natsvalues.cli import providers as providers_verb
from natsvalues.cli import schema as schema_verb
from natsvalues.cli.diff.command import diff as run_diff
from natsvalues.cli.diff.options import help_text as diff_help
from natsvalues.cli.edge import guarded
from natsvalues.cli.leave import Leave
from natsvalues.cli.light import ALLOWABLE, PostRenderOptions, with_environment
from natsvalues.cli.state import Run
from natsvalues.cli.streams import unwritten
from natsvalues.cli.summaries import summarize
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
    typer.Option(
        help="The prior release: a manifest file, release:[NAMESPACE/]NAME[@REVISION], auto (the default: the release "
        "that helm upgrades, if helm calls) or none; also NATSVALUES_PRIOR.",
        metavar="PRIOR",
    ),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        help="Allow what --prior refuses: " + "; ".join(f"{name} ({text})" for name, text in ALLOWABLE.items()),
        metavar="NAME",
    ),
]


ReportFile = Annotated[
    str | None,
    typer.Option(
        "--report", help="Write the differences from --prior to this file, in the format of its suffix.", metavar="FILE"
    ),
]


def _version(requested: bool) -> None:  # typer's callback
    if requested:
        typer.echo(f"natsvalues {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[  # typer's flag
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def options(
    region: str | None, overlays: str | None, prior: str | None, allow: list[str] | None, report: str | None = None
) -> PostRenderOptions:
    """The options of the post-render path, checked."""
    for name in allow or ():
        if name not in ALLOWABLE:
            raise typer.BadParameter(f"`{name}` is not one of {', '.join(ALLOWABLE)}", param_hint="--allow")
    return with_environment(PostRenderOptions(region, overlays, prior, tuple(allow or ()), report))


@app.command("post-render")
def post_render(
    region: Region = None,
    overlays: Overlays = None,
    prior: Prior = None,
    allow: Allow = None,
    report: ReportFile = None,
) -> None:
    """Read a rendered release on standard input, write the region's release on standard output.

    Also what natsvalues does without a verb when standard input is not a terminal.
    """
    from natsvalues.cli.post_render import post_render as run_post_render  # heavy, and used only here

    raise Leave(run_post_render(options(region, overlays, prior, allow, report)))


@app.command()
def explain(
    rendering: Annotated[str | None, typer.Argument(help="A rendered release. The default is standard input.")] = None,
    region: Region = None,
    overlays: Overlays = None,
    prior: Prior = None,
    allow: Allow = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON (format 1).")] = False,
) -> None:
    """Show each edit of a rendered release with its reason, and what the region's stage allows."""
    raise Leave(explain_verb.explain(rendering, options(region, overlays, prior, allow), as_json=as_json))


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog=diff_help(),
)
def diff(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(help="See below.", metavar="OLD NEW | RELEASE CHART")] = None,
) -> None:
    """Show what differs from the prior release, and the impact of it.

    OLD and NEW are files, - for standard input, release:[NAMESPACE/]NAME[@REVISION], or an exported release Secret; or
    both are plain nats.conf files.
    With a RELEASE and a CHART, or before `upgrade …`, the release in the cluster is compared with the new rendering of
    the chart; helm's own options are passed on. With a RELEASE and --revision, two revisions are compared.
    """
    given = words or []
    if {"-h", "--help"}.intersection(given[: given.index("--")] if "--" in given else given):
        typer.echo(context.get_help())  # helm would print its own, in the place of a rendering
        return
    raise Leave(run_diff(given))


app_lint.declare(app)
app_values.declare(app)
app_export.declare(app)


@app.command()
def last(
    as_json: Annotated[bool, typer.Option("--json", help="Print the stored JSON.")] = False,
) -> None:
    """Show the report of the last run (Helm 4 hides the standard error of a post-renderer)."""
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
def docs(
    page: Annotated[str | None, typer.Argument(help="Print this page, such as stages.")] = None,
) -> None:
    """List the pages of the documentation, or print one."""
    from natsvalues.cli.docs import docs as print_docs  # seldom used

    raise Leave(print_docs(page))


@app.command()
def init(
    folder: Annotated[str, typer.Argument(help="The folder to write to.")] = init_verb.FOLDER,
    name: Annotated[str, typer.Option(help="Name of the supercluster.")] = "acme",
    region: Annotated[str, typer.Option(help="Name of the region whose file is written.")] = "us-east",
    scope: Annotated[
        str,
        typer.Option(
            help="The JetStream scope, required for the first region: supercluster or region.",
            metavar="SCOPE",
        ),
    ] = "",
) -> None:
    """Write a commented supercluster.yaml and a region file; run again, one more region file."""
    raise Leave(init_verb.init(folder, scope=scope, name=name, region=region))


app_rehearse.declare(app)
app_plan.declare(app)
app_doctor.declare(app)


overlay_app = typer.Typer(help="List the regions, or show an overlay.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(overlay_app, name="overlay")


@overlay_app.command("list")
def overlay_list(
    overlays: Overlays = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array, on one line.")] = False,
) -> None:
    """Print the names of the regions in the order of their upgrades, for scripts and CI matrices.

    The seed first, then the regions in stage join, then the others; by name among themselves.
    """
    raise Leave(overlay_verb.list_regions(overlays, as_json=as_json))


@overlay_app.command("show")
def overlay_show(region: Annotated[str, typer.Argument(help="The region.")], overlays: Overlays = None) -> None:
    """Print the effective overlay of a region: with defaults and with its remotes."""
    raise Leave(overlay_verb.show(region, overlays))


app_plugin.declare(app)


@app.command()
def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.", metavar="SHELL")],
    words: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """Print the completion script for a shell."""
    raise Leave(completion_verb.completion(app, shell, words or []))


summarize(app)


def run() -> int:
    """Run the command line; wrong usage is exit code 1, because 2 means differences."""
    return guarded(Run(), _run)


def _run() -> int:
    try:
        app()
    except Leave as leave:
        return int(leave.code or 0)
    except SystemExit as leave:
        return EXIT_ERROR if leave.code not in (0, None, EXIT_INTERRUPTED) else int(leave.code or 0)
    except OSError as error:  # verbs report their own; this was a page of help
        raise unwritten(error) from None
    return 0
