"""An export for Flux: the patches of a HelmRelease's post-renderers, and the objects that they cannot add.

facts: helm-controller's post-renderers patch by kustomize, run no program and add no object (helm-controller's
documentation of HelmRelease). `spec.postRenderStrategy: separate` sends hooks through the patches on their own, where
the patched objects are missing; `nohooks` and `combined`, the defaults until now, do not (helm-controller 1470).

So the gateway's Service changes hands, from a Helm release to a Kustomization or back, and its load balancer must stay:
Helm leaves what left a release where the live object has `helm.sh/resource-policy: keep` (run with Helm 3.19 and 4.3),
and a Kustomization does not prune what has `kustomize.toolkit.fluxcd.io/prune: disabled`. A Kustomization applies
Services before HelmReleases (fluxcd/pkg ssa, sort.go), so Helm sees the annotation in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.delivery.files import GATEWAY, first_line, inline, text
from natsvalues.delivery.kustomize import COMPONENT
from natsvalues.delivery.patches import telling
from natsvalues.manifests.chart import MANAGED_BY_LABEL

if TYPE_CHECKING:
    from natsvalues.delivery.patches import Export

FORM = "flux"
RELEASE = "helmrelease.yaml"
GROUP = "helm.toolkit.fluxcd.io"
KEPT = {"helm.sh/resource-policy": "keep", "kustomize.toolkit.fluxcd.io/prune": "disabled"}


def files(export: Export, region: str, release: str) -> dict[str, str]:
    """A kustomize component by file name; `release` is the HelmRelease's name."""
    head = first_line(FORM, region)
    target = {"group": GROUP, "kind": "HelmRelease", "name": release.replace(".", r"\.")}
    own = f"merge {RELEASE} by hand, HelmRelease {release} has other postRenderers"
    absent = telling([{"op": "test", "path": "/spec/postRenderers", "value": None}], own)
    resources = {"resources": [GATEWAY]} if export.added else {}
    component = {
        **COMPONENT,
        **resources,
        "patches": [{"target": target, "patch": inline(absent)}, {"target": target, "path": RELEASE}],
        # Replaces the name with itself: it fails if there is no such HelmRelease; the patches would not.
        "replacements": [
            {
                "source": {"group": GROUP, "kind": "HelmRelease", "name": release},
                "targets": [{"select": target, "fieldPaths": ["metadata.name"]}],
            }
        ],
    }
    fragment = {
        "apiVersion": f"{GROUP}/v2",
        "kind": "HelmRelease",
        "metadata": {"name": release},
        "spec": {"postRenderers": [{"kustomize": {"patches": _patches(export)}}]},
    }
    written = {
        "kustomization.yaml": text(head, _USE, component),
        RELEASE: text(head, _RELEASE, fragment),
    }
    if export.added:
        written[GATEWAY] = text(head, _GATEWAY, *map(apart, export.added))
    return written


def apart(added: dict[str, Any]) -> dict[str, Any]:
    """An object that post-rendering adds, as it is beside the release: not Helm's, and nobody deletes it."""
    metadata = added["metadata"]
    annotations = dict(sorted({**(metadata.get("annotations") or {}), **KEPT}.items()))
    labels = {name: text for name, text in (metadata.get("labels") or {}).items() if name != MANAGED_BY_LABEL}
    return {**added, "metadata": {**metadata, "annotations": annotations, "labels": labels}}


def _patches(export: Export) -> list[dict[str, Any]]:
    stamps = [{"patch": inline(patch.merge)} for patch in export.patches]
    return stamps + [{"target": patch.target, "patch": inline(list(patch.operations))} for patch in export.patches]


_USE = """\
A component: name this folder under `components` of the kustomization that has the HelmRelease. It fails if there is
no HelmRelease of that name, or if that has other post-renderers: then merge helmrelease.yaml by hand."""
_RELEASE = """\
The post-renderers of the HelmRelease. Their tests fail an upgrade whose rendering is not the one that this was made
from: render, and export again. spec.postRenderStrategy may be nohooks or combined, not separate: hooks alone have
none of these objects."""
_GATEWAY = """\
Not in the chart: the gateway's load balancer. Post-renderers of Flux add no object, so the Kustomization that has the
HelmRelease applies it. Neither Helm nor Flux deletes it, so that its address stays when the release or the
Kustomization no longer has it (docs/delivery.md). Where nobody needs it any more: kubectl delete service NAME."""
