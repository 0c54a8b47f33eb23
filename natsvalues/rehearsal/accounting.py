"""Streams and messages through a scenario: acknowledged messages must still be in their stream afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from typing import TYPE_CHECKING

from natsvalues.manifests.settings import cluster_name, jetstream_is_on
from natsvalues.outside.jetstream import Client, Refused, connect
from natsvalues.rehearsal.outcome import StreamFate

if TYPE_CHECKING:
    from natsvalues.rehearsal.any_world import AnyWorld

MESSAGES = 20
PATIENCE = 20.0
"""Seconds that a stream may take to have all replicas after the servers are healthy."""
_PAUSE = 0.1
_AGAIN = 0.5
_ONE_MORE = 6.0
_REPLICAS = 3


def stream_name(region: str) -> str:
    """The name of the stream of a region."""
    return f"REHEARSAL_{re.sub(r'[^A-Z0-9]', '_', region.upper())}"


class Ledger:
    """The streams of one rehearsal by name, the region that holds each, and the messages it acknowledged."""

    def __init__(self, world: AnyWorld) -> None:
        self.home: dict[str, str] = {}
        self.acknowledged: dict[str, set[str]] = {}
        self.unanswered = 0
        self._world = world
        self._serial = 0
        self._publishing: list[asyncio.Task[None]] = []
        self._goes_on = True

    async def make_streams(self, *regions: str) -> tuple[StreamFate, ...]:
        """A stream for each region that runs JetStream and has none yet, with messages; what could not be placed."""
        lacking = [region for region in regions if self._takes_streams(region) and stream_name(region) not in self.home]
        fates = await asyncio.gather(*(self._make(region) for region in lacking))
        return tuple(fate for fate in fates if fate is not None)

    def _takes_streams(self, region: str) -> bool:
        """Whether a region runs JetStream, and a client may log in."""
        return jetstream_is_on(self._world.renderings[region].conf) and self._world.access(region) is not None

    async def _make(self, region: str) -> StreamFate | None:
        """A stream with messages in a region; its fate if it could not be placed."""
        name = stream_name(region)
        refused = await self._placed(name, region)
        if refused is not None:
            return StreamFate(name, region, 0, 0, 0, "not placeable", f"{refused.code} {refused.reason}")
        self.home[name] = region
        self.acknowledged[name] = set()
        await self._publish(name, MESSAGES)
        return None

    async def check(self) -> tuple[StreamFate, ...]:
        """The state of every stream, and whether a new one can be placed in each region that runs JetStream."""
        await self.stop_publishing()
        regions = [region for region in self._world.now().renderings if self._takes_streams(region)]
        news = (self._try(f"REHEARSAL_NEW_{number}", region) for number, region in enumerate(regions))
        olds = (self._after_one_more(name) for name in self.home)
        fates = await asyncio.gather(*olds, *news)
        return tuple(fate for fate in fates if fate is not None)

    async def _after_one_more(self, name: str) -> StreamFate:
        """The state of a stream, which must accept messages again; if it does not, its fate has the reason."""
        await self._publish(name, 1, _ONE_MORE)
        return await self._fate(name)

    async def _try(self, name: str, region: str) -> StreamFate | None:
        """Make a stream and delete it again; its fate if it cannot be placed."""
        refused = await self._placed(name, region)
        if refused is not None:
            seen = f"{refused.code} {refused.reason}"
            return StreamFate("a new stream", region, 0, 0, 0, "not placeable", seen)
        await self._removed(name, region)
        return None

    async def remove_streams(self) -> tuple[str, ...]:
        """Delete the streams; the names of those that could not be deleted."""
        left = [name for name, region in self.home.items() if not await self._removed(name, region)]
        self.home.clear()
        return tuple(left)

    # --- publishing ----------------------------------------------------------------------------------------

    def keep_publishing(self) -> None:
        """Publish to every stream, ten times a second each, until `stop_publishing` or `check`."""
        self._goes_on = True
        self._publishing = [asyncio.create_task(self._publish(name, None)) for name in self.home]

    async def stop_publishing(self) -> None:
        """Stop what `keep_publishing` began; what was acknowledged counts."""
        self._goes_on = False
        if self._publishing:  # cancelled only if need be: nats-py may lose a cancellation, and with it an answer
            _, late = await asyncio.wait(self._publishing, timeout=PATIENCE)
            for task in late:
                task.cancel()
        self._publishing = []

    async def _publish(self, name: str, many: int | None, seconds: float = PATIENCE) -> None:
        """Publish until `many` are acknowledged, or forever without it; if its server stops, another one is used."""
        client: Client | None = None
        done = 0
        give_up = time.monotonic() + seconds
        try:
            while self._goes_on if many is None else done < many and time.monotonic() < give_up:
                if client is None or not self._world.serves(self.home[name], client.server):
                    client = await self._replaced(client, self.home[name])
                if client is None:
                    await asyncio.sleep(_PAUSE)
                    continue
                self._serial += 1
                text = str(self._serial)
                if await client.publish(name, text, 2):
                    self.acknowledged[name].add(text)
                    done += 1
                else:
                    self.unanswered += 1
                    client = await self._replaced(client, self.home[name])
                if many is None:
                    await asyncio.sleep(_PAUSE)
        finally:
            if client is not None:
                with contextlib.suppress(asyncio.CancelledError):
                    await client.close()

    async def _replaced(self, client: Client | None, region: str) -> Client | None:
        if client is not None:
            await client.close()
        return await self.connected(region)

    # --- checking -------------------------------------------------------------------------------------------

    async def _placed(self, name: str, region: str) -> Refused | None:
        """Make a stream in a region, as soon as its JetStream can; the last error if it never can."""
        rendering = self._world.renderings[region]
        replicas = min(_REPLICAS, rendering.replicas) if rendering.conf.get("cluster") else 1
        refused: Refused | None = Refused(0, "no server of the region accepts a client")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            client = await self.connected(region)
            if client is not None:
                refused = await client.make(name, cluster_name(rendering.conf) or "", replicas)
                await client.close()
                if refused is None:
                    return None
            await asyncio.sleep(_AGAIN)
        return refused

    async def _removed(self, name: str, region: str) -> bool:
        client = await self.connected(region)
        if client is None:
            return False
        removed = await client.remove(name)
        await client.close()
        return removed

    async def _fate(self, name: str) -> StreamFate:
        """The state of a stream, after it had time to recover all replicas."""
        end = time.monotonic() + PATIENCE
        while True:
            fate = await self._fate_now(name)
            if fate.fate == "kept" or time.monotonic() > end:
                return fate
            await asyncio.sleep(_AGAIN)

    async def _fate_now(self, name: str) -> StreamFate:
        region, sent = self.home[name], self.acknowledged[name]
        client = await self.connected(region)
        if client is None:
            return StreamFate(name, region, len(sent), 0, len(sent), "gone", "no server of the region accepts a client")
        try:
            stream = await client.stream(name)
            if isinstance(stream, Refused):
                seen = f"{stream.code} {stream.reason}"
                return StreamFate(name, region, len(sent), 0, len(sent), "gone", seen)
            texts = await client.read(name, await client.last_sequence(name))
        finally:
            await client.close()
        lost = len(sent - texts)
        where = f"in {stream.cluster or region}, leader {stream.leader or 'none'}, {stream.replicas} replicas"
        if lost:
            return StreamFate(name, region, len(sent), len(texts), lost, "lost messages", where)
        if stream.lagging or not (stream.leader or stream.replicas == 1):
            behind = f"{where}; behind or offline: {', '.join(stream.lagging) or 'no leader'}"
            return StreamFate(name, region, len(sent), len(texts), 0, "not current", behind)
        return StreamFate(name, region, len(sent), len(texts), 0, "kept", where)

    # --- connecting ----------------------------------------------------------------------------------------

    async def connected(self, region: str) -> Client | None:
        """A client of one of the region's servers; None if there is none that it may use."""
        access = self._world.access(region)
        listeners = await self._world.listeners(region) if access is not None else ()
        return await connect(listeners, access.login, access.tls) if access is not None and listeners else None
