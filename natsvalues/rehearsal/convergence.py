"""Whether a supercluster has converged, and if not, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.rehearsal.groups import expected_groups, is_linked

if TYPE_CHECKING:
    from natsvalues.rehearsal.snapshot import Snapshot

OK = 200


def is_steady(now: Snapshot) -> bool:
    """Whether every pod is ready and every server healthy; a region may not be connected to the others yet."""
    return all(pod.ready and pod.view.status == OK for pod in now.pods)


def missing(now: Snapshot) -> tuple[str, ...]:
    """What is missing for convergence; empty if it has converged.

    Converged means: every pod ready, every server healthy by the strict check, every gateway that is not rejected
    connected from every server, and each meta group complete with one leader.
    """
    reasons = []
    waiting = [pod.name for pod in now.pods if not pod.ready]
    if waiting:
        reasons.append(f"not ready: {', '.join(waiting)}")
    unhealthy: dict[str, list[str]] = {}
    for pod in now.pods:
        if pod.view.status != OK:
            unhealthy.setdefault(pod.view.reason or "no response", []).append(pod.name)
    reasons += [f"/healthz is not 200: {', '.join(names)} ({reason})" for reason, names in unhealthy.items()]
    for region, rendering in now.renderings.items():
        for other in now.renderings.values():
            remote = other.gateway_name or ""
            unconnected = [pod.name for pod in now.of(region) if remote not in pod.view.outbound]
            if unconnected and is_linked(rendering, other):
                reasons.append(f"no gateway to {remote}: {', '.join(unconnected)}")
    for group in expected_groups(now.renderings):
        views = [pod.view for pod in now.pods if pod.region in group.regions]
        leaders = {view.leader for view in views}
        sizes = {view.size for view in views}
        if "" in leaders or len(leaders) != 1:
            reasons.append(f"no common meta leader in {', '.join(group.regions)}")
        elif sizes != {group.size}:
            counts = ", ".join(map(str, sorted(sizes)))
            reasons.append(f"the meta group of {', '.join(group.regions)} has {counts} servers of {group.size}")
    return tuple(reasons)
