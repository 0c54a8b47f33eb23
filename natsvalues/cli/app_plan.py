"""The command `plan`."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues.cli.app_rehearse import RELEASE, Kubeconfig, Namespace, ReleaseName
from natsvalues.cli.leave import Leave


def plan(
    overlays: Annotated[
        str | None, typer.Option(help="Folder of the overlays; also NATSVALUES_OVERLAYS.", metavar="FOLDER")
    ] = None,
    contexts: Annotated[
        str,
        typer.Option(
            help="Read the releases and ask the servers in these kube contexts, REGION=CONTEXT,….", metavar="CONTEXTS"
        ),
    ] = "",
    namespace: Namespace = "",
    release: ReleaseName = RELEASE,
    kubeconfig: Kubeconfig = None,
    prior: Annotated[
        str | None,
        typer.Option(
            help="Instead of --contexts: what is installed, REGION.yaml (a manifest, or exported release Secrets). A "
            "region without a file is not installed.",
            metavar="FOLDER",
        ),
    ] = None,
    jsz: Annotated[
        list[str] | None,
        typer.Option(
            help="What a region's stores have, REGION=FILE: the servers' answers to "
            "/jsz?accounts=true&streams=true&consumers=true&config=true. Can be repeated.",
            metavar="FILE",
        ),
    ] = None,
    chart: Annotated[str, typer.Option(help="The chart in the commands.", metavar="CHART")] = "nats/nats",
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--values",
            "-f",
            help="Values file in the commands; {region} stands for the region. Can be repeated.",
            metavar="FILE",
        ),
    ] = None,
    backups: Annotated[
        str, typer.Option(help="Folder of the backups, FOLDER/REGION/STREAM.", metavar="FOLDER")
    ] = "backups",
    emptied: Annotated[
        list[str] | None,
        typer.Option(
            help="The stores of this region were emptied, as a step said, which nothing shows. Can be repeated.",
            metavar="REGION",
        ),
    ] = None,
    lost: Annotated[
        list[str] | None,
        typer.Option(
            help="All volumes of this region are gone, which nothing shows; until its streams are restored. Can be "
            "repeated.",
            metavar="REGION",
        ),
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="Show only the steps of this region. Can be repeated.", metavar="REGION")
    ] = None,
    only_next: Annotated[bool, typer.Option("--next", help="Show only the next step.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Check the next step's preconditions; exit code 4 if they do not hold.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Write the next step's `move` fields into the overlays.")
    ] = False,
    to: Annotated[
        str,
        typer.Option(
            help="Instead: the steps to another delivery: post-renderer, values, flux or argocd.", metavar="DELIVERY"
        ),
    ] = "",
    delivered: Annotated[
        str,
        typer.Option(
            "--from",
            help="With --to: the delivery that the regions have, where no release shows it; argocd also for kustomize "
            "and kpt.",
            metavar="DELIVERY",
        ),
    ] = "",
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            help="text, markdown, json (format 1) or html; with =FILE into a file. Can be repeated.",
            metavar="FORMAT",
        ),
    ] = None,
) -> None:
    """Show the steps from where the regions are to where the overlays want them, without losing a message.

    Run it again after each step. Without --contexts and --prior nothing is installed yet.
    """
    from natsvalues.cli.plan import plan as run_plan  # heavy, and used only here
    from natsvalues.cli.plan_options import PlanOptions
    from natsvalues.cli.rehearse_options import ClusterOptions

    if not contexts and (namespace or kubeconfig):
        raise typer.BadParameter("they need --contexts", param_hint="--namespace, --kubeconfig")
    if delivered and not to:
        raise typer.BadParameter("it needs --to", param_hint="--from")
    if to and (write or only_next):
        raise typer.BadParameter("with --to: they are printed once, and edit nothing", param_hint="--next, --write")
    raise Leave(
        run_plan(
            PlanOptions(
                overlays=overlays,
                prior=prior,
                jsz=tuple(jsz or ()),
                clusters=ClusterOptions(contexts, namespace, release, kubeconfig, ""),
                chart=chart,
                values=tuple(values or ()),
                regions=tuple(region or ()),
                backups=backups,
                emptied=tuple(emptied or ()),
                lost=tuple(lost or ()),
                next=only_next,
                check=check,
                write=write,
                output=tuple(output or ()),
                to=to,
                given=delivered,
            )
        )
    )


def declare(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(plan)
