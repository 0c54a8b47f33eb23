"""The consumers of a stream through a scenario: what was acknowledged stays so, and what was not is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.outside.jetstream import ConsumerState, Refused
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.outcome import StreamFate

if TYPE_CHECKING:
    from natsvalues.outside.jetstream import Client
    from natsvalues.rehearsal.planned import Planned

_TAKEN, _ACKNOWLEDGED = 10, 5
"""Messages that are fetched through a pull consumer before the scenario, and how many of them are acknowledged."""


class Used(NamedTuple):
    """A consumer after messages were fetched through it; `redelivers`: what is not acknowledged stays pending."""

    name: str
    state: ConsumerState
    redelivers: bool


async def used(planned: Planned, client: Client) -> tuple[list[Used], list[StreamFate]]:
    """Make a stream's consumers, and fetch and acknowledge through those that pull; what could not be made."""
    consumers, failed = [], []
    for config in planned.consumers:
        name = str(config["durable_name"])
        refused = await client.create_consumer(planned.stream, config)
        if refused is None and not config.get("deliver_subject"):
            await client.take(planned.stream, name, _TAKEN, _ACKNOWLEDGED)
        state = refused or await client.consumer(planned.stream, name)
        if isinstance(state, Refused):
            failed.append(_fate(planned, name, "does not fit", f"{state.code} {state.reason}"))
        else:
            consumers.append(Used(name, state, int(config.get("max_deliver") or 0) <= 0))
    return consumers, failed


async def fates(planned: Planned, client: Client, consumers: list[Used]) -> list[StreamFate]:
    """What has become of the consumers."""
    return [_compared(planned, item, await client.consumer(planned.stream, item.name)) for item in consumers]


def _compared(planned: Planned, before: Used, after: ConsumerState | Refused) -> StreamFate:
    if isinstance(after, Refused):
        return _fate(planned, before.name, "gone", f"{after.code} {after.reason}")
    seen = (
        f"acknowledged up to {before.state.floor}, now {after.floor}; "
        f"{before.state.pending} without acknowledgement, now {after.pending}"
    )
    back = after.floor < before.state.floor
    forgotten = before.redelivers and after.floor == before.state.floor and after.pending < before.state.pending
    return _fate(planned, before.name, "lost acknowledgements" if back or forgotten else "kept", seen)


def _fate(planned: Planned, consumer: str, fate: str, seen: str) -> StreamFate:
    return StreamFate(planned.name, planned.region, 0, 0, 0, fate, seen, consumer)  # type: ignore[arg-type]
