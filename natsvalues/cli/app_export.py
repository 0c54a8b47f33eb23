"""The commands for use without a post-renderer (krm, export): their options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues.cli.leave import Leave

Region = Annotated[str, typer.Argument(help="The region.", metavar="REGION")]
Rendering = Annotated[
    str | None,
    typer.Argument(help="The release as the chart renders it. The default is standard input.", metavar="[RENDERING]"),
]
Folder = Annotated[str, typer.Option("--output", "-o", help="Folder for the files.", metavar="FOLDER")]
Overlays = Annotated[
    str | None, typer.Option(help="Folder of the overlays; also NATSVALUES_OVERLAYS.", metavar="FOLDER")
]

export_app = typer.Typer(
    help="Write a region's edits of a rendering as files that another tool applies without natsvalues.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@export_app.command("kustomize")
def export_kustomize(region: Region, output: Folder, rendering: Rendering = None, overlays: Overlays = None) -> None:
    """Write a component with patches and the gateway's Service, for a kustomization that has the rendering."""
    _export("kustomize", region, rendering, output, overlays)


@export_app.command("flux")
def export_flux(
    region: Region,
    output: Folder,
    rendering: Rendering = None,
    overlays: Overlays = None,
    release: Annotated[
        str | None,
        typer.Option(help="Name of the HelmRelease. The default is the name of the release.", metavar="NAME"),
    ] = None,
) -> None:
    """Write a component with the post-renderers of a HelmRelease and the gateway's Service."""
    _export("flux", region, rendering, output, overlays, release)


@export_app.command("helmfile")
def export_helmfile(region: Region, output: Folder, rendering: Rendering = None, overlays: Overlays = None) -> None:
    """Write a template that a release inherits, and a small chart with the gateway's Service.

    Run it in the folder of helmfile.yaml: paths are relative to it.
    """
    _export("helmfile", region, rendering, output, overlays)


def _export(
    form: str, region: str, rendering: str | None, folder: str, overlays: str | None, release: str | None = None
) -> None:
    from natsvalues.cli.export import ExportOptions, run_export  # heavy, and used only here

    raise Leave(run_export(ExportOptions(form, region, rendering, folder, overlays, release)))


def krm() -> None:
    """Run as a KRM function of kustomize or kpt: a ResourceList in, the region's ResourceList out.

    The functionConfig has the region, and the overlays or their folder.
    """
    from natsvalues.cli.krm import krm as run_krm  # heavy, and used only here

    raise Leave(run_krm())


def declare(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(krm)
    app.add_typer(export_app, name="export")
