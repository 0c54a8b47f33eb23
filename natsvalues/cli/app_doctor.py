"""The command `doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues.cli.doctor_options import FORMATS, RELEASE, DoctorOptions
from natsvalues.cli.leave import Leave


def doctor(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="`collect FILE`: write what was seen to this file, without secrets.", metavar="[collect FILE]"
        ),
    ] = None,
    contexts: Annotated[
        str, typer.Option(help="The kube context of each region, REGION=CONTEXT,….", metavar="CONTEXTS")
    ] = "",
    namespace: Annotated[
        str,
        typer.Option(
            help="The namespace of all releases, or REGION=NAMESPACE,…. The default is the context's.",
            metavar="NAMESPACE",
        ),
    ] = "",
    release: Annotated[str, typer.Option(help="The name of the releases.", metavar="NAME")] = RELEASE,
    kubeconfig: Annotated[str | None, typer.Option(help="The kubeconfig; also KUBECONFIG.", metavar="FILE")] = None,
    overlays: Annotated[
        str | None,
        typer.Option(help="Folder of the overlays with which the regions are compared.", metavar="FOLDER"),
    ] = None,
    from_bundle: Annotated[
        str | None, typer.Option(help="Judge this file of `collect` instead of clusters.", metavar="FILE")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            help=f"{', '.join(FORMATS)}; with =FILE to a file. Can be repeated.",
            metavar="FORMAT[=FILE]",
        ),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            help="Exit with 4 from this severity on: error, warning, note, never; but with never, also if a region "
            "cannot be read.",
            metavar="SEVERITY",
        ),
    ] = "error",
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, and show what changes, until Ctrl-C.")
    ] = False,
    every: Annotated[float, typer.Option(help="With --watch: seconds between two looks.", min=1)] = 5,
    cloud: Annotated[
        bool,
        typer.Option(
            "--cloud",
            help="Also ask the clouds what their load balancers have, through your own aws, gcloud, az or oc.",
        ),
    ] = False,
    looks: Annotated[int, typer.Option(help="With --watch: end after so many looks.", min=0, hidden=True)] = 0,
) -> None:
    """Show what is effective in live regions: nine items of a checklist, and everything that is wrong.

    Nothing is changed. What cannot be seen is unknown, and named at the end.
    """
    from natsvalues.cli import doctor as verb  # heavy, and used only here

    if words and (words[0] != "collect" or len(words) != 2):  # noqa: PLR2004 - collect and its file
        raise typer.BadParameter("only `collect FILE` can stand here", param_hint="doctor")
    if bool(contexts) == bool(from_bundle):
        raise typer.BadParameter("give one of them", param_hint="--contexts or --from-bundle")
    if from_bundle and cloud:
        raise typer.BadParameter("a bundle has what the cloud answered", param_hint="--from-bundle with --cloud")
    if from_bundle and (watch or words):
        raise typer.BadParameter("a bundle does not change", param_hint="--from-bundle with --watch or collect")
    options = DoctorOptions(
        contexts,
        namespace,
        release,
        kubeconfig,
        overlays,
        from_bundle,
        words[1] if words else None,
        tuple(formats or ("text",)),
        fail_on,
        every if watch else None,
        looks,
        cloud,
    )
    raise Leave(verb.run_doctor(options))


def declare(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(doctor)
