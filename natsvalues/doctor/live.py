"""A live region as lint and rehearsals know one: its objects as a release, and its pods as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.doctor.seen import Page
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.lint.subject import Cluster, cluster_of
from natsvalues.manifests.chart import INSTANCE_LABEL, all_nats, mappings, no_nats
from natsvalues.manifests.release import Release
from natsvalues.manifests.server import parse_version
from natsvalues.overlays.model import NatsSelector
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.addresses import named_balancers
from natsvalues.rehearsal.cluster_objects import Heard, balancer_now, pod_now, server_of, waited_on
from natsvalues.rehearsal.monitoring import gateways_of, health_of, meta_of, process_of, view_of
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.snapshot import Snapshot
from natsvalues.text.yamlwrite import block

if TYPE_CHECKING:
    from natsvalues.doctor.seen import Object, RegionSeen
    from natsvalues.manifests.chart import Nats
    from natsvalues.overlays.plan import Plan
    from natsvalues.rehearsal.monitoring import Gateways, Health, Meta, Process
    from natsvalues.rehearsal.rendering import Rendering

KINDS = {"statefulsets": ("apps/v1", "StatefulSet"), "configmaps": ("v1", "ConfigMap"), "services": ("v1", "Service")}
"""The kinds that make a release, with what a list leaves out of its items: apiVersion and kind."""
STRICT, FREE, VARZ, JSZ, GATEWAYZ = "/healthz", "/healthz?js-enabled-only=true", "/varz", "/jsz", "/gatewayz"
PAGES = (STRICT, FREE, VARZ, JSZ, GATEWAYZ)
"""What every server is asked for, beside the path of each probe."""
_BOOKKEEPING = ("managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "ownerReferences")
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_NO_ANSWER = Page(0, "not asked")


class Live(NamedTuple):
    """One region: what was seen of it, and what it means."""

    seen: RegionSeen
    cluster: Cluster
    rendering: Rendering

    @property
    def name(self) -> str:
        """The region."""
        return self.seen.name

    @property
    def nats(self) -> Nats:
        """Its NATS, as it is in the cluster."""
        return self.cluster.nats

    @property
    def statefulset(self) -> Object:
        """The StatefulSet with its status."""
        return self.object_of("statefulsets", self.nats.name) or {}

    @property
    def pods(self) -> dict[str, Object]:
        """The pods that there are, by name; also those that the StatefulSet has no ordinal for any more."""
        return {item["metadata"]["name"]: item for item in self.seen.objects.get("pods", ())}

    @property
    def expected(self) -> tuple[str, ...]:
        """The names of the pods that the StatefulSet wants."""
        return self.cluster.state.pods

    def object_of(self, kind: str, name: str) -> Object | None:
        """An object that was seen."""
        return next((item for item in self.seen.objects.get(kind, ()) if item["metadata"]["name"] == name), None)

    def answer(self, pod: str, path: str) -> Page:
        """What a pod's server answered to a path."""
        return self.seen.pages.get(pod, {}).get(path, _NO_ANSWER)

    def health(self, pod: str) -> Health:
        """The strict /healthz of a server."""
        return health_of(self.answer(pod, STRICT))

    def process(self, pod: str) -> Process | None:
        """What runs in a pod."""
        return process_of(self.answer(pod, VARZ))

    def meta(self, pod: str) -> Meta | None:
        """The meta group as a pod's server sees it."""
        return meta_of(self.answer(pod, JSZ))

    def gateways(self, pod: str) -> Gateways | None:
        """The connections of a pod's gateway."""
        return gateways_of(self.answer(pod, GATEWAYZ))

    def at(self, what: str) -> Where:
        """A place in the cluster: an object, or a page of a server, and a field of it."""
        return Where(self.seen.place, field=what)


def stream_of(seen: RegionSeen) -> str:
    """The objects as a rendering has them: without status and bookkeeping."""
    documents = []
    for plural, (version, kind) in KINDS.items():
        for item in seen.objects.get(plural, ()):
            metadata: Object = {key: value for key, value in item["metadata"].items() if key not in _BOOKKEEPING}
            annotations: Object = metadata.get("annotations") or {}
            notes = {key: value for key, value in annotations.items() if key != _APPLIED}
            if notes:
                metadata["annotations"] = notes
            rest: Object = {key: item[key] for key in ("spec", "data", "binaryData") if key in item}
            value: Object = {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}
            documents.append("---\n" + "\n".join(block(value)) + "\n")
    return "".join(documents)


def nats_in(seen: RegionSeen, release: Release) -> Nats:
    """The NATS of the region's release: the one with its label, or the only one. Raises NatsvaluesError."""
    every = all_nats(release)
    ours = [nats for nats in every if nats.pod_labels.get(INSTANCE_LABEL) == seen.release]
    chosen = ours or every
    if not chosen:
        raise no_nats(release)
    if len(chosen) > 1:
        raise NatsvaluesError(
            "NV-I004", f"{seen.place} has {len(chosen)} NATS servers: {', '.join(nats.name for nats in chosen)}",
            hint="--release names the one that is meant",
        )  # fmt: skip
    return chosen[0]


def live_of(seen: RegionSeen, plan: Plan | None = None) -> Live:
    """Read a region. Raises NatsvaluesError where its objects are not those of one NATS that can run."""
    text = stream_of(seen)
    release = Release(text, seen.place)
    nats = nats_in(seen, release)
    cluster = cluster_of(seen.name, release, nats, plan)
    rendering = read_rendering(text, seen.place, NatsSelector(name=nats.name))
    state = rendering.state._replace(name=seen.name)
    live = Live(seen, cluster, rendering._replace(region=seen.name, state=state))
    running = next((process for pod in live.pods if (process := live.process(pod)) is not None), None)
    version = parse_version(running.version) if running is not None else None
    if version is None:
        return live
    return live._replace(
        cluster=cluster._replace(state=cluster.state._replace(version=version)),
        rendering=live.rendering._replace(state=state._replace(version=version)),
    )


def snapshot_of(lives: dict[str, Live]) -> Snapshot:
    """All regions as a rehearsal sees them at one moment."""
    renderings = {name: live.rendering for name, live in lives.items()}
    pods = [pod_now(live.pods.get(pod), f"{name}/{pod}", live.rendering, _heard(live, pod), 0)
            for name, live in lives.items() for pod in live.expected]  # fmt: skip
    balancers = [
        balancer_now(item, lives[name].object_of("services", item.name), lives[name].seen.objects["endpointslices"])
        for name, items in named_balancers(renderings).items()
        for item in items
        if "endpointslices" in lives[name].seen.objects
    ]
    return Snapshot(0, renderings, tuple(pods), tuple(balancers), frozenset(), fresh=False)


def _heard(live: Live, pod: str) -> Heard:
    probe = waited_on(live.pods.get(pod), live.rendering)
    answer = live.answer(pod, probe.path) if probe is not None and probe.path else _NO_ANSWER
    process = live.process(pod)
    name = process.name if process is not None else ""
    view = view_of(name, live.answer(pod, STRICT), live.answer(pod, JSZ), live.answer(pod, GATEWAYZ))
    return Heard(view, (answer.status, answer.body[:500]), live.seen.troubles.get(pod, {}))


def container_of(live: Live, pod: Object) -> Object:
    """The server's container as a pod has it; empty where it has none of that name."""
    containers = mappings(pod.get("spec", {}).get("containers"))
    return next((item for item in containers if item.get("name") == server_of(live.rendering)), {})
