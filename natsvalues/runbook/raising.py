"""Three replicas for streams that have one, before their server goes.

facts: a stream of one replica whose server is renamed or removed is empty afterwards, with every health check green: 39
of 287 messages lost where servers were renamed, 27 of 85 where a region got smaller (2.15.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.runbook.step import Act, Check, Step

if TYPE_CHECKING:
    from natsvalues.runbook.draft import Draft


def raise_single(draft: Draft, name: str, way: str, before: tuple[Check, ...]) -> None:
    """Add the step, if any of the region's streams has one replica, or if nobody asked its servers."""
    single = draft.streams(name, lambda stream: stream.replicas == 1)
    if draft.places[name].stores is not None and not single:
        return
    draft.add(raised(name, way, single, before))


def raised(name: str, way: str, single: tuple[str, ...], before: tuple[Check, ...]) -> Step:
    """The step; `single` are the streams as `ACCOUNT/NAME`, empty for all."""
    return Step(
        way,
        name,
        "give every stream with one replica three of them",
        (Act("raise", name, single, "3"),),
        effect="the streams are copied; they stay available",
        before=before,
        after=(Check("replicated", name), Check("whole", name)),
        back="nats stream edit NAME --replicas 1, at the end of the plan if you want it",
    )
