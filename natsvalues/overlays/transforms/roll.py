"""Roll: pods restart when a setting changed that a reload does not apply, and only then.

facts: gateway settings never reload, and the chart's reloader does not report that. So the pod template
carries a digest of what needs a restart. The chart's own `checksum/config` is the SHA-256 of the ConfigMap's
text without its `# Source` line (checked on a Helm 3 rendering).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.carried import uncarried
from natsvalues.manifests.reload import restart_part
from natsvalues.manifests.stamps import CHART_CHECKSUM, RESTART_DIGEST
from natsvalues.overlays.patches import Outcome, put
from natsvalues.text.digests import digest
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Manifest
    from natsvalues.overlays.scene import Scene

RULE = "roll"
_TEMPLATE = ("spec", "template", "metadata", "annotations")
_SOURCE_LINE = re.compile(r"^(?:---|# Source:.*)\n", re.MULTILINE)


def roll(scene: Scene, before: Manifest) -> Iterator[Outcome]:
    """Set the digest; recompute the chart's checksum if natsvalues changed the ConfigMap (`before` is as rendered)."""
    document = scene.nats.statefulset.value
    text = json.dumps(restart_part(scene.conf), sort_keys=True, default=str)
    yield scene.in_statefulset(
        RULE,
        "pods restart when a setting changes that a reload does not apply, and only then",
        put(document, (*_TEMPLATE, RESTART_DIGEST), digest(text, 16)),
        source="run on nats-server 2.12.8 and 2.14.6; server/reload.go",
    )
    annotations: Any = document["spec"]["template"].get("metadata", {}).get("annotations") or {}
    after = scene.nats.config_map
    if CHART_CHECKSUM in annotations and after.value != before.value:
        yield scene.in_statefulset(
            RULE,
            "the chart's checksum follows the ConfigMap that natsvalues changed",
            Op("replace", (*_TEMPLATE, CHART_CHECKSUM), chart_checksum(after)),
            source="checked on renderings of chart 1.2.11, 1.3.16 and 2.14.2",
        )


def chart_checksum(config_map: Manifest) -> str:
    """The chart's checksum, computed for the current ConfigMap."""
    # The annotations of Helm and kustomize are added after the chart has computed it.
    text = _SOURCE_LINE.sub("", uncarried(config_map).tree.text)
    return digest(text.strip())
