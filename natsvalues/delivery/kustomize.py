"""An export as a kustomize component, for any kustomization that has the rendering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.delivery.files import GATEWAY, STAMPS, first_line, names, text

if TYPE_CHECKING:
    from natsvalues.delivery.patches import Export

FORM = "kustomize"
COMPONENT = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}


def files(export: Export, region: str) -> dict[str, str]:
    """The component's files by name."""
    head = first_line(FORM, region)
    written = names(export.patches)
    patches: list[dict[str, Any]] = [{"path": STAMPS}]
    patches += [{"path": name, "target": patch.target} for name, patch in written.items()]
    resources = {"resources": [GATEWAY]} if export.added else {}
    texts = {
        "kustomization.yaml": text(head, _USE, {**COMPONENT, **resources, "patches": patches}),
        STAMPS: text(head, _STAMPS, *(patch.merge for patch in export.patches)),
    }
    texts |= {name: text(head, _PATCH, list(patch.operations)) for name, patch in written.items()}
    if export.added:
        texts[GATEWAY] = text(head, "Not in the chart: the gateway's load balancer.", *export.added)
    return texts


_USE = """\
A component: name this folder under `components` of the kustomization whose resources are the rendering."""
_STAMPS = """\
These annotations show lint and diff that the edits were made. These patches also fail if an object is missing;
kustomize silently ignores a patch with a target that is missing."""
_PATCH = """\
The tests fail if the rendering is not the one that this was made from: render, and export again."""
