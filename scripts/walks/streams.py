"""Streams, and a publisher that counts what was acknowledged; at the end every acknowledged message must be there."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

from natsvalues.manifests.settings import cluster_name, jetstream_is_on
from natsvalues.outside.jetstream import Client, Login, Refused, connect
from walks.git import PLACES

if TYPE_CHECKING:
    from natsvalues.rehearsal.world import World
    from walks.cluster import Clusters

_GONE = 10059
"""The JetStream API's code for: stream not found."""
_PAUSE = 0.3


class Fate(NamedTuple):
    """A stream at the end: kept, gone, `lost` messages, or unreachable; and what was seen.

    A new stream that cannot be made in a region where JetStream runs counts as unreachable, too.
    """

    name: str
    home: str
    word: str
    acknowledged: int
    lost: int
    seen: str


class Streams:
    """The streams by name, the region where each was made, and the messages it acknowledged."""

    def __init__(self, clusters: Clusters) -> None:
        self.home: dict[str, str] = {}
        self.acknowledged: dict[str, set[str]] = {}
        self._clusters = clusters
        self._serial = 0
        self._goes_on = True
        self._publishers = [asyncio.create_task(self._publish(place)) for place in PLACES]

    @property
    def _world(self) -> World:
        return self._clusters.world

    async def make(self, place: str) -> None:
        """Make a stream with one replica and, where there are three servers, one with three, with a few messages."""
        client = await self._connected(place)
        if client is None:
            return
        rendering = self._world.renderings[place]
        for replicas in (1, 3):
            if replicas > (rendering.replicas if rendering.conf.get("cluster") else 1):
                continue
            self._serial += 1
            name = f"R{replicas}_{place.upper()}_{self._serial}"
            if await client.make(name, "", replicas) is None:
                self.home[name] = place
                self.acknowledged[name] = set()
        await client.close()
        end = time.monotonic() + 5
        mine = [name for name, home in self.home.items() if home == place]
        while any(len(self.acknowledged[name]) < 3 for name in mine) and time.monotonic() < end:  # noqa: ASYNC110   # counted
            await asyncio.sleep(0.1)

    def forget(self, place: str) -> None:
        """The streams of a region that was uninstalled: that they are gone is what the user asked for."""
        for name in [name for name, home in self.home.items() if home == place]:
            del self.home[name], self.acknowledged[name]

    # --- publishing ---------------------------------------------------------------------------------------

    async def _publish(self, place: str) -> None:
        """Publish to every stream of a region, as a client of its servers."""
        client: Client | None = None
        try:
            while self._goes_on:
                names = [name for name, home in self.home.items() if home == place]
                if client is not None and not self._serves(client, place):
                    await client.close()
                    client = None
                if names and client is None:
                    client = await self._connected(place)
                if names and client is not None:
                    await asyncio.gather(*(self._send(client, name) for name in names))
                await asyncio.sleep(_PAUSE)
        finally:
            if client is not None:
                with contextlib.suppress(asyncio.CancelledError):
                    await client.close()

    async def _send(self, client: Client, name: str) -> None:
        self._serial += 1
        text = str(self._serial)
        if isinstance(await client.publish(name, text, 2), int) and name in self.acknowledged:
            self.acknowledged[name].add(text)

    def _serves(self, client: Client, place: str) -> bool:
        """Whether the client's server still accepts clients: like any client, ours leaves one that is stopping."""
        return place in self._world.pods and self._world.serves(place, client.server)

    async def stop(self) -> None:
        """Stop publishing; what was acknowledged counts."""
        self._goes_on = False
        _, late = await asyncio.wait(self._publishers, timeout=10)
        for task in late:
            task.cancel()

    # --- checking -----------------------------------------------------------------------------------------

    async def check(self, seconds: float) -> tuple[Fate, ...]:
        """The fate of every stream, and of a new one in every region, each with some time to become available."""
        fates = await asyncio.gather(*(self._fate(name, seconds) for name in self.home))
        regions = [key for key, item in self._world.renderings.items() if jetstream_is_on(item.conf)]
        return (*fates, *await asyncio.gather(*(self._new(place, seconds) for place in regions)))

    async def _new(self, place: str, seconds: float) -> Fate:
        name = f"NEW_{place.upper()}"
        refused: Refused | None = Refused(0, f"no server of {place} accepts a client")
        end = time.monotonic() + seconds
        while refused is not None:
            client = await self._connected(place)
            if client is not None:
                cluster = cluster_name(self._world.renderings[place].conf)
                refused = await client.make(name, cluster or "", 1)
                await client.close()
            if time.monotonic() > end:
                break
            await asyncio.sleep(1)
        seen = f"{refused.code} {refused.reason}" if refused is not None else ""
        return Fate(name, place, "unreachable" if seen else "kept", 0, 0, seen)

    async def _fate(self, name: str, seconds: float) -> Fate:
        end = time.monotonic() + seconds
        while True:
            fate = await self._fate_now(name)
            if fate.word == "kept" or time.monotonic() > end:
                return fate
            await asyncio.sleep(1)

    async def _fate_now(self, name: str) -> Fate:
        place, sent = self.home[name], self.acknowledged[name]
        client = await self._connected(place)
        if client is None:
            return Fate(name, place, "unreachable", len(sent), 0, f"no server of {place} accepts a client")
        try:
            stream = await client.stream(name)
            if isinstance(stream, Refused):
                word = "gone" if stream.code == _GONE else "unreachable"
                return Fate(name, place, word, len(sent), len(sent), f"{stream.code} {stream.reason}")
            texts = set((await client.read(name, await client.last_sequence(name))).values())
        finally:
            await client.close()
        where = f"in {stream.cluster or place}, leader {stream.leader or 'none'}, behind: {', '.join(stream.lagging)}"
        lost = len(sent - texts)
        if len(texts) < stream.messages:  # the API did not give what the stream has
            return Fate(name, place, "unreachable", len(sent), lost, where)
        return Fate(name, place, "lost" if lost else "kept", len(sent), lost, where)

    async def _connected(self, place: str) -> Client | None:
        listeners = await self._world.listeners(place) if place in self._world.renderings else ()
        client = await connect(listeners, Login(), None) if listeners else None
        return client if isinstance(client, Client) else None
