"""Annotations that tools add to objects for transport, which are not part of the objects themselves.

Read in the sources of kustomize 5.8.2 and kyaml 0.21 (`kioutil`, `internal/utils/annotations.go`), and seen in what
they give a function; Helm 4's annotation in what it gives a post-renderer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.release import FILENAME_ANNOTATION
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from natsvalues.manifests.release import Manifest

PATH = "config.kubernetes.io/path"
INDEX = "config.kubernetes.io/index"
INTERNAL = "internal."
"""The prefix of kyaml's current names; the old names without it are written, too."""
_PREFIXES = ("internal.config.kubernetes.io/", "config.k8s.io/", "kustomize.config.k8s.io/")
_NAMES = (FILENAME_ANNOTATION, PATH, INDEX)


def _is_carrying(annotation: str) -> bool:
    """Whether an annotation is there for transport only, and removed at the end."""
    return annotation in _NAMES or annotation.startswith(_PREFIXES)


def uncarried(manifest: Manifest) -> Manifest:
    """The document without transport annotations; the same object if it has none."""
    names = [name for name in manifest.annotations if _is_carrying(name)]
    path = ("metadata", "annotations")
    if names and len(names) == len(manifest.annotations):
        return manifest.edited((Op("remove", path),))
    return manifest.edited(tuple(Op("remove", (*path, name)) for name in names))
