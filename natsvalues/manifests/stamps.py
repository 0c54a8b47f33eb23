"""The annotations that mark an object as changed by natsvalues."""

from __future__ import annotations

PREFIX = "natsvalues.io/"
REGION = PREFIX + "region"
RESTART_DIGEST = PREFIX + "restart-digest"
"""On the pod template: a digest of the settings that only a restart applies."""
CHART_CHECKSUM = "checksum/config"
"""The chart's own digest of the ConfigMap, on the pod template."""
