"""The annotations by which an object shows that natsvalues touched it."""

from __future__ import annotations

PREFIX = "natsvalues.io/"
REGION = PREFIX + "region"
RESTART_DIGEST = PREFIX + "restart-digest"
"""On the pod template: a digest of the settings that only a restart brings into force."""
CHART_CHECKSUM = "checksum/config"
"""The chart's own digest of the ConfigMap, on the pod template."""
