"""Streams and messages through a scenario: acknowledged messages must still be in their stream afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from natsvalues.manifests.settings import jetstream_is_on
from natsvalues.outside.jetstream import Client, Refused, connect
from natsvalues.rehearsal import consuming
from natsvalues.rehearsal.outcome import StreamFate
from natsvalues.rehearsal.planned import ours, stream_name, too_many
from natsvalues.rehearsal.refusals import NO_PEERS, NO_STORAGE, OURSELVES, does_not_fit, retried

if TYPE_CHECKING:
    from natsvalues.rehearsal.any_world import AnyWorld
    from natsvalues.rehearsal.consuming import Used
    from natsvalues.rehearsal.planned import Planned

MESSAGES = 20
PATIENCE = 20.0
"""Seconds that a stream may take to have all replicas after the servers are healthy."""
COPIED = 150.0
"""Seconds that a mirror may take to have its origin's messages.

facts: one that was there before its origin had nothing 20 s after a cold restart (2.14.6, one of two runs).
"""
_PAUSE = 0.1
_PER_STREAM = 0.01
_ONE_MORE = 6.0
_NOBODY = Refused(0, "no server of the region accepts a client")


class Ledger:
    """The streams of one rehearsal by name, and the sequence numbers of the messages that each acknowledged.

    They are the user's, if there are any (`users`), else one of ours in each region.
    """

    def __init__(self, world: AnyWorld, users: tuple[Planned, ...] = ()) -> None:
        self.placed: dict[str, Planned] = {}
        self.acknowledged: dict[str, dict[str, int]] = {}
        self.unanswered = 0
        self._users = users
        self._consumers: dict[str, list[Used]] = {}
        self._failed: dict[str, list[StreamFate]] = {}
        self._world = world
        self._serial = 0
        self._publishing: list[asyncio.Task[None]] = []
        self._goes_on = True

    @property
    def home(self) -> dict[str, str]:
        """The region that holds each stream."""
        return {name: planned.region for name, planned in self.placed.items()}

    @property
    def has_users(self) -> bool:
        """Whether the streams are the user's."""
        return bool(self._users)

    def is_in_memory(self, name: str) -> bool:
        """Whether a stream is not on the disks."""
        return name in self.placed and self.placed[name].config.get("storage") == "memory"

    async def make_streams(self, *regions: str) -> tuple[StreamFate, ...]:
        """The streams of each region that runs JetStream, those that are not there yet; what could not be placed."""
        failed: list[StreamFate] = []
        with_jetstream = [key for key in regions if jetstream_is_on(self._world.renderings[key].conf)]
        for planned in self._users or [self._ours(stream_name(key), key) for key in with_jetstream]:
            if planned.region in with_jetstream and planned.name not in self.placed:
                failed += await self._make(planned)
        return tuple(failed)

    def _ours(self, name: str, region: str, account: str = "") -> Planned:
        """A stream of ours, with a subject that the region's user may publish to."""
        planned = ours(name, region, self._world.renderings[region])._replace(account=account)
        access = self._world.access(region, account)
        subjects = [name if isinstance(access, str) else access.user.subject(name)]
        return planned._replace(config=planned.config | {"subjects": subjects})

    async def _make(self, planned: Planned) -> list[StreamFate]:
        """Make a stream with messages and consumers; what of it could not be made."""
        for note in planned.notes:
            self._world.note(note)
        made, refused = await self._placed(planned)
        failed = [] if refused is None else [_unplaced(planned, refused)]
        client = await self.connected(planned.region, planned.account) if refused is None else None
        if client is not None and planned.consumers:
            self._consumers[planned.name], failed = await consuming.used(made, client)
        if client is not None:
            await client.close()
        if refused is None and planned.origins:
            await self._fates(planned.name)  # until it has what they have
        self._failed[planned.name] = failed
        return failed

    async def check(self) -> tuple[StreamFate, ...]:
        """The state of every stream; then whether a new one can be placed in each region that runs JetStream."""
        await self.stop_publishing()
        # Every stream must accept messages again; if one does not, its fate has the reason.
        await asyncio.gather(*(self._publish(name, 1, _ONE_MORE) for name in self.placed))
        fates = [fate for failed in self._failed.values() for fate in failed]
        fates += [fate for every in await asyncio.gather(*map(self._fates, self.placed)) for fate in every]
        for region, rendering in self._world.now().renderings.items():
            if jetstream_is_on(rendering.conf):
                fates += await self._new(region, f"REHEARSAL_NEW_{len(fates)}")
        return tuple(fates)

    async def _new(self, region: str, name: str) -> list[StreamFate]:
        """Place one more stream, and delete it; its fate if that is not possible."""
        if self._failed.get(stream_name(region)):
            return []  # it would not fit either
        there = [item for item in self.placed.values() if item.region == region]
        own = next((item for item in there if item.is_ours), None)
        account = there[0].account if there else ""
        new = self._ours(name, region, account)
        refused = await self._tried(new)
        if refused is not None and own is not None and does_not_fit(refused):
            await self._removed(own)  # its fate is known, and there may be no room for two
            refused = await self._tried(new)
        if refused is None:
            return []
        if self._users and does_not_fit(refused):
            self._world.note(f"{region}: a new stream was not tried: {_words_of(refused)}")
            return []
        fits = own is not None or not does_not_fit(refused)
        fate = StreamFate("a new stream", region, 0, 0, 0, "not placeable", _words_of(refused))
        return [fate if fits else fate._replace(fate="does not fit")]

    async def _tried(self, planned: Planned) -> Refused | None:
        _, refused = await self._placed(planned, messages=0)
        if refused is None:
            await self._removed(planned)
            self.placed.pop(planned.name)
        return refused

    async def remove_streams(self) -> tuple[str, ...]:
        """Delete the streams; the names of those that could not be deleted."""
        left = [name for name, planned in self.placed.items() if not await self._removed(planned)]
        self.placed.clear()
        return tuple(left)

    # --- publishing ----------------------------------------------------------------------------------------

    def keep_publishing(self, publishers: int = 1) -> None:
        """Let each publish to every stream, ten times a second, until `stop_publishing`; to many more slowly."""
        self._goes_on = True
        self._publishing = [
            asyncio.create_task(self._publish_on(name)) for name in self.placed for _ in range(publishers)
        ]

    async def _publish_on(self, name: str) -> None:
        await self._publish(name, None)

    async def stop_publishing(self) -> None:
        """Stop what `keep_publishing` began; what was acknowledged counts."""
        self._goes_on = False
        if self._publishing:  # cancelled only if need be: nats-py may lose a cancellation, and with it an answer
            _, late = await asyncio.wait(self._publishing, timeout=PATIENCE)
            for task in late:
                task.cancel()
        self._publishing = []

    async def _publish(self, name: str, many: int | None, seconds: float = PATIENCE) -> Refused | None:
        """Publish until `many` are acknowledged, or forever without it; if its server stops, another one is used.

        Returns why not so many were acknowledged.
        """
        planned = self.placed[name]
        if not planned.takes_messages:
            return None
        pause = max(_PAUSE, _PER_STREAM * len(self.placed))
        client: Client | None = None
        done = 0
        refused: Refused | None = None
        give_up = time.monotonic() + seconds
        try:
            while self._goes_on if many is None else done < many and time.monotonic() < give_up:
                if client is None or not self._world.serves(planned.region, client.server):
                    client = await self._replaced(client, planned)
                if client is None:
                    await asyncio.sleep(_PAUSE)
                    continue
                self._serial += 1
                text = str(self._serial)
                answer = await client.publish(planned.subject(self._serial), text, 2)
                if isinstance(answer, int):
                    self.acknowledged[name][text] = answer
                    done += 1
                else:
                    self.unanswered += 1
                    refused = answer
                    if many is not None and does_not_fit(answer):
                        break
                    client = await self._replaced(client, planned)
                if many is None:
                    await asyncio.sleep(pause)
        finally:
            if client is not None:
                with contextlib.suppress(asyncio.CancelledError):
                    await client.close()
        return None if many is None or done >= many else refused

    async def _replaced(self, client: Client | None, planned: Planned) -> Client | None:
        if client is not None:
            await client.close()
        return await self.connected(planned.region, planned.account)

    # --- making ---------------------------------------------------------------------------------------------

    async def _placed(self, planned: Planned, messages: int = MESSAGES) -> tuple[Planned, Refused | None]:
        """Make a stream with messages as soon as JetStream can, ours as it fits; the last error if it never can."""
        impossible = "" if planned.is_ours else too_many(planned, self._world.renderings[planned.region])
        refused: Refused | None = Refused(OURSELVES, impossible) if impossible else _NOBODY
        first: Refused | None = None
        end = time.monotonic() + (0 if impossible else PATIENCE)
        while time.monotonic() < end:
            refused = await self._created(planned)
            if refused is None:
                self.placed[planned.name] = planned
                self.acknowledged[planned.name] = {}
                refused = await self._publish(planned.name, messages)
            other = retried(planned.config, refused) if refused is not None and planned.is_ours else None
            some = len(self.acknowledged.get(planned.name, {}))
            if refused is not None and some and not planned.is_ours and refused.code not in NO_STORAGE:
                self._world.note(f"stream {planned.name} took {some} messages, then: {_words_of(refused)}")
                refused = None
            if refused is None:
                if first is not None and messages and planned.config["storage"] == "memory":
                    self._world.note(f"stream {planned.name} is in memory, not in files: {_words_of(first)}")
                return planned, None
            first = first or refused
            if planned.name in self.placed:
                await self._removed(planned)
                self.placed.pop(planned.name)
            if other is not None:
                planned = planned._replace(config=other)
                continue
            if does_not_fit(refused):
                break
            await asyncio.sleep(1)
        return planned, first if first is not None and does_not_fit(first) else refused

    async def _created(self, planned: Planned) -> Refused | None:
        client = await self._reached(planned.region, planned.account)
        if isinstance(client, Refused):
            return client
        refused = await client.create(planned.config)
        await client.close()
        return refused

    async def _removed(self, planned: Planned) -> bool:
        client = await self.connected(planned.region, planned.account)
        if client is None:
            return False
        removed = await client.remove(planned.stream)
        await client.close()
        return removed

    # --- checking -------------------------------------------------------------------------------------------

    async def _fates(self, name: str) -> list[StreamFate]:
        """The state of a stream and its consumers, after it had time to recover all replicas."""
        planned = self.placed[name]
        end = time.monotonic() + (COPIED if planned.origins else PATIENCE)
        while True:
            fates = await self._fates_now(planned)
            if {fate.fate for fate in fates} == {"kept"} or time.monotonic() > end:
                return fates
            await asyncio.sleep(1)

    async def _fates_now(self, planned: Planned) -> list[StreamFate]:
        wanted = self._wanted(planned)
        client = await self._reached(planned.region, planned.account)
        if isinstance(client, Refused):
            return [_gone(planned, wanted, client.reason)]
        try:
            stream = await client.stream(planned.stream)
            if isinstance(stream, Refused):
                return [_gone(planned, wanted, _words_of(stream))]
            last = await client.last_sequence(planned.stream)
            texts = await client.read(planned.stream, last)
            consumers = await consuming.fates(planned, client, self._consumers.get(planned.name, []))
        finally:
            await client.close()
        missing = wanted - set(texts.values())
        own = self.acknowledged[planned.name]
        lost = len(missing & set(own))
        if not planned.keeps(len(own)):  # by its limits and consumers messages go; their numbers are never used again
            lost = sum(number > last or texts.get(number, text) != text for text, number in own.items())
        place = f"in {stream.cluster or planned.region}, leader {stream.leader or 'none'}, {stream.replicas} replicas"
        where = place + (", in memory" if planned.config.get("storage") == "memory" else "")
        fate = StreamFate(planned.name, planned.region, len(wanted), len(texts), lost, "kept", where)
        if lost:
            return [fate._replace(fate="lost messages"), *consumers]
        if missing - set(own) and not lost:
            where += f"; {len(missing)} messages of the streams that it copies are not in it yet"
            return [fate._replace(fate="not current", seen=where), *consumers]
        if stream.lagging or not (stream.leader or stream.replicas == 1):
            behind = f"{where}; behind or offline: {', '.join(stream.lagging) or 'no leader'}"
            return [fate._replace(fate="not current", seen=behind), *consumers]
        return [fate, *consumers]

    def _wanted(self, planned: Planned) -> set[str]:
        """The texts that must be in a stream: those that it acknowledged, and those of streams that it copies."""
        wanted = set(self.acknowledged[planned.name])
        for item in self.placed.values():
            sent = self.acknowledged[item.name]
            if item.account == planned.account and item.stream in planned.origins and item.keeps(len(sent)):
                wanted |= set(sent)
        return wanted

    # --- connecting ----------------------------------------------------------------------------------------

    async def connected(self, region: str, account: str = "") -> Client | None:
        """A client of one of the region's servers in this account; None if there is none that it may use."""
        client = await self._reached(region, account)
        return client if isinstance(client, Client) else None

    async def _reached(self, region: str, account: str) -> Client | Refused:
        access = self._world.access(region, account)
        if isinstance(access, str):
            return Refused(OURSELVES, access)
        listeners = await self._world.listeners(region)
        return await connect(listeners, access.user.login, access.tls) if listeners else _NOBODY


def _words_of(refused: Refused) -> str:
    return f"{refused.code} {refused.reason}" if refused.code > 0 else refused.reason


def _gone(planned: Planned, wanted: set[str], seen: str) -> StreamFate:
    return StreamFate(planned.name, planned.region, len(wanted), 0, len(wanted), "gone", seen)


def _unplaced(planned: Planned, refused: Refused) -> StreamFate:
    fits = not (does_not_fit(refused) or (not planned.is_ours and refused.code == NO_PEERS))
    return StreamFate(
        planned.name, planned.region, 0, 0, 0, "not placeable" if fits else "does not fit", _words_of(refused)
    )
