"""The walk: every region from where it is to its stage, in the order in which no streams are lost.

facts: docs/stages.md, "Scope supercluster, step by step" and "Scope region, step by step". All newcomers are brought to
stage `expose` first, so that each region that has joined restarts once, however many join.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.runbook.step import Act, Check, Step
from natsvalues.supercluster.emptied import emptied

if TYPE_CHECKING:
    from natsvalues.runbook.draft import Draft

ROLLBACK = "helm rollback to the revision before, and the edit of the overlay undone"


def roll(draft: Draft, name: str) -> str:
    """What a restart of a region's pods does: with fewer than three servers none is a majority while one is away.

    `diff` says the same (DI311, DI312).
    """
    servers, state = draft.now[name].servers, draft.places[name].state
    runs = state is None or state.has_jetstream
    if state is not None and (gone := emptied(state)):
        return f"its pods restart one by one, and {gone}: back them up first"
    if servers == 1:
        rest = ", and its streams do not answer" if runs else ""
        return f"its only server restarts, in seconds; until it is back, clients of the region have none{rest}"
    words = "its pods restart one by one, each in seconds; clients reconnect to another server"
    if servers == 2 and runs:  # noqa: PLR2004   # one of two is no majority
        return f"{words}; while one of the two is away, JetStream acknowledges nothing"
    return f"{words}, and streams stay available"


def walk(draft: Draft) -> None:
    """Bring every region to its stage."""
    if draft.is_shared:
        _seed(draft)
    for name in draft.order:
        if name != draft.seed:
            _expose(draft, name)
    _join(draft)


def _seed(draft: Draft) -> None:
    name = draft.seed
    if not name:
        if len(draft.goal) > 1 and any(goal.joins for goal in draft.goal.values()):
            draft.refuse(
                next(iter(draft.goal)),
                "join",
                "no region is the seed, so no JetStream starts first",
                "state joins: seed in the overlay of the region that has streams, or of any region if none has",
            )
        return
    if draft.now[name].stage == "absent":
        running = [other for other in draft.joined() if draft.places[other].stored is not None]
        if running:
            draft.refuse(
                name,
                "install",
                f"the seed has no release, and {', '.join(running)} has joined: a seed that starts alone erases the "
                "others' streams when it meets them",
                f"if its release is gone, and its volumes with it: --lost {name}, and it starts as one of them",
            )
            return
        if draft.now[name].servers == 1 and draft.goal[name].joins == "seed":
            draft.refuse(
                name,
                "install",
                "a seed of one server never elects a meta leader alone",
                "three servers: config.cluster.replicas: 3 in the chart's values, and servers: 3 in the overlay",
            )
            return
        draft.becomes(name, stage="local", ran=True)
        draft.add(
            Step(
                "install",
                name,
                "install the seed alone, so that it elects a meta leader",
                (Act("upgrade", name),),
                effect="nothing that runs is changed",
                after=(Check("healthy", name), Check("group", name, (str(draft.now[name].servers),))),
                back="helm uninstall, and delete the volume claims",
                back_until="there are streams",
            ),
            {name: draft.at_stage(name, "local")},
        )
    _expose(draft, name)


def _expose(draft: Draft, name: str) -> None:
    """Gateway and load balancer, without remotes; what is installed anew starts in this stage."""
    now, goal = draft.now[name], draft.goal[name]
    wanted = "expose" if goal.stage != "local" else "local"
    if now.stage in (wanted, "expose", "join"):
        return
    runs = draft.has_jetstream(name) and (not draft.is_shared or goal.joins == "seed")
    is_new = now.stage == "absent"
    draft.becomes(name, stage=wanted, ran=now.ran or runs)
    checks = [Check("healthy", name)]
    if runs:
        checks.append(Check("group", name, (str(now.servers),)))
    if wanted == "expose":
        checks.append(Check("reachable", name))
    draft.add(
        Step(
            "install" if is_new else "expose",
            name,
            f"install it in stage {wanted}" if is_new else "give it the gateway and its load balancer, without remotes",
            (Act("upgrade", name),),
            effect=("nothing that runs is changed" if is_new else roll(draft, name))
            + ("" if runs or not draft.has_jetstream(name) else "; JetStream stays out until it joins"),
            before=() if is_new else (Check("healthy", name),),
            after=tuple(checks),
            back="helm uninstall, and delete the volume claims" if is_new else ROLLBACK,
            back_until="the region joins",
        ),
        {name: draft.at_stage(name, wanted)},
    )


def _join(draft: Draft) -> None:
    """The regions that have joined get the newcomers as remotes, one by one; then each newcomer starts."""
    newcomers = [name for name in draft.order if draft.goal[name].stage == "join" and draft.now[name].stage != "join"]
    if not newcomers:
        return
    if draft.is_shared and draft.seed and draft.goal[draft.seed].stage != "join":
        draft.refuse(
            newcomers[0], "join", f"the seed `{draft.seed}` is not to join", f"state stage: join for {draft.seed}, too"
        )
        return
    joined = [
        name
        for name in draft.order
        if draft.now[name].stage == "join" and not draft.now[name].remotes >= set(newcomers)
    ]
    together = dict.fromkeys(newcomers)
    names = ", ".join(name for name in newcomers if name != draft.seed)
    for name in [*joined, *newcomers]:
        if draft.refused:
            return
        is_new = name in newcomers
        starts = is_new and draft.is_shared and draft.goal[name].joins == "empty"
        others = tuple(other for other in draft.joined() if other != name)
        # What joined before the seed, out of turn, has no leader until the seed joins, too.
        whole = tuple(Check("healthy", other) for other in others if not is_new or name != draft.seed)
        draft.becomes(name, stage="join", ran=True)
        remotes = tuple(other for other in draft.joined() if other != name)
        draft.add(
            Step(
                "join" if is_new else "list",
                name,
                "join: JetStream and the remotes start together"
                if starts
                else "join, with every other region in stage join as a remote"
                if is_new
                else f"get {names} as remotes",
                (Act("upgrade", name),),
                effect=roll(draft, name) + ("; its JetStream becomes part of the supercluster's" if starts else ""),
                before=(Check("healthy", name), *whole, *([Check("reachable", name)] if is_new else [])),
                after=(
                    Check("healthy", name),
                    *((Check("group", name, (str(draft.group(name)),)),) if draft.has_jetstream(name) else ()),
                    *((Check("connected", name, remotes),) if remotes else ()),
                    *((Check("whole", name),) if draft.has_jetstream(name) else ()),
                ),
                back=ROLLBACK
                if not starts
                else "none that keeps what was stored here since: take the region away again",
                back_until="the next region joins" if not starts else "it has started",
            ),
            dict(together),
        )
