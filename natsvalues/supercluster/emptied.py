"""What a restart of the pods deletes where JetStream's store is on no persistent volume.

facts: Kubernetes documentation, volumes: an emptyDir, and a container's own file system, end with the pod. A server
that comes back empty under its old name counts as one that has its data (run on nats-server 2.12.8 and 2.15.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsvalues.supercluster.region_state import RegionState

BACK_UP = (
    "Back the streams up first (`nats stream backup --consumers`), or restart one server at a time "
    "(updateStrategy.rollingUpdate.partition in statefulSet.merge.spec) and wait until its streams are current."
)


def emptied(state: RegionState) -> str:
    """What happens to the stores when the pods restart, as the rest of a sentence; empty if the stores stay."""
    if not state.restarts_empty:
        return ""
    return (
        f"their stores are deleted with them: `{state.store_dir}` is not on a persistent volume; streams of one "
        "replica are lost, and others too if the next pod follows before they are copied"
    )
