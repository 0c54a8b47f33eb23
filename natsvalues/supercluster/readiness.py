"""What a pod that is Ready says about JetStream: nothing, once no probe waits for a meta leader.

facts, run on kubelet 1.37 with two regions of three servers (2.14.2): with names that did not resolve, all pods were
Ready after 25 s and stayed so, while /healthz answered 503 and the JetStream API 10008; `helm upgrade --wait` passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.healthz import may_need_leader
from natsvalues.manifests.probes import BEFORE_READY, http_path, waits_for_leader

if TYPE_CHECKING:
    from natsvalues.supercluster.region_state import RegionState

READY_WITHOUT_LEADER = (
    "pods are Ready with or without a meta leader, however long there is none: helm --wait, rollouts and the health "
    "that Argo CD and Flux show say nothing about JetStream"
)
WATCH = (
    "set an alert on /healthz (without parameters) of every server: it answers 503 while there is no leader; "
    "`natsvalues docs stages`, section What Ready does not say, has it for Prometheus"
)


def is_ready_without_leader(state: RegionState) -> bool:
    """Whether the region's JetStream has a meta group, and its pods certainly become Ready without a leader of it."""
    paths = (http_path(state.container, kind) for kind in BEFORE_READY)
    return state.is_clustered and not any(path is not None and may_need_leader(path, state.version) for path in paths)


def readiness_changes(before: RegionState | None, after: RegionState | None) -> bool:
    """Whether pods waited for a meta leader before they were Ready, and no longer do."""
    if before is None or after is None:
        return False
    return waits_for_leader(before.container, before.version) is not None and is_ready_without_leader(after)
