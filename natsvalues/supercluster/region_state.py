"""One region's servers as a rendering describes them: the input of lint, diff, rehearse and --prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.manifests import settings
from natsvalues.manifests.chart import mappings, option
from natsvalues.manifests.server import ServerVersion, parse_version
from natsvalues.manifests.services import (
    DEFAULT_GATEWAY_PORT,
    is_outside,
    leads_to_gateway,
    publishes_not_ready,
    services_of,
)
from natsvalues.records import NamedTuple
from natsvalues.text.endpoints import read_endpoint, stays_inside

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Manifest, Release
    from natsvalues.manifests.settings import Remote


class Decision(NamedTuple):
    """What the overlays decide about JetStream across regions; empty without overlays."""

    scope: Literal["", "supercluster", "region"] = ""
    joins: Literal["", "seed", "empty"] = ""
    seed: str = ""
    """The seed's name, where the regions share JetStream."""
    unlisted: tuple[str, ...] = ()
    """Regions whose new releases, where they are at hand, reject this one because they do not list it."""


class RegionState(NamedTuple):
    """One region: its release, its NATS, the settings of nats.conf (variables by name) and the server's version.

    `services` are all Services that select its pods. `name` is the region's; if that is unknown, the gateway's or the
    cluster's; empty if there is none of these.
    """

    name: str
    release: Release
    nats: Nats
    conf: dict[str, Any]
    version: ServerVersion
    services: tuple[Manifest, ...]
    decision: Decision = Decision()

    # Compared by identity: comparing two renderings value by value would cost more than `cold_starts`, which caches.
    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    @property
    def container(self) -> dict[str, Any]:
        """The server's container."""
        return self.nats.container_value

    @property
    def spec(self) -> dict[str, Any]:
        """The StatefulSet's spec."""
        spec: dict[str, Any] = self.nats.statefulset.value["spec"]
        return spec

    @property
    def replicas(self) -> int:
        """How many servers there are: `spec.replicas`, whose default is 1."""
        given = self.spec.get("replicas", 1)
        return given if isinstance(given, int) and not isinstance(given, bool) else 1

    @property
    def pods(self) -> tuple[str, ...]:
        """The names of the pods, by ordinal."""
        return tuple(f"{self.nats.name}-{ordinal}" for ordinal in range(self.replicas))

    @property
    def gateway(self) -> dict[str, Any]:
        """The gateway block; empty if there is none."""
        return settings.gateway(self.conf)

    @property
    def gateway_name(self) -> str | None:
        """The gateway's name, which other regions list; None without one."""
        name = self.gateway.get("name")
        return str(name) if name is not None else None

    @property
    def listen(self) -> int:
        """The port on which the servers listen for gateways."""
        return settings.gateway_listen(self.conf) or DEFAULT_GATEWAY_PORT

    @property
    def remotes(self) -> tuple[Remote, ...]:
        """The remote gateways, without the region's own name."""
        return tuple(remote for remote in settings.remotes(self.conf) if remote.name != self.gateway_name)

    @property
    def rejects_unknown(self) -> bool:
        """Whether its gateway refuses connections from clusters that it does not list."""
        return True in (self.gateway.get("reject_unknown_cluster"), self.gateway.get("reject_unknown"))

    @property
    def routes(self) -> list[Any]:
        """The routes of the cluster block."""
        block = self.conf.get("cluster")
        listed = block.get("routes") if isinstance(block, dict) else None
        return listed if isinstance(listed, list) else []

    @property
    def has_jetstream(self) -> bool:
        """Whether JetStream is on."""
        return settings.runs_jetstream(self.nats, self.conf)

    @property
    def is_clustered(self) -> bool:
        """Whether JetStream runs in a cluster or behind gateways, so that it has a meta group.

        facts: a listener for leaf nodes makes no cluster (run on 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1).
        """
        return self.has_jetstream and (settings.listens_for_routes(self.conf) or bool(self.gateway))

    @property
    def extends_jetstream(self) -> bool:
        """Whether a leaf node connects the system account to another JetStream, whose meta group it may join."""
        return settings.extends_jetstream(self.conf)

    @property
    def account(self) -> str:
        """The system account, which decides to which meta group the servers belong."""
        return settings.system_account(self.conf)

    @property
    def shares_meta_group(self) -> bool:
        """Whether a remote region without a rendering is assumed to be in this region's meta group.

        The overlays' scope decides; without overlays, whether the system account is the default one.
        """
        if self.decision.scope:
            return self.decision.scope == "supercluster"
        return self.account == settings.DEFAULT_ACCOUNT

    @property
    def domain(self) -> str | None:
        """The JetStream domain; None if it is not set."""
        domain = settings.jetstream(self.conf).get("domain")
        return str(domain) if domain is not None else None

    @property
    def server_names(self) -> str:
        """The pattern of the servers' names, with the pod's name as `$(POD_NAME)`; empty if no name is set."""
        return settings.server_names(self.nats, self.conf)

    @property
    def entrances(self) -> tuple[Manifest, ...]:
        """The Services by which other regions reach the gateway: from outside, or inside the cluster they share."""
        if self.stays_in_cluster:
            return self.gateway_services
        return tuple(service for service in self.gateway_services if is_outside(service.value))

    @property
    def stays_in_cluster(self) -> bool:
        """Whether a remote has a cluster-internal DNS name, so that the regions run in one Kubernetes cluster."""
        endpoints = [read_endpoint(url) for remote in self.remotes for url in remote.urls]
        return any(endpoint is not None and stays_inside(endpoint.host) for endpoint in endpoints)

    @property
    def gateway_services(self) -> tuple[Manifest, ...]:
        """The Services with a port that leads to the gateway."""
        return tuple(item for item in self.services if leads_to_gateway(item.value, self.listen, self.nats))

    @property
    def headless(self) -> Manifest | None:
        """The StatefulSet's governing Service, whose DNS names the routes contain; None if it is not in the release."""
        name = self.spec.get("serviceName")
        return next((service for service in self.services if service.key.name == name), None)

    @property
    def hiding(self) -> Manifest | None:
        """The headless Service, if it names only pods that are Ready; else None."""
        headless = self.headless
        return headless if headless is not None and not publishes_not_ready(headless.value) else None

    @property
    def uses_host_network(self) -> bool:
        """Whether pods use their nodes' addresses, so that other regions reach them without a Service."""
        return self.spec["template"]["spec"].get("hostNetwork") is True

    @property
    def store_dir(self) -> str | None:
        """The directory of JetStream's store, `store_dir`; None if the configuration has none."""
        return option(self.container, "sd", "store_dir") or settings.store_directory(self.conf)

    @property
    def claims(self) -> frozenset[str]:
        """The names of the StatefulSet's volume claim templates."""
        templates = [item.get("metadata") for item in mappings(self.spec.get("volumeClaimTemplates"))]
        return frozenset(str(metadata.get("name")) for metadata in mappings(templates))

    @property
    def store_mount(self) -> str | None:
        """The mount path of the volume on which the store directory is; None if it is on no volume."""
        folder = (self.store_dir or "").rstrip("/") + "/jetstream/"  # the server adds the last part
        paths = [str(mount.get("mountPath")) for mount in mappings(self.container.get("volumeMounts"))]
        around = [path for path in paths if self.store_dir and folder.startswith(path.rstrip("/") + "/")]
        return max(around, key=len, default=None)

    @property
    def store_volume(self) -> str | None:
        """The name of the volume that is mounted at `store_mount`; None without one."""
        mounts = mappings(self.container.get("volumeMounts"))
        return next((str(mount.get("name")) for mount in mounts if mount.get("mountPath") == self.store_mount), None)

    @property
    def store_ends_with(self) -> Literal["container", "pod", "volume"]:
        """With what Kubernetes deletes the store.

        A container's own file system goes at each of its restarts; an emptyDir or a generic ephemeral volume goes with
        the pod; everything else stays (Kubernetes documentation, volumes).
        """
        volume = self.store_volume
        if volume is None:
            return "container"
        if volume in self.claims:
            return "volume"
        volumes = {str(item.get("name")): item for item in mappings(self.spec["template"]["spec"].get("volumes"))}
        outlives = volume in volumes and not volumes[volume].keys() & {"emptyDir", "ephemeral"}
        return "volume" if outlives else "pod"

    @property
    def store_survives(self) -> bool:
        """Whether the store is on a volume that outlives the pod."""
        return self.store_ends_with == "volume"

    @property
    def restarts_empty(self) -> bool:
        """Whether JetStream keeps streams in files that are deleted with the pods."""
        if not self.has_jetstream or self.store_dir is None or self.store_survives:
            return False
        limit = settings.store_limit(self.conf, "max_file_store")
        return limit is None or limit[1] != 0


def region_state(
    release: Release, nats: Nats, name: str = "", *, version: str | None = None, decision: Decision | None = None
) -> RegionState:
    """Read one region; `version` is the server's if the image's tag does not show it.

    Raises ConfSyntaxError for a configuration that the server would refuse.
    """
    conf = settings.settings(nats)
    stated = parse_version(version) if version else None
    services = services_of(release, nats)
    known = name or str(settings.gateway(conf).get("name") or settings.cluster_name(conf) or "")
    return RegionState(known, release, nats, conf, stated or nats.version, services, decision or Decision())
