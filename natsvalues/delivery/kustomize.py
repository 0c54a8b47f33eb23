"""An export as a kustomize component, for any kustomization that has the rendering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.delivery.files import GATEWAY, STAMPS, marker, names, text

if TYPE_CHECKING:
    from natsvalues.delivery.patches import Export

FORM = "kustomize"
COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}


def files(export: Export, region: str) -> dict[str, str]:
    """The component's files by name."""
    mark = marker(FORM, region)
    written = names(export.patches)
    patches: list[dict[str, Any]] = [{"path": STAMPS}]
    patches += [{"path": name, "target": patch.target} for name, patch in written.items()]
    resources = {"resources": [GATEWAY]} if export.added else {}
    texts = {
        "kustomization.yaml": text(mark, _USE, {**COMPONENT, **resources, "patches": patches}),
        STAMPS: text(mark, _STAMPS, *(patch.merge for patch in export.patches)),
    }
    texts |= {name: text(mark, _PATCH, list(patch.operations)) for name, patch in written.items()}
    if export.added:
        texts[GATEWAY] = text(mark, "Not in the chart: the gateway's load balancer.", *export.added)
    return texts


_USE = """\
A component: name this folder under `components` of the kustomization whose resources are the rendering."""
_STAMPS = """\
By these annotations lint and diff see that the edits were made. The patches also fail where an object is missing;
kustomize passes over those with a target in silence then."""
_PATCH = """\
The tests fail where the rendering is not the one that this was made from: render, and export again."""
