"""What rules check: a cluster as it was rendered, and all clusters and overlays of a supercluster together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.lint.places import in_conf, in_manifest, place
from natsvalues.manifests import settings
from natsvalues.manifests.chart import Nats, all_nats, mappings, no_nats
from natsvalues.manifests.plain import confs, counted
from natsvalues.manifests.services import is_outside, roles_of
from natsvalues.manifests.stamps import REGION
from natsvalues.overlays.choice import choose, is_clear, nats_of
from natsvalues.overlays.server_conf import placed
from natsvalues.overlays.transforms.stamps import is_stamped
from natsvalues.records import NamedTuple
from natsvalues.supercluster.region_state import RegionState, region_state
from natsvalues.text.endpoints import Endpoint, read_endpoint
from natsvalues.text.natsconf import ConfSyntaxError, Variable, read
from natsvalues.text.paths import dotted
from natsvalues.text.yamltree import Tree, YamlSyntaxError, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.rehearsed import Rehearsed
    from natsvalues.manifests.conf.answer import Answer
    from natsvalues.manifests.release import Manifest, Release
    from natsvalues.manifests.server import ServerVersion
    from natsvalues.manifests.services import Role
    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.plan import Plan
    from natsvalues.text.natsconf import Conf


class Cluster(NamedTuple):
    """One NATS cluster as a rendering has it: the region it is, and what its configuration means."""

    state: RegionState
    plan: Plan | None
    parsed: Conf
    """nats.conf as it was read, for places."""
    remotes: tuple[tuple[int, settings.Remote], ...]
    """The remote gateways other than itself, each with its index in the list."""
    advertised: tuple[Endpoint, ...]
    """What the servers advertise, each address once; empty where nothing readable is set."""

    @property
    def region(self) -> str:
        """The region it is."""
        return self.state.name

    @property
    def release(self) -> Release:
        """The rendering it is part of."""
        return self.state.release

    @property
    def nats(self) -> Nats:
        """Where the chart keeps its parts."""
        return self.state.nats

    @property
    def conf(self) -> dict[str, Any]:
        """What nats.conf means."""
        return self.state.conf

    @property
    def version(self) -> ServerVersion:
        """The server's version."""
        return self.state.version

    @property
    def services(self) -> tuple[Manifest, ...]:
        """Every Service that selects its pods."""
        return self.state.services

    @property
    def gateway_name(self) -> str | None:
        """The gateway's name."""
        return self.state.gateway_name

    @property
    def container(self) -> dict[str, Any]:
        """The server's container."""
        return self.state.container

    @property
    def container_path(self) -> tuple[str | int, ...]:
        """The path of the server's container inside the StatefulSet."""
        containers = self.state.spec["template"]["spec"]["containers"]
        return ("spec", "template", "spec", "containers", containers.index(self.container))

    @property
    def mounts(self) -> list[dict[str, Any]]:
        """The volume mounts of the server's container."""
        return mappings(self.container.get("volumeMounts"))

    @property
    def replicas(self) -> int:
        """How many servers there are."""
        return self.state.replicas

    @property
    def counted(self) -> int | None:
        """How many servers there are; None if they are plain files, and some of them seem to be missing."""
        return counted(self.conf, self.replicas) if self.nats.plain is not None else self.replicas

    @property
    def sharing(self) -> int:
        """How many servers read this very nats.conf: all of a rendering, one of a plain file."""
        return 1 if self.nats.plain is not None else self.replicas

    @property
    def is_stamped(self) -> bool:
        """Whether natsvalues rendered it."""
        return is_stamped(self.nats.statefulset)

    @property
    def gateway(self) -> dict[str, Any]:
        """The gateway block; empty where there is none."""
        return self.state.gateway

    @property
    def has_gateway(self) -> bool:
        """Whether there is a gateway block."""
        return "gateway" in self.conf

    @property
    def listen(self) -> int:
        """The port the servers listen on for gateways."""
        return self.state.listen

    @property
    def has_jetstream(self) -> bool:
        """Whether JetStream is on."""
        return self.state.has_jetstream

    @property
    def routes(self) -> list[Any]:
        """The routes of the cluster block."""
        return self.state.routes

    @property
    def balancers(self) -> tuple[Manifest, ...]:
        """Services that expose the gateway outside the cluster."""
        return tuple(
            service for service in self.services if is_outside(service.value) and "gateway" in self.roles(service)
        )

    @property
    def gateway_services(self) -> tuple[Manifest, ...]:
        """Those of them that carry neither clients nor routes."""
        return tuple(service for service in self.balancers if "other" not in self.roles(service))

    def roles(self, service: Manifest) -> list[Role]:
        """What each port of a Service leads to."""
        return roles_of(service.value, self.listen, self.nats)

    def at(self, manifest: Manifest, *keys: str | int) -> Where:
        """The place of a field of a manifest."""
        return in_manifest(self.release, manifest, *keys)

    def at_container(self, *keys: str | int) -> Where:
        """The place of a field of the server's container."""
        return in_manifest(self.release, self.nats.statefulset, *self.container_path, *keys)

    def readings(self) -> Iterator[tuple[Where, Conf]]:
        """What was read: nats.conf, and the files that a plain one includes; each with the place of its first line."""
        if self.nats.plain is None:
            yield self.at_conf(), self.parsed
            return
        for text, conf in confs(self.nats.plain):
            yield Where(text.file, 1), conf

    def at_version(self) -> Where:
        """The place that says which version the servers have; of a plain file, that of its gateways."""
        return self.at_container("image") if self.nats.plain is None else self.at_conf("gateway", "gateways")

    def at_conf(self, *path: str | int) -> Where:
        """The place of a setting of nats.conf."""
        if self.nats.plain is not None:
            return self.nats.plain.where(*path)
        return in_conf(self.release, self.nats, self.parsed, *path)


class Values(NamedTuple):
    """A values file that a chart was rendered with."""

    file: str
    tree: Tree

    @property
    def keys(self) -> dict[str, Any]:
        """What the file sets; empty if it is not a mapping."""
        return self.tree.value if isinstance(self.tree.value, dict) else {}

    def where(self, *keys: str | int) -> Where:
        """The place of a value."""
        return place(self.file, 1, self.tree, keys, dotted(keys))


class Subject(NamedTuple):
    """Everything that is linted together: overlays if there are any, and the clusters that were rendered."""

    overlays: Overlays | None
    plans: dict[str, Plan]
    clusters: tuple[Cluster, ...]
    texts: dict[str, str]
    """The text of every file, by its name in places."""
    values: tuple[Values, ...] = ()
    """Values files of the chart, where lint rendered it."""
    rehearsed: tuple[Rehearsed, ...] = ()
    """The scenarios given as evidence."""
    chart_defaults: dict[str, Any] | None = None
    """The chart's own values, where lint rendered it."""
    files: tuple[Cluster, ...] = ()
    """Every server where they are plain files, without Kubernetes objects: `clusters` has the first of each region."""
    answers: tuple[Answer, ...] = ()
    """What the servers of the clusters' images said, where they were asked."""
    folders: tuple[str, ...] = ()
    """Folders with the renderings of all regions, not single files."""

    @property
    def servers(self) -> tuple[Cluster, ...]:
        """Every configuration: one for each rendering, one for each plain file."""
        return self.files or self.clusters

    def rounds(self) -> Iterator[Subject]:
        """The same with one server for each region, so often that each server of a region had its turn."""
        by_region: dict[str, list[Cluster]] = {}
        for cluster in self.files:
            by_region.setdefault(cluster.region, []).append(cluster)
        for turn in range(max(map(len, by_region.values()), default=0)):
            yield self._replace(clusters=tuple(servers[turn % len(servers)] for servers in by_region.values()))
        if not self.files:
            yield self

    @property
    def states(self) -> tuple[RegionState, ...]:
        """The states of the rendered regions."""
        return tuple(cluster.state for cluster in self.clusters)

    @property
    def joined(self) -> list[Cluster]:
        """The clusters that have a gateway with a name."""
        return [cluster for cluster in self.clusters if cluster.gateway_name is not None]

    def links(self) -> Iterator[tuple[Cluster, int, settings.Remote, Cluster]]:
        """Connections between these clusters: the dialling one, the remote's index and settings, the dialled one."""
        by_name = {cluster.gateway_name: cluster for cluster in self.joined}
        for cluster in self.joined:
            for index, remote in cluster.remotes:
                if remote.name in by_name:
                    yield cluster, index, remote, by_name[remote.name]


def values_of(file: str, text: str) -> Values:
    """A values file after reading it. Raises YamlSyntaxError with its place."""
    try:
        return Values(file, Tree(text.replace("\r\n", "\n")))
    except YamlSyntaxError as error:
        raise at(file, 1, error) from None


def clusters_of(
    release: Release, stem: str, overlays: Overlays | None, plans: dict[str, Plan], given: str | None = None
) -> list[Cluster]:
    """The clusters of one rendering. `stem` is its name if nothing else states one; `given` is the user's region.

    Where it could be several regions, or none, its clusters have no plan: most rules need none. Raises NatsvaluesError
    for a stream that has no NATS or is cut off, or without the NATS that the region's overlay means.
    """
    release.require_readable(release.numbers()[-1:])  # a stream that was cut off is visible at its end
    installations = all_nats(release)
    if not installations:
        raise no_nats(release)
    clusters = []
    for nats in installations:
        stamped = nats.statefulset.annotations.get(REGION)
        region = given or stamped
        known = plans.get(str(region or stem))
        if overlays is not None and known is None and is_clear(overlays, release, region):
            try:
                known = plans[choose(overlays, release, region)]
            except NatsvaluesError as error:
                if region == stamped:  # rendered when its overlay was there
                    where = in_manifest(release, nats.statefulset, "metadata", "annotations", REGION)
                    error.where = (where, *error.where)
                    error.hint += "\na region that is gone on purpose: delete its rendering, too"
                raise
        if known is not None:
            selector = known.region.nats
            if not nats.is_meant_by(selector.name, selector.namespace):
                continue  # another NATS of the same release, which has no overlay
            region = known.region.name
        clusters.append(cluster_of(_name(region, stem, nats, len(installations)), release, nats, known))
    if known is not None and not clusters:
        nats_of(release, known)  # raises: what the overlay means is not there
    return clusters


def _name(region: Any, stem: str, nats: Nats, count: int) -> str:
    """The name of a cluster: its region if that is known, else its file's, else its StatefulSet's."""
    if region or not stem:
        return str(region or nats.name)
    return stem if count == 1 else f"{stem}/{nats.name}"


def cluster_of(region: str, release: Release, nats: Nats, known: Plan | None) -> Cluster:
    """One NATS as the cluster of a region. Raises NatsvaluesError for a configuration that the server would refuse."""
    stated, decision = (known.region.nats.version, known.decision) if known is not None else (None, None)
    try:
        state = region_state(release, nats, region, version=stated, decision=decision)
    except ConfSyntaxError as error:
        raise placed(release, nats, error) from None
    name, listed = state.gateway.get("name"), enumerate(settings.remotes(state.conf))
    return Cluster(
        state,
        known,
        parsed=read(nats.conf),
        remotes=tuple((index, remote) for index, remote in listed if remote.name != name),
        advertised=_advertised(state, state.gateway.get("advertise")),
    )


def _advertised(state: RegionState, given: Any) -> tuple[Endpoint, ...]:
    """The addresses behind `advertise`: one, or one for each server if the value contains the pod's name."""
    if isinstance(given, Variable):
        env = {str(item.get("name")): str(item.get("value", "")) for item in state.nats.env}
        given = env.get(given.name, "")
    if not isinstance(given, str):
        return ()
    texts = [given.replace(settings.POD, pod) for pod in state.pods] if settings.POD in given else [given]
    return tuple(address for address in map(read_endpoint, texts) if address is not None)


def require_distinct(clusters: list[Cluster]) -> None:
    """Raise if two renderings are one region: comparing a region with itself gives meaningless findings."""
    seen: dict[str, Cluster] = {}
    for cluster in clusters:
        first = seen.setdefault(cluster.region, cluster)
        if first is not cluster:
            raise NatsvaluesError(
                "NV-L001",
                f"two renderings are region `{cluster.region}`",
                where=(first.at(first.nats.statefulset), cluster.at(cluster.nats.statefulset)),
                hint="give one rendering for each region; --region names the region of a single rendering",
            )
