"""`natsvalues plan`: where the regions are, from their clusters, or from files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.diff.sides import from_file
from natsvalues.cli.rehearse_clusters import sites_of
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.files import content, listed
from natsvalues.manifests.release import Release
from natsvalues.manifests.settings import monitor
from natsvalues.overlays.plan import plans
from natsvalues.records import NamedTuple
from natsvalues.runbook.checking import Seen
from natsvalues.runbook.commands import Target
from natsvalues.runbook.place import Place, place_of, plan_of, with_empty_stores
from natsvalues.runbook.stores import REQUEST, Stores, read_stores
from natsvalues.text.hosts import endpoint
from natsvalues.text.reading import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.cli.plan_options import PlanOptions
    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.plan import Plan
    from natsvalues.rehearsal.outcome import Site

_ENDINGS = (".yaml", ".yml", ".json")


class Found(NamedTuple):
    """Where each region is, how it is reached, and what its servers say; only those that were asked are in `seen`.

    `absent` says of each region without a release where it was looked for; empty if nobody looked.
    """

    places: dict[str, Place]
    targets: dict[str, Target]
    seen: dict[str, Seen]
    absent: dict[str, str]


def places_of(options: PlanOptions, overlays: Overlays) -> Found:
    """Read all regions. Raises NatsvaluesError before anything is printed."""
    wanted = plans(overlays)
    if options.clusters.contexts and options.prior:
        raise NatsvaluesError(
            "NV-M001", "--contexts and --prior both say where the regions are", hint="leave one of them out"
        )
    sites: dict[str, Site] = {}
    if options.clusters.contexts:
        places, sites = _installed(options, wanted)
    else:
        places = _in_files(options.prior, wanted) if options.prior else {}
    targets = {name: _target(name, places.get(name), wanted.get(name), sites.get(name), options) for name in
               dict.fromkeys([*wanted, *places])}  # fmt: skip
    seen: dict[str, Seen] = {}
    if sites:
        from natsvalues.cli.plan_servers import ask_all  # starts processes; only with clusters

        seen = ask_all({name: places.get(name) or Place(name, "") for name in sites}, targets)
    for name, stores in _given(options.jsz, places):
        seen[name] = seen.get(name, Seen())._replace(stores=stores, cluster=places[name].cluster)
    for name, place in places.items():
        known = seen.get(name, Seen())
        silence = _silence(known) if name in sites and known.stores is None else ""
        places[name] = place._replace(stores=known.stores, running=known.running, silence=silence)
    for name in options.emptied:
        if name not in places:
            raise NatsvaluesError(
                "NV-M001",
                f"--emptied: `{name}` is no region that is installed",
                hint=f"there are: {', '.join(places) or 'none'}",
            )
        places[name] = with_empty_stores(places[name])
    for name in options.lost:
        overlays.region(name)  # raises, with the nearest name
        places[name] = (places.get(name) or Place(name, ""))._replace(is_lost=True)
    absent = {
        name: f"no release `{site.release}` in {_where(site)}"
        for name, site in sites.items()
        if name not in places or places[name].state is None
    }
    return Found(places, targets, seen, absent)


def _silence(seen: Seen) -> str:
    """Why nothing is known of the stores of a region whose cluster was looked at."""
    if not seen.servers:
        return "its nats.conf has no monitoring port to ask: config.monitor.enabled: true in the chart's values"
    return f"none of its {len(seen.servers)} servers answered /jsz: natsvalues doctor says why"


def _where(site: Site) -> str:
    return f"namespace `{site.namespace}` of context `{site.context}`"


def _installed(options: PlanOptions, wanted: dict[str, Plan]) -> tuple[dict[str, Place], dict[str, Site]]:
    from natsvalues.cli.stored import current  # starts processes; only with clusters
    from natsvalues.outside.contexts import contexts_in
    from natsvalues.rehearsal.cluster_stage import helm_words

    sites = sites_of(options.clusters, contexts_in(options.clusters.kubeconfig))
    missing = next((name for name in wanted if name not in sites), None)
    if missing is not None:
        misspelt = next((name for name in sites if name not in wanted and nearest(name, [missing])), None)
        raise NatsvaluesError(
            "NV-M001", f"--contexts does not say where `{missing}` is, and a plan needs every region of the overlays",
            hint=f"--contexts names `{misspelt}`: did you mean `{missing}`?" if misspelt else
            f"--contexts {options.clusters.contexts},{missing}=CONTEXT; a cluster without the release is fine",
        )  # fmt: skip
    places = {}
    for name, site in sites.items():
        stored = current(site.release, helm_words(site, options.clusters.kubeconfig))
        if stored is not None:
            release = Release(stored.release.manifest, stored.label)
            places[name] = place_of(release, stored.kept, plan_of(name, wanted), stored.label)
    return places, sites


def _in_files(folder: str, wanted: dict[str, Plan]) -> dict[str, Place]:
    if not os.path.isdir(folder):
        raise NatsvaluesError(
            "NV-M002", "the folder in --prior does not exist", where=(Where(folder),),
            hint="a folder with REGION.yaml for each region that is installed: helm get manifest NAME >REGION.yaml",
        )  # fmt: skip
    places = {}
    for file in listed(folder, _ENDINGS):
        name, path = file.rpartition(".")[0], os.path.join(folder, file)
        side = from_file(path)
        if side.release.plain:
            raise NatsvaluesError(
                "NV-M002", "a plain nats.conf does not say what is installed", where=(Where(path),),
                hint="helm get manifest NAME, or the exported release Secrets",
            )  # fmt: skip
        places[name] = place_of(side.release, side.kept, plan_of(name, wanted), path)
    if not any(name in wanted for name in places):
        raise NatsvaluesError(
            "NV-M002", "the folder in --prior has no file of a region of the overlays", where=(Where(folder),),
            hint="its files are named REGION.yaml: " + ", ".join(f"{name}.yaml" for name in wanted),
        )  # fmt: skip
    return places


def _target(name: str, place: Place | None, plan: Plan | None, site: Site | None, options: PlanOptions) -> Target:
    state = place.state if place is not None else None
    servers = state.replicas if state is not None else plan.region.servers if plan is not None else None
    watched = monitor(state.conf) if state is not None else None
    labels = (state.spec.get("selector") or {}).get("matchLabels") if state is not None else None
    target = Target(
        region=name,
        gateway=endpoint(plan.host, plan.port) if plan is not None else "",
        context=site.context if site is not None else "",
        namespace=site.namespace if site is not None else "",
        kubeconfig=options.clusters.kubeconfig or "",
        release=options.clusters.release,
        chart=options.chart,
        values=tuple(path.replace("{region}", name) for path in options.values),
        pods=state.nats.name if state is not None else _fullname(options.clusters.release),
        servers=servers or 3,
        port=watched[0] if watched is not None else 8222,
        backups=options.backups,
        overlays=options.overlays or "",
        labels=f"app.kubernetes.io/component=nats,app.kubernetes.io/instance={options.clusters.release}",
    )
    if labels:
        target = target._replace(labels=",".join(f"{key}={value}" for key, value in labels.items()))
    return target


def _fullname(release: str) -> str:
    """What the chart calls its objects, unless the values name something else."""
    return release if "nats" in release else f"{release}-nats"


def _given(jsz: tuple[str, ...], places: dict[str, Place]) -> Iterator[tuple[str, Stores]]:
    """The stores in files, `REGION=FILE`: one answer to /jsz a line, or one in the whole file."""
    files: dict[str, list[str]] = {}
    for word in jsz:
        name, sign, path = word.partition("=")
        if not sign or name not in places:
            raise NatsvaluesError(
                "NV-M003", f"--jsz: `{word}` is not REGION=FILE of a region that is installed",
                hint=f"for example --jsz {next(iter(places), 'us-east')}=jsz.json, saved from a server: curl "
                f"'http://SERVER:8222{REQUEST}'",
            )  # fmt: skip
        files.setdefault(name, []).append(path)
    for name, paths in files.items():
        texts = []
        for path in paths:
            text = content(path).decode("utf-8", "replace")
            lines = [line for line in text.splitlines() if line.strip()]
            whole = all(line.startswith("{") and line.rstrip().endswith("}") for line in lines)
            texts += [(line, path) for line in lines] if whole else [(text, path)]
        yield name, read_stores(texts)
