"""Changes that only follow from others: the chart's labels, checksums, our stamps. Folded in reports, never dropped.

And differences that are none: what Flux and Argo CD write on objects to know them again.

facts: helm-controller 1.6.2 labels every object of a release, and a Kustomization all that it applies, with its own
name and namespace (run). Argo CD 3 writes the annotation `tracking-id`, before and on request the label
`app.kubernetes.io/instance` with the name of the Application, on the object and not on its pods (documented: resource
tracking).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import INSTANCE_LABEL, MANAGED_BY_LABEL
from natsvalues.manifests.objects import HELM_RELEASE, HELM_RELEASE_NAMESPACE
from natsvalues.manifests.release import FILENAME_ANNOTATION
from natsvalues.manifests.stamps import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.diff.changes import Change
    from natsvalues.diff.pairing import Pair
    from natsvalues.text.paths import Path

_LABELS = {
    "helm.sh/chart": "chart version",
    "app.kubernetes.io/version": "application version",
    MANAGED_BY_LABEL: "who manages the object",
    FILENAME_ANNOTATION: "template name",
}
KUSTOMIZATION = "kustomize.toolkit.fluxcd.io/name"
_ORIGINS = frozenset(
    (
        HELM_RELEASE,
        HELM_RELEASE_NAMESPACE,
        KUSTOMIZATION,
        "kustomize.toolkit.fluxcd.io/namespace",
        "argocd.argoproj.io/tracking-id",
        "argocd.argoproj.io/installation-id",
    )
)
"""Labels and annotations that say who applies an object, and nothing else."""
_INSTANCE = ("metadata", "labels", INSTANCE_LABEL)


def cause(path: Path) -> str:
    """What a change at a path of an object follows from; empty where it is a change of its own."""
    if len(path) < 2 or path[-2] not in ("labels", "annotations") or "metadata" not in path:  # noqa: PLR2004 - a map and its key
        return ""
    name = str(path[-1])
    if name in _LABELS:
        return _LABELS[name]
    if name.startswith("checksum/"):
        return f"checksum of {name.removeprefix('checksum/')}"
    return "stamp of natsvalues" if name.startswith(PREFIX) else ""


def is_origin(path: Path) -> bool:
    """Whether a path leads to what says who applies the object, and nothing else."""
    return len(path) == len(_INSTANCE) and path[0] == "metadata" and path[-1] in _ORIGINS


def tracked(pairs: Iterable[Pair]) -> frozenset[tuple[Any, Any]]:
    """The labels of the instance, old and new, that only say who applies the objects: all pods keep theirs."""
    labels = set()
    for pair in pairs:
        sides = [entry.value if entry is not None else {} for entry in pair]
        of_pods = [_at(value, "spec", "template", *_INSTANCE) for value in sides]
        if of_pods[0] != of_pods[1]:
            return frozenset()
        if of_pods[0] is not None:
            labels.add((_at(sides[0], *_INSTANCE), _at(sides[1], *_INSTANCE)))
    return frozenset(labels)


def is_tracking(change: Change, labels: frozenset[tuple[Any, Any]]) -> bool:
    """Whether a change is one between such labels."""
    return change.path == _INSTANCE and (change.before, change.after) in labels


def _at(value: Any, *steps: str) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value
