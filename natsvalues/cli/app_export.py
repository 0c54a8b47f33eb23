"""The verbs that deliver a region's edits without a post-renderer: krm, export; their options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues.cli.leave import Leave

Region = Annotated[str, typer.Argument(help="The region.", metavar="REGION")]
Rendering = Annotated[
    str | None,
    typer.Argument(help="The release as the chart renders it; left out: standard input.", metavar="[RENDERING]"),
]
Folder = Annotated[str, typer.Option("--output", "-o", help="Folder for the files.", metavar="FOLDER")]
Overlays = Annotated[
    str | None, typer.Option(help="Folder of the overlays; also NATSVALUES_OVERLAYS.", metavar="FOLDER")
]

export_app = typer.Typer(
    help="Write a region's edits of a rendering as files for another tool, which needs no natsvalues then.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@export_app.command("kustomize")
def export_kustomize(region: Region, output: Folder, rendering: Rendering = None, overlays: Overlays = None) -> None:
    """A component with patches and the gateway's Service, for any kustomization that has the rendering."""
    _export("kustomize", region, rendering, output, overlays)


@export_app.command("flux")
def export_flux(
    region: Region,
    output: Folder,
    rendering: Rendering = None,
    overlays: Overlays = None,
    release: Annotated[
        str | None,
        typer.Option(help="Name of the HelmRelease; left out: the release's.", metavar="NAME"),
    ] = None,
) -> None:
    """The post-renderers of a HelmRelease and the gateway's Service, as a component."""
    _export("flux", region, rendering, output, overlays, release)


@export_app.command("helmfile")
def export_helmfile(region: Region, output: Folder, rendering: Rendering = None, overlays: Overlays = None) -> None:
    """A template that a release inherits, and a small chart with the gateway's Service.

    Run it where helmfile.yaml is: paths begin there.
    """
    _export("helmfile", region, rendering, output, overlays)


def _export(
    form: str, region: str, rendering: str | None, folder: str, overlays: str | None, release: str | None = None
) -> None:
    from natsvalues.cli.export import ExportOptions, run_export  # the pipeline, only when used

    raise Leave(run_export(ExportOptions(form, region, rendering, folder, overlays, release)))


def krm() -> None:
    """Run as a KRM function of kustomize or kpt: a ResourceList in, the region's ResourceList out.

    The functionConfig names the region, and the overlays by their folder or written out.
    """
    from natsvalues.cli.krm import krm as run_krm  # heavy only when used

    raise Leave(run_krm())


def declare(app: typer.Typer) -> None:
    """Put the verbs on the command line."""
    app.command()(krm)
    app.add_typer(export_app, name="export")
