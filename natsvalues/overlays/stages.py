"""What a region's stage allows, and the conditions for the next stage: the safe order for each scope.

facts: run with 2 x 3 servers, R3 streams and real restarts on 2.11.4, 2.12.8, 2.14.6 and 2.15.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.supercluster.joining import order_of_join
from natsvalues.supercluster.meta_groups import outage, own_group
from natsvalues.supercluster.power_cuts import REMEDY as POWER_CUT_REMEDY
from natsvalues.supercluster.power_cuts import unwritten
from natsvalues.supercluster.readiness import READY_WITHOUT_LEADER, WATCH, is_ready_without_leader

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from natsvalues.overlays.plan import Plan
    from natsvalues.supercluster.region_state import RegionState


def guidance(plan: Plan, state: RegionState, made: Container[str] = ()) -> tuple[str, ...]:
    """Sentences for `explain`: what must not be done before the next stage, how servers start, what ends JetStream.

    `state` is the region as it is post-rendered, `made` the names of Secrets that were seen in its cluster.
    """
    stage, joins = plan.region.stage, plan.region.joins
    lines = [_HERE[stage], _MOVING if plan.region.move is not None else _PLAN]
    if plan.shares_jetstream:
        if stage == "join" and plan.remotes:
            others = [remote.name for remote in plan.remotes]
            lines.insert(0, order_of_join(plan.region.name, joins or "", plan.seed, others))
        if joins == "empty":
            lines += _EMPTY[stage]
        elif joins == "seed":
            lines += _SEED[stage]
    else:
        lines += _INDEPENDENT[stage]
    if stage == "join":
        remotes = ", ".join(remote.name for remote in plan.remotes) or "none yet (no other region is in stage join)"
        lines.append(f"remote gateways: {remotes}")
        lines.append("every change of the remotes needs a restart of the pods: gateway settings cannot be reloaded")
    lines += [line for name, line in _secrets(state) if name not in made]
    if state.replicas > 1 and state.routes:
        lines.append(_DNS)
    if is_ready_without_leader(state):
        lines.append(f"{READY_WITHOUT_LEADER}; {WATCH}")
    interval = unwritten(state)
    if interval:
        lines.append(_POWER_CUT.format(interval=interval))
    failure = outage(own_group(state, plan.remote_servers))
    return (*lines, f"{failure.message}; {failure.remedy}") if failure is not None else tuple(lines)


def _secrets(state: RegionState) -> Iterator[tuple[str, str]]:
    """The Secrets that the pods need and the release does not make, each with a sentence."""
    from natsvalues.manifests.named_secrets import not_made  # nothing else that imports this file wants it

    for secret in not_made(state.release, state.nats):
        line = (
            f"Secret `{secret.name}` is not in this release, and pods do not start without it. If nobody made it yet: "
            f"{secret.create()}; `natsvalues docs stages`, section Secrets, has it with cert-manager"
        )
        yield secret.name, line


_PLAN = "the steps from where the regions are to the overlays, and what must hold before each: natsvalues plan"
_MOVING = "the overlay's `move` holds it for a step of a plan; natsvalues plan --next shows the step that comes now"
_DNS = (
    "at a cold start servers ask for each other's names before DNS has them, and CoreDNS may then answer for 30 s that "
    "there are none: `natsvalues docs stages`, section How long a cold start takes, has the setting that prevents it"
)
_POWER_CUT = (
    "a power cut of all servers of the region loses messages that they acknowledged: they write to their disks every "
    f"{{interval}} (sync_interval). {POWER_CUT_REMEDY}: `natsvalues docs stages`, section Power cuts, has "
    "what was measured"
)
_HERE = {
    "local": "the region is not connected: no gateway, no load balancer",
    "expose": "the gateway listens and is reachable, but has no remotes: check the load balancer, DNS and certificates",
    "join": "the region is part of the supercluster",
}
_SEED = {
    "local": ("its JetStream may have streams; no other region may run JetStream before it joins",),
    "expose": ("its JetStream continues as before; no other region may run JetStream before it joins",),
    "join": (
        "it keeps its streams, its server names and its system account",
        "a new seed elects its meta leader in stage local first: a first boot with remotes waits for all servers",
    ),
}
_EMPTY = {
    "local": ("JetStream is left out until the region joins; do not turn it on by hand, and create no streams here",),
    "expose": (
        "JetStream is left out until the region joins; do not turn it on by hand, and create no streams here",
        "before stage join: the seed is healthy in stage join, and this region never ran JetStream",
    ),
    "join": (
        (
            "JetStream starts together with the remotes; wait until the meta group shows the servers of all regions "
            "before you create streams"
        ),
    ),
}
_INDEPENDENT = {
    "local": ("the region elects its own meta leader; its system account must stay what it is from now on",),
    "expose": (
        "a new region elects its own meta leader in this stage; in a first boot with remotes it never does",
        "before stage join: /healthz of every server answers 200",
    ),
    "join": (
        "streams belong to the region; other regions reach them by subject, not through the JetStream API",
        "one subject bound to streams in two regions is stored twice",
    ),
}
