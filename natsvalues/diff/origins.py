"""What Flux and Argo CD write on objects to know them again, and what Flux applies beside a release.

facts: helm-controller 1.6.2 labels every object of a release, and a Kustomization all that it applies, with its own
name and namespace (run). Argo CD 3 writes the annotation `tracking-id`, before and on request the label
`app.kubernetes.io/instance` with the name of the Application, on the object and not on its pods (documented: resource
tracking).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import Note
from natsvalues.manifests.chart import INSTANCE_LABEL, MANAGED_BY_LABEL, all_nats
from natsvalues.manifests.objects import Entry, entries
from natsvalues.manifests.stamps import REGION, RESTART_DIGEST, stamped_region
from natsvalues.text.natsconf import ConfSyntaxError, read, symbolic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.diff.changes import Change
    from natsvalues.diff.pairing import Pair
    from natsvalues.diff.sides import Side
    from natsvalues.text.paths import Path

_HELM_RELEASE = "helm.toolkit.fluxcd.io/"
KUSTOMIZATION = "kustomize.toolkit.fluxcd.io/name"
ORIGINS = frozenset(
    (
        _HELM_RELEASE + "name",
        _HELM_RELEASE + "namespace",
        KUSTOMIZATION,
        "kustomize.toolkit.fluxcd.io/namespace",
        "argocd.argoproj.io/tracking-id",
        "argocd.argoproj.io/installation-id",
    )
)
"""Labels and annotations that say who applies an object, and nothing else."""
_LABEL = ("metadata", "labels", INSTANCE_LABEL)


def is_origin(path: Path) -> bool:
    """Whether a path leads to such a label or annotation of the object itself."""
    return len(path) == len(_LABEL) and path[0] == "metadata" and path[-1] in ORIGINS


def tracked(pairs: Iterable[Pair]) -> frozenset[tuple[Any, Any]]:
    """The labels of the instance, old and new, that only say who applies the objects: all pods keep theirs."""
    labels = set()
    for pair in pairs:
        sides = [entry.value if entry is not None else {} for entry in pair]
        of_pods = [_at(value, "spec", "template", *_LABEL) for value in sides]
        if of_pods[0] != of_pods[1]:
            return frozenset()
        if of_pods[0] is not None:
            labels.add((_at(sides[0], *_LABEL), _at(sides[1], *_LABEL)))
    return frozenset(labels)


def is_tracking(change: Change, labels: frozenset[tuple[Any, Any]]) -> bool:
    """Whether a change is one between such labels."""
    return change.path == _LABEL and (change.before, change.after) in labels


def _at(value: Any, *steps: str) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def beside(old: Side, new: Side) -> list[Entry]:
    """What the new side adds to the old one, and Flux applies beside that: the gateway's Service of `export flux`.

    Flux' post-renderers add no object. Only where the old release is Flux', with natsvalues' patches (values have no
    digest for restarts) and a gateway, so that the Service must be there.
    """
    if not old.release.mentioning(_HELM_RELEASE + "name", RESTART_DIGEST) or not _has_gateway(old):
        return []
    added = [entry for entry in entries(new.release, new.release.mentioning(REGION)) if stamped_region(entry.manifest)]
    return [
        entry
        for entry in added
        if entry.key.kind in ("Service", "Route")
        and not any(
            (was.key.kind, was.key.name) == (entry.key.kind, entry.key.name)
            for was in entries(old.release, old.release.mentioning(entry.key.kind, entry.key.name))
        )
    ]


def _has_gateway(side: Side) -> bool:
    try:
        return any("gateway" in symbolic(read(nats.conf)) for nats in all_nats(side.release))
    except ConfSyntaxError:
        return False


def note(entry: Entry, old: Side) -> Note:
    """That an object is beside the release, and how Helm takes it where the release shall have it."""
    kind, name = entry.key.kind.lower(), entry.key.name
    release, namespace = old.about.release or "RELEASE", entry.key.namespace or old.about.namespace or "NAMESPACE"
    return Note(
        "none",
        f"{entry.key.kind}/{name} is not in the old release: Flux applies it beside that (gateway.yaml of `natsvalues "
        "export flux`), and it is not compared; --live compares it with the cluster",
        "nothing, if Flux stays. Helm itself refuses to take it into a release until it has Helm's marks:\n"
        f"kubectl annotate {kind} {name} -n {namespace} --overwrite \\\n"
        f"  meta.helm.sh/release-name={release} \\\n"
        f"  meta.helm.sh/release-namespace={old.about.namespace or namespace}\n"
        f"kubectl label {kind} {name} -n {namespace} --overwrite \\\n"
        f"  {MANAGED_BY_LABEL}=Helm",
    )
