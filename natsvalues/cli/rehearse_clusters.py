"""`natsvalues rehearse --contexts`: which clusters, with which consent, and what is expected or installed there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.overlays_folder import overlays_folder
from natsvalues.cli.rehearse_options import ALL, ClusterOptions, Options, check_files
from natsvalues.cli.rehearse_streams import rehearsed_streams, require_known
from natsvalues.cli.streams import read_stream
from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.stored import deployed
from natsvalues.outside.contexts import contexts_in
from natsvalues.outside.helm import history, release_of, templated
from natsvalues.outside.installing import Chart
from natsvalues.overlays.folder import load
from natsvalues.rehearsal.cluster_stage import Installation, helm_words
from natsvalues.rehearsal.outcome import Site
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.run import OnClusters, Order
from natsvalues.rehearsal.scenarios import SCENARIOS
from natsvalues.rehearsal.sources import fitting, steps_in, steps_of
from natsvalues.rehearsal.stage import Step

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome
    from natsvalues.rehearsal.rendering import Rendering

ON_ANY = ("cold-restart", "cold-region", "rolling", "server-lost")
"""The scenarios that need nothing but running releases: `all` on clusters."""
FIRST = ("first-install", "stage-walk")


def cluster_orders(options: Options, given: ClusterOptions) -> list[Order]:
    """The orders of all scenarios. Raises NatsvaluesError before anything was changed anywhere."""
    if options.for_loopback:
        raise NatsvaluesError(
            "NV-R042", f"{', '.join(options.for_loopback)}: only without --contexts",
            hint="on clusters the servers, their files and their probes are the clusters' own: leave it out",
        )  # fmt: skip
    sites = sites_of(given, contexts_in(given.kubeconfig))
    names = tuple(dict.fromkeys(name for word in options.scenarios for name in (ON_ANY if word == ALL else (word,))))
    for name in names:
        require_possible(name, installs=options.chart is not None)
    if options.chosen and options.chosen not in sites:
        raise NatsvaluesError(
            "NV-R005", f"there is no region `{options.chosen}` in --contexts", hint=f"there are: {', '.join(sites)}"
        )
    require_consent(touched(names, sites, options), given.delete_pods)
    check_files(options, len(names))
    streams, streams_in = rehearsed_streams(options)
    if streams:
        raise _source(
            "a rehearsal makes streams of its own only, and --streams FILE has yours",
            "leave --streams out: all streams that the login sees there are counted before and after, so create or\n"
            "restore yours first; or rehearse the file on loopback, without --contexts (--streams-in names regions)",
        )
    require_known(streams_in, sites)
    installation = _installation(options, sites)
    now = {region: site._replace(revision=_revision(site, given.kubeconfig)) for region, site in sites.items()}
    prior: Step | None = None
    chosen = options.chosen or list(sites)[-1]
    orders = []
    for name in names:
        if installation is None or name == "upgrade":
            prior = prior or _taken(options, given, sites)
        steps: tuple[Step | None, ...] = (prior,)
        if installation is not None:
            steps = _installed_steps(name, installation, given, sites, at_once=options.at_once)
        steps = fitting(name, tuple(filter(None, steps)), (prior,) if prior is not None else ())
        on = OnClusters(now, given.kubeconfig, installation)
        orders.append(Order(name, steps, 1.0, chosen, streams_in, None, options.bounds, on=on, at_once=options.at_once))
    return orders


def with_revisions(outcome: Outcome, given: ClusterOptions) -> Outcome:
    """The outcome with the revisions that are deployed now."""
    sites = {key: site._replace(then=_revision(site, given.kubeconfig)) for key, site in outcome.sites.items()}
    return outcome._replace(sites=sites)


def _revision(site: Site, kubeconfig: str | None) -> int | None:
    """The deployed revision; None where there is none, or where helm cannot say: a rehearsal does without."""
    try:
        return deployed(history(site.release, helm_words(site, kubeconfig)))
    except NatsvaluesError:
        return None


# --- which clusters -----------------------------------------------------------------------------------------


def sites_of(given: ClusterOptions, known: dict[str, str]) -> dict[str, Site]:
    """The site of each region, in the order of --contexts; `known`: the namespace of each context of the kubeconfig.

    Raises NatsvaluesError (NV-R034) for what is not of that form, given twice, or unknown.
    """
    contexts = _pairs("--contexts", given.contexts)
    for region, context in contexts.items():
        if context not in known:
            raise NatsvaluesError(
                "NV-R034", f"the kubeconfig has no context `{context}`, which --contexts names for {region}",
                hint=f"it has: {', '.join(known) or 'none'}; --kubeconfig or KUBECONFIG selects another file",
            )  # fmt: skip
    namespaces = _pairs("--namespace", given.namespace) if "=" in given.namespace else {}
    for region in namespaces:
        if region not in contexts:
            raise _malformed("--namespace", f"there is no region `{region}` in --contexts")
    everywhere = "" if namespaces else given.namespace
    sites = {
        region: Site(context, namespaces.get(region) or everywhere or known[context] or "default", given.release)
        for region, context in contexts.items()
    }
    owners: dict[str, str] = {}
    for region, site in sites.items():
        other = owners.setdefault(site.key, region)
        if other != region:
            raise _malformed("--contexts", f"{other} and {region} are both in {site.key}")
    return sites


def _pairs(option: str, text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in text.split(","):
        region, equals, name = (part.strip() for part in word.partition("="))
        if not (region and equals and name):
            raise _malformed(option, f"`{word}` is not REGION=NAME")
        if region in pairs:
            raise _malformed(option, f"it names {region} twice")
        pairs[region] = name
    return pairs


def _malformed(option: str, reason: str) -> NatsvaluesError:
    return NatsvaluesError(
        "NV-R034",
        f"{option} cannot be used: {reason}",
        hint="such as --contexts us-east=kind-us-east,eu-west=staging-eu",
    )


# --- which scenarios, and consent ---------------------------------------------------------------------------


def require_possible(scenario: str, *, installs: bool) -> None:
    """Raise NatsvaluesError (NV-R036, NV-R006) for a scenario that cannot run on real clusters, or needs a chart."""
    known = SCENARIOS.get(scenario)
    if known is None:
        raise NatsvaluesError(
            "NV-R006", f"there is no scenario `{scenario}`", hint=f"there are: {', '.join(SCENARIOS)}, and all"
        )
    if known.only_on_loopback:
        raise NatsvaluesError(
            "NV-R036", f"the scenario {scenario} needs networks or power that can be cut, and real ones are not",
            hint="rehearse it on loopback: leave --contexts out",
        )  # fmt: skip
    if scenario not in ON_ANY and not installs:
        raise NatsvaluesError(
            "NV-R036", f"the scenario {scenario} installs releases on the clusters, and nothing to install is given",
            hint="give --chart, --overlays and -f; or one of the scenarios " + ", ".join(ON_ANY),
        )  # fmt: skip


def touched(scenarios: tuple[str, ...], sites: dict[str, Site], options: Options) -> dict[str, str]:
    """Where pods are deleted or releases installed: what happens there, by context and namespace."""
    regions = list(sites)
    if set(scenarios) == {"cold-region"} and options.chart is None:
        regions = [options.chosen or regions[-1]]
    actions = ["installs or upgrades its release"] if options.chart is not None else []
    actions += ["deletes its pods"] if not set(scenarios) <= {*FIRST, "upgrade"} else []
    return {sites[region].key: f"{region}: {' and '.join(actions)}" for region in regions}


def require_consent(places: dict[str, str], consent: str) -> None:
    """Raise NatsvaluesError (NV-R035) unless the consent names every place."""
    given = {word.strip() for word in consent.split(",")}
    missing = [place for place in places if place not in given]
    if missing:
        lines = "\n".join(f"  {place} ({places[place]})" for place in missing)
        raise NatsvaluesError(
            "NV-R035", f"nothing was done: this rehearsal changes clusters, and --delete-pods does not name\n{lines}",
            hint=f"if that is what you want: --delete-pods {','.join(places)}",
        )  # fmt: skip


# --- what is expected ---------------------------------------------------------------------------------------


def _installation(options: Options, sites: dict[str, Site]) -> Installation | None:
    if options.prior is not None:
        raise _source("the prior release is the one that is installed", "leave --prior out")
    if options.chart is None:
        if options.overlays or options.rendering:
            raise _source("helm installs charts only, not a rendering", "give --chart, or leave the overlays out")
        return None
    if options.folder is not None or options.rendering is not None:
        raise _source("there are several sources of renderings", "give --chart without a folder or --rendering")
    overlays = load(overlays_folder(options.overlays))
    _require_same("the overlays", list(overlays.regions), sites)
    charts = {
        region: Chart(options.chart, tuple(path for path in _values_of(region, options.values, sites)))
        for region in sites
    }
    return Installation(charts, overlays)


def _values_of(region: str, values: tuple[str, ...], sites: dict[str, Site]) -> list[str]:
    """The values files of a region: those for all, and those with its name in front."""
    paths = []
    for word in values:
        owner, equals, path = word.partition("=")
        if not (equals and owner in sites):
            paths.append(word)
        elif owner == region:
            paths.append(path)
    return [os.path.abspath(path) if os.path.exists(path) else path for path in paths]


def _installed_steps(
    scenario: str, installation: Installation, given: ClusterOptions, sites: dict[str, Site], *, at_once: bool
) -> tuple[Step, ...]:
    """What helm renders without a cluster, post-rendered: refused now, if anything is wrong with it."""
    plain = {}
    for region, chart in installation.charts.items():
        words = [word for path in chart.values for word in ("-f", path)]
        namespace = f"--namespace={sites[region].namespace}"
        plain[region] = templated(given.release, chart.chart, namespace, *words)
    return steps_of(
        installation.overlays, lambda region: (plain[region], installation.charts[region].chart), scenario,
        at_once=at_once,
    )  # fmt: skip


def _taken(options: Options, given: ClusterOptions, sites: dict[str, Site]) -> Step:
    """The releases that are installed; or a folder of renderings that says what they are."""
    if options.folder is not None:
        step = steps_in(options.folder, read_stream)[-1]
        _require_same(options.folder, list(step.renderings), sites)
        return Step("", {region: step.renderings[region] for region in sites})
    return Step("", {region: _release(site, given.kubeconfig) for region, site in sites.items()})


def _release(site: Site, kubeconfig: str | None) -> Rendering:
    release = release_of(site.release, helm_words(site, kubeconfig))
    if release is None:
        raise NatsvaluesError(
            "NV-R039", f"{site.key} has no release `{site.release}`",
            hint="--release and --namespace name another one; with --chart and --overlays it is installed",
        )  # fmt: skip
    return read_rendering(release.manifest, f"release {site.key}/{site.release}")


def _require_same(what: str, regions: list[str], sites: dict[str, Site]) -> None:
    different = sorted(set(regions) ^ set(sites))
    if different:
        raise _malformed("--contexts", f"it must name the regions of {what}, {', '.join(regions)}: {different[0]}")


def _source(reason: str, hint: str) -> NatsvaluesError:
    return NatsvaluesError("NV-R007", f"on clusters, {reason}", hint=hint)
