"""What differs in the cluster from the old release: fields that others changed, missing objects, leftovers.

facts: run with Helm 3.19 and 4.3 on kube-apiserver 1.37, the chart unchanged: applied on the client's side, what the
release states is set back; on the server's side there is a conflict with whoever owns the field now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.diff.impact.declaration import Consequence, impact
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.manifests.release import ResourceKey
    from natsvalues.text.paths import Path

SOURCE = "run with Helm 3.19 and 4.3 on kube-apiserver 1.37"


class Drift(NamedTuple):
    """One difference between the old release and the cluster.

    `kind` is `missing` or `leftover` for an object that only one of them has; `added` for a field that the release
    does not state, `changed` for one that it does. `owner` says who set the field, in words; `planned` is what the
    new release states. `meets_conflicts`: somebody else owns the field, and Helm applies on the server's side.
    `is_beside`: Flux applies the object, beside the release.
    """

    kind: Literal["missing", "leftover", "added", "changed"]
    key: ResourceKey
    path: Path = ()
    value: Any = None
    owner: str = ""
    planned: Any = None
    meets_conflicts: bool = False
    is_beside: bool = False

    @property
    def is_set_back(self) -> bool:
        """Whether the next upgrade sets another value than the cluster has."""
        return self.kind == "changed" and self.planned is not None and self.planned != self.value


@impact(
    "DI701",
    "missing-in-cluster",
    "none",
    "live",
    why="Somebody deleted the object. The next upgrade creates it again.",
    source=SOURCE,
    fails="""\
at: PodDisruptionBudget/extra
old: {add: "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: extra}}"}
live: {gone: extra}""",
    passes="live: {service: {metadata: {labels: {team: a}}}}",
)
def missing_in_cluster(drift: Drift) -> str | None:
    """An object of the release is not in the cluster."""
    if drift.kind != "missing":
        return None
    if drift.is_beside:
        return "not in the cluster: it is in no release of Helm's, so no upgrade creates it; Flux applies it beside"
    return "not in the cluster: the next upgrade creates it again"


@impact(
    "DI702",
    "leftover-in-cluster",
    "none",
    "live",
    why="Helm created the object for this release, but no revision has it, so Helm never deletes it. A failed upgrade "
    "leaves such objects behind.",
    source=SOURCE,
    remedy="If nobody needs it, delete it.",
    fails="""\
at: Service/peers
live: {add: "{apiVersion: v1, kind: Service, metadata: {name: peers, annotations:
  {meta.helm.sh/release-name: nats, meta.helm.sh/release-namespace: default}}}"}""",
    passes="""\
live: {service: null, add: "{apiVersion: v1, kind: Service, metadata: {name: peers, annotations:
  {meta.helm.sh/release-name: other, meta.helm.sh/release-namespace: default}}}"}""",
)
def leftover_in_cluster(drift: Drift) -> Consequence | None:
    """An object in the cluster says that it is Helm's for this release, and the release does not have it."""
    if drift.kind != "leftover":
        return None
    key = drift.key
    return Consequence(
        "helm created it for this release, and no revision has it, so helm never deletes it (a failed upgrade leaves "
        "such objects)",
        f"If nobody needs it: kubectl delete {key.kind.lower()} {key.name} -n {key.namespace}",
    )


@impact(
    "DI703",
    "live-change-stays",
    "none",
    "live",
    why="Helm only sets what a release states, and what the cluster has already is no change.",
    source=SOURCE,
    fails="""\
at: Service/nats:metadata.labels.team
live: {clients: {metadata: {labels: {team: a}}}}""",
    passes="live: {statefulSet: {spec: {replicas: 5}}}",
)
def live_change_stays(drift: Drift) -> str | None:
    """Somebody set a field that the release does not state, or to the value that the new release has."""
    if drift.kind == "added":
        return f"{drift.owner}; the release does not state it, so it stays"
    if drift.kind != "changed" or drift.is_set_back:
        return None
    rest = "the new release does not state it" if drift.planned is None else "the new release sets the same value"
    return f"{drift.owner}; {rest}"


@impact(
    "DI704",
    "live-change-set-back",
    "none",
    "live",
    why="Helm 3, and Helm 4 applying on the client's side, set back what the release states, even with an unchanged "
    "chart.",
    source=SOURCE,
    fails="""\
at: StatefulSet/nats:spec.replicas
live: {statefulSet: {spec: {replicas: 5}}}""",
    passes="""\
live: {statefulSet: {spec: {replicas: 5}}}
new: {statefulSet: {spec: {replicas: 5}}}""",
)
def live_change_set_back(drift: Drift) -> str | None:
    """Somebody changed a field that the next upgrade sets back."""
    if not drift.is_set_back or drift.meets_conflicts or _is_template(drift):
        return None
    if drift.is_beside:
        return f"{drift.owner}; Flux applies the object beside the release, and sets it back by itself"
    return f"{drift.owner}; the next upgrade sets it back without a warning"


@impact(
    "DI705",
    "live-change-set-back-with-restart",
    "restart",
    "live",
    why="Helm 3, and Helm 4 applying on the client's side, set back what the release states, and any difference in a "
    "pod template replaces the pods.",
    source=SOURCE,
    fails="""\
at: StatefulSet/nats:spec.template.spec.containers[name=nats].image
live: {container: {image: "nats:2.12.8-alpine"}}""",
    passes="""\
live: {statefulSet: {spec: {replicas: 5}}}""",
)
def live_change_set_back_with_restart(drift: Drift) -> str | None:
    """Somebody changed a field of a pod template that the next upgrade sets back."""
    if not drift.is_set_back or drift.meets_conflicts or not _is_template(drift):
        return None
    return f"{drift.owner}; the next upgrade sets it back, and pods restart for it"


@impact(
    "DI706",
    "live-change-conflicts",
    "refused",
    "live",
    why="Helm applies on the server's side here, and an upgrade that sets another value than the owner of the field, "
    "even the old one, fails with a conflict.",
    source=SOURCE,
    remedy="Upgrade with --force-conflicts to take the field back, or undo the change in the cluster; "
    "--server-side=false overwrites it without a warning.",
    fails="""\
at: StatefulSet/nats:spec.replicas
serverSide: true
live: {statefulSet: {spec: {replicas: 5}}}""",
    passes="""\
live: {statefulSet: {spec: {replicas: 5}}}""",
)
def live_change_conflicts(drift: Drift) -> str | None:
    """Somebody owns a field that the next upgrade sets, and Helm applies on the server's side."""
    if not drift.is_set_back or not drift.meets_conflicts:
        return None
    return (
        f"{drift.owner}: helm applies on the server's side here, and an upgrade that sets another value, even the old "
        "one, fails with a conflict"
    )


def _is_template(drift: Drift) -> bool:
    return drift.path[:2] == ("spec", "template")


IMPACTS = (
    missing_in_cluster,
    leftover_in_cluster,
    live_change_stays,
    live_change_set_back,
    live_change_set_back_with_restart,
    live_change_conflicts,
)
