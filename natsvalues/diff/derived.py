"""Changes that only follow from others: the chart's labels, checksums, our stamps. Folded in reports, never dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.release import FILENAME_ANNOTATION
from natsvalues.manifests.stamps import PREFIX

if TYPE_CHECKING:
    from natsvalues.text.paths import Path

_LABELS = {
    "helm.sh/chart": "chart version",
    "app.kubernetes.io/version": "application version",
    "app.kubernetes.io/managed-by": "who manages the object",
    FILENAME_ANNOTATION: "template name",
}


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
