"""An export for Helmfile: a template that a release inherits, and a small chart for the objects that are new.

facts: Helmfile applies `jsonPatches` and `strategicMergePatches` with kustomize to what the chart and its
`dependencies` render (read in chartify 0.28.2, `Patch`). Inline patches are not templates, files are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.delivery.files import GATEWAY, first_line, text

if TYPE_CHECKING:
    from natsvalues.delivery.patches import Export

FORM = "helmfile"
TEMPLATE = "template.yaml"
CHART = "natsvalues-gateway"
"""Both folder and name: Helmfile uses one as the other."""


def files(export: Export, region: str, folder: str) -> dict[str, str]:
    """The files by name; `folder` is their place, relative to the folder of helmfile.yaml."""
    head = first_line(FORM, region)
    template: dict[str, Any] = {
        "jsonPatches": [{"target": patch.target, "patch": list(patch.operations)} for patch in export.patches],
        "strategicMergePatches": [patch.merge for patch in export.patches],
    }
    written = {}
    if export.added:
        at = folder if folder.startswith(("/", ".")) else f"./{folder}"
        template["dependencies"] = [{"chart": f"{at}/{CHART}", "version": "0.1.0"}]
        chart = {"apiVersion": "v2", "name": CHART, "version": "0.1.0"}
        written[f"{CHART}/Chart.yaml"] = text(head, "What natsvalues adds to the release.", chart)
        objects = text(head, "Not in the NATS chart: the gateway's load balancer.", *export.added)
        # Helm reads this file as a template; what looks like an action in it is not one.
        written[f"{CHART}/templates/{GATEWAY}"] = objects.replace("{{", "{{ " + json.dumps("{{") + " }}")
    name = f"natsvalues-{region}"
    words = _USE.format(name=name, file=f"{folder}/{TEMPLATE}")
    return {TEMPLATE: text(head, words, {"templates": {name: template}}), **written}


_USE = """\
In helmfile.yaml, from whose folder paths start:
    bases: [{file}]
    releases:
    - name: nats
      inherit: [{{template: {name}}}]
The tests fail if the rendering is not the one that this was made from: render, and export again."""
