"""The streams that are on real clusters besides those of the rehearsal, counted before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.settings import jetstream_is_on
from natsvalues.outside.jetstream import Refused
from natsvalues.rehearsal.groups import expected_groups
from natsvalues.rehearsal.outcome import StreamFate
from natsvalues.rehearsal.planned import stream_name

if TYPE_CHECKING:
    from natsvalues.outside.jetstream import Listed
    from natsvalues.rehearsal.accounting import Ledger
    from natsvalues.rehearsal.any_world import AnyWorld

Inventory = dict[tuple[str, str], "Listed"]
"""Streams by the region that was asked, which stands for its meta group, and by name."""


async def counted(world: AnyWorld, ledger: Ledger) -> Inventory:
    """The users' streams now, and none of a rehearsal: those that an earlier one left are deleted.

    Raises NatsvaluesError (NV-R039) for a stream that only has the name of one of ours.
    """
    ours = {stream_name(region) for region in world.renderings}
    inventory: Inventory = {}
    for group in expected_groups(world.renderings):
        region = group.regions[0]
        if not jetstream_is_on(world.renderings[region].conf):
            continue
        client = await ledger.connected(region)
        if client is None:
            continue
        try:
            streams = await client.listed()
            for stream in () if isinstance(streams, Refused) else streams:
                if stream.is_ours:
                    await client.remove(stream.name)
                elif stream.name in ours:
                    raise _taken(stream.name, region)
                else:
                    inventory[region, stream.name] = stream
        finally:
            await client.close()
        if isinstance(streams, Refused):
            world.note(f"{region}: its streams could not be listed ({streams.reason}), and are not counted")
    return inventory


def _taken(name: str, region: str) -> NatsvaluesError:
    return NatsvaluesError(
        "NV-R039",
        f"{region} has a stream `{name}` that is not of a rehearsal",
        hint="a rehearsal makes a stream of that name; rename yours, or leave the region out with --streams-in",
    )


def compared(before: Inventory, after: Inventory) -> tuple[StreamFate, ...]:
    """What has become of the users' streams.

    A stream's last sequence number never decreases, whatever its limits and consumers do: if it has, messages are lost.
    """
    return tuple(_fate(region, old, after.get((region, name))) for (region, name), old in before.items())


def _fate(region: str, old: Listed, new: Listed | None) -> StreamFate:
    where = old.cluster or region
    if new is None or new.created != old.created:
        seen = "it is not listed any more" if new is None else "another stream has its name now"
        return StreamFate(old.name, where, old.messages, 0, old.messages, "gone", seen)
    seen = f"there before the rehearsal, last sequence {old.last}, now {new.last}; {new.replicas} replicas"
    lost = max(old.last - new.last, 0)
    behind = sorted(set(new.lagging) - set(old.lagging))
    if behind and not lost:
        seen += f"; behind or offline: {', '.join(behind)}"
    fate = "lost messages" if lost else "not current" if behind else "kept"
    return StreamFate(old.name, where, old.messages, new.messages, lost, fate, seen)  # type: ignore[arg-type]
