"""The command `rehearse`."""

from __future__ import annotations

from typing import Annotated

import typer

from natsvalues.cli.leave import Leave

RELEASE = "nats"


Namespace = Annotated[
    str,
    typer.Option(
        help="With --contexts: the namespace of all releases, or REGION=NAMESPACE,…. The default is the context's.",
        metavar="NAMESPACE",
    ),
]
ReleaseName = Annotated[str, typer.Option(help="With --contexts: the name of the releases.", metavar="NAME")]
Kubeconfig = Annotated[
    str | None, typer.Option(help="With --contexts: the kubeconfig; also KUBECONFIG.", metavar="FILE")
]


def rehearse(
    context: typer.Context,
    folder: Annotated[
        str | None, typer.Argument(help="One rendering for each region, REGION.yaml; or a folder for each step.")
    ] = None,
    scenario: Annotated[
        list[str] | None, typer.Option(help="A scenario to rehearse, or `all`. Can be repeated.", metavar="NAME")
    ] = None,
    overlays: Annotated[
        str | None,
        typer.Option(help="Folder of the overlays that are applied to the renderings.", metavar="FOLDER"),
    ] = None,
    rendering: Annotated[
        str | None,
        typer.Option(help="One rendering for all regions, to which the overlays are applied.", metavar="FILE"),
    ] = None,
    chart: Annotated[
        str | None,
        typer.Option(help="A chart to render, to which the overlays are applied.", metavar="CHART"),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--values",
            "-f",
            help="Values file for --chart; with --contexts also REGION=FILE. Can be repeated.",
            metavar="FILE",
        ),
    ] = None,
    prior: Annotated[
        str | None,
        typer.Option(help="For `upgrade` and `plan`: the releases deployed now, REGION.yaml.", metavar="FOLDER"),
    ] = None,
    region: Annotated[
        str, typer.Option(help="The region of a one-region scenario. The default is the last.", metavar="REGION")
    ] = "",
    streams: Annotated[
        list[str] | None,
        typer.Option(help="Rehearse with your own streams, which this file lists. Can be repeated.", metavar="FILE"),
    ] = None,
    streams_in: Annotated[
        list[str] | None, typer.Option(help="Create streams in this region only. Can be repeated.", metavar="REGION")
    ] = None,
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="Regions of a step, an upgrade or a rolling update change at the same time."),
    ] = False,
    dns: Annotated[
        str,
        typer.Option(
            help="Let servers ask a DNS that keeps each answer, also `no such name`, for so many seconds, and has so "
            "many addresses for a load balancer: ttl=30 or ttl=30,addresses=3. Without it every name is true at once.",
            metavar="SETTINGS",
        ),
    ] = "",
    expect: Annotated[
        str,
        typer.Option(
            help="The outcome with exit code 0: converged, stuck, lossy or untested. The default is converged.",
            metavar="OUTCOME",
        ),
    ] = "",
    output: Annotated[str, typer.Option("--output", "-o", help="text or json (format 1).", metavar="FORMAT")] = "text",
    mapping: Annotated[
        bool, typer.Option("--mapping", help="List every setting that was changed for loopback.")
    ] = False,
    timeline: Annotated[
        str | None, typer.Option(help="Write the timeline to this file: .svg, .html, .json or .txt.", metavar="FILE")
    ] = None,
    junit: Annotated[str | None, typer.Option(help="Write JUnit XML to this file.", metavar="FILE")] = None,
    scale: Annotated[float, typer.Option(help="Divide probe periods by this number.", min=1, max=100)] = 20,
    jobs: Annotated[int, typer.Option(help="Scenarios that run at the same time.", min=1, max=8)] = 2,
    patience: Annotated[
        float | None,
        typer.Option(
            help="Seconds to wait for the servers before they count as stuck. The default is 75, on clusters 180.",
            min=5,
        ),
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option(help="Seconds that a scenario may take. The default is 600, on clusters 1800.", min=10),
    ] = None,
    max_servers: Annotated[int, typer.Option(help="Servers that a scenario may start.", min=1)] = 40,
    max_memory: Annotated[int, typer.Option(help="Megabytes of memory that its servers may use.", min=64)] = 3072,
    keep: Annotated[
        str | None, typer.Option(help="Keep the servers' configurations and stores in this folder.", metavar="FOLDER")
    ] = None,
    contexts: Annotated[
        str,
        typer.Option(
            help="Run on real clusters instead: the kube context of each region, REGION=CONTEXT,….", metavar="CONTEXTS"
        ),
    ] = "",
    namespace: Namespace = "",
    release: ReleaseName = RELEASE,
    kubeconfig: Kubeconfig = None,
    delete_pods: Annotated[
        str,
        typer.Option(
            help="With --contexts: agree that pods are deleted and releases are installed there, CONTEXT/NAMESPACE,….",
            metavar="PLACES",
        ),
    ] = "",
) -> None:
    """Run the rendered regions with real servers, and report whether they form a supercluster.

    They run on loopback, or on the clusters in --contexts. Exit code 5 if they are stuck or lose data, 4 if streams
    could not be tested.
    """
    from natsvalues.cli import rehearse as verb  # heavy, and used only here
    from natsvalues.cli.rehearse_options import ON_LOOPBACK, ClusterOptions, Options, dns_of

    if expect not in ("", "converged", "stuck", "lossy", "untested"):
        raise typer.BadParameter(f"`{expect}` is not one of converged, stuck, lossy, untested", param_hint="--expect")
    if output not in ("text", "json"):
        raise typer.BadParameter(f"`{output}` is not one of text, json", param_hint="--output")
    try:
        name_servers = dns_of(dns) if dns else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--dns") from None
    rehearsal = Options(
        folder=folder,
        scenarios=tuple(scenario or ("cold-restart",)),
        overlays=overlays,
        rendering=rendering,
        chart=chart,
        values=tuple(values or ()),
        prior=prior,
        chosen=region,
        streams=tuple(streams or ()),
        streams_in=tuple(streams_in or ()),
        at_once=at_once,
        dns=name_servers,
        expect=expect,
        as_json=output == "json",
        mapping=mapping,
        junit=junit,
        timeline=timeline,
        keep=keep,
        jobs=jobs,
        scale=scale,
        patience=patience,
        limit=limit,
        most_memory=max_memory * 1024 * 1024,
        most_servers=max_servers,
        clusters=ClusterOptions(contexts, namespace, release, kubeconfig, delete_pods) if contexts else None,
        for_loopback=_given(context, *ON_LOOPBACK),
    )
    for_clusters = () if contexts else _given(context, "namespace", "release", "kubeconfig", "delete_pods")
    if for_clusters:
        raise typer.BadParameter("only with --contexts", param_hint=", ".join(for_clusters))
    raise Leave(verb.run_rehearsals(rehearsal))


def _given(context: typer.Context, *parameters: str) -> tuple[str, ...]:
    """The options among these that are on the command line."""
    sources = {name: context.get_parameter_source(name) for name in parameters}
    chosen = [name for name, source in sources.items() if source is not None and source.name != "DEFAULT"]
    return tuple(f"--{name.replace('_', '-')}" for name in chosen)


def declare(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(rehearse)
