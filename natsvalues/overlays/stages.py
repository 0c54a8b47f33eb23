"""What a region's stage allows, and what must be true before the next one: the safe sequences per scope.

facts: run with 2 x 3 servers, R3 streams and real restarts on 2.11.4, 2.12.8, 2.14.6 and 2.15.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsvalues.overlays.plan import Plan


def guidance(plan: Plan) -> tuple[str, ...]:
    """Sentences for `explain`: where the region is, and what may not be done before the next stage."""
    stage, joins = plan.region.stage, plan.region.joins
    lines = [_HERE[stage]]
    if plan.shares_jetstream:
        if joins == "empty":
            lines += _EMPTY[stage]
        elif joins == "seed":
            lines += _SEED[stage]
    else:
        lines += _INDEPENDENT[stage]
    if stage == "join":
        remotes = ", ".join(remote.name for remote in plan.remotes) or "none yet (no other region is in stage join)"
        lines.append(f"remote gateways: {remotes}")
        lines.append("every change of the remotes needs a roll of the pods; gateway settings never reload")
    return tuple(lines)


_HERE = {
    "local": "the region stands alone: no gateway, no load balancer",
    "expose": "the gateway listens and is reachable, but dials nobody: check the load balancer, DNS and certificates",
    "join": "the region is part of the supercluster",
}
_SEED = {
    "local": ("its JetStream may hold streams; no other region may run JetStream before it joins",),
    "expose": ("its JetStream goes on as before; no other region may run JetStream before it joins",),
    "join": (
        "it keeps its streams, its server names and its system account",
        "a brand-new seed elects its leader in stage local first: a first boot with remotes waits for all",
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
        "a fresh region elects its own meta leader in this stage; a first boot with remotes never does",
        "before stage join: /healthz of every server answers 200",
    ),
    "join": (
        "streams stay the region's own; other regions reach them by subject, not by the JetStream API of a domain",
        "one subject bound to streams in two regions is stored twice",
    ),
}
