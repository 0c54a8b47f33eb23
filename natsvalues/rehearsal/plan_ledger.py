"""Streams with publishers and consumers, through the steps of a plan: what must still be there after it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import time
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.settings import cluster_name, jetstream_is_on, store_limit
from natsvalues.outside.jetstream import Client, ConsumerState, Refused
from natsvalues.rehearsal.accounting import COPIED, MESSAGES, PATIENCE, Ledger
from natsvalues.rehearsal.outcome import StreamFate
from natsvalues.rehearsal.plan_streams import (
    ACKNOWLEDGED,
    CONSUMER,
    FETCHED,
    KINDS,
    MEMORY,
    PENDING,
    READER,
    WORKER,
    Kind,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from natsvalues.rehearsal.any_world import AnyWorld

_PAUSE = 0.2
_ONE_MORE = 8.0
_AT_ONCE = 50
_MOST = 3


class PlanLedger(Ledger):
    """The streams by name, with the region that holds each; `subjects` by stream, `gap` the longest without one."""

    def __init__(self, world: AnyWorld, *, in_memory: bool) -> None:
        super().__init__(world)
        self.homes: dict[str, str] = {}
        self.sent: dict[str, set[str]] = {}
        self.subjects: dict[str, str] = {}
        self.floors: dict[tuple[str, str], int] = {}
        self.gap = 0.0
        self.away: dict[str, int] = {}
        """Streams of regions that were taken away, with the number of messages in their backup."""
        self._paused: set[str] = set()
        self._equipped: set[str] = set()
        self._in_memory = in_memory
        self._publishers: dict[str, asyncio.Task[None]] = {}
        self._stopping: set[str] = set()

    @property
    def home(self) -> dict[str, str]:
        """The region that holds each stream."""
        return self.homes

    def is_in_memory(self, name: str) -> bool:
        """Whether a stream is in memory."""
        return name.endswith("_MEMORY")

    # --- making ----------------------------------------------------------------------------------------------

    async def make_streams(self, *regions: str) -> tuple[StreamFate, ...]:
        """All kinds for each region that runs JetStream and has none yet; what could not be placed."""
        failed: list[StreamFate] = []
        for region in regions:
            conf = self._world.renderings[region].conf
            if not jetstream_is_on(conf) or region in self._equipped or isinstance(self._world.access(region), str):
                continue
            self._equipped.add(region)
            for kind in self.kinds(region):
                name, config = self._configured(kind, region)
                refused = await self._make_configured(name, config, region)
                if refused is not None:
                    seen = f"{refused.code} {refused.reason}"
                    failed.append(StreamFate(name, region, 0, 0, 0, "not placeable", seen))
                    continue
                self.homes[name], self.sent[name] = region, set()
                self.subjects[name] = kind.subject.format(_word(region))
                await self._publish_messages(name, MESSAGES)
            failed += await self._consume(region)
        return tuple(failed)

    def kinds(self, region: str) -> tuple[Kind, ...]:
        """The kinds of streams that a region gets.

        facts: without any memory for streams 2.14.2 and 2.14.6 accept one in memory, which is never healthy: /healthz
        stays 503, "group node unhealthy" (three rehearsals of three; with memory the same plan converged).
        """
        limit = store_limit(self._world.renderings[region].conf, "max_memory_store")
        has_memory = self._in_memory and (limit is None or limit[1] != 0)
        return tuple(kind for kind in KINDS if has_memory or kind.config["storage"] != MEMORY)

    def _configured(self, kind: Kind, region: str) -> tuple[str, dict[str, Any]]:
        rendering, word = self._world.renderings[region], _word(region)
        is_clustered = bool(rendering.conf.get("cluster"))
        config = {"num_replicas": min(_MOST, rendering.replicas) if is_clustered else 1, **kind.config}
        name = kind.name.format(word)
        config["name"] = name
        if "mirror" in config:
            config["mirror"] = {"name": str(config["mirror"]["name"]).format(word)}
        else:
            subject = kind.subject.format(word)
            config["subjects"] = [f"{subject}>" if subject.endswith(".") else subject]
        cluster = cluster_name(rendering.conf) if is_clustered else ""
        return name, config | ({"placement": {"cluster": cluster}} if cluster else {})

    async def _make_configured(self, name: str, config: dict[str, Any], region: str) -> Refused | None:
        refused: Refused | None = Refused(0, "no server of the region accepts a client")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            client = await self.connected(region)
            if client is not None:
                answer = await client.api(f"STREAM.CREATE.{name}", config)
                await client.close()
                refused = answer if isinstance(answer, Refused) else None
                if refused is None:
                    return None
            await asyncio.sleep(1)
        return refused

    async def _consume(self, region: str) -> list[StreamFate]:
        """Fetch and acknowledge on each stream that has a consumer; those whose consumer does not do it in time."""
        failed = []
        for name, kind, wanted in (
            (READER, "R3", ConsumerState(ACKNOWLEDGED, FETCHED - ACKNOWLEDGED)),
            (WORKER, "WORK", ConsumerState(0, PENDING)),
        ):
            stream = f"PLAN_{_word(region)}_{kind}"
            if stream not in self.homes:
                continue
            durable, seen = await self._consumed(region, stream, name, wanted)
            self.floors[stream, durable] = wanted.floor
            if seen:
                failed.append(StreamFate(stream, region, 0, 0, 0, "not placeable", f"consumer {name}: {seen}"))
        return failed

    async def _consumed(self, region: str, stream: str, name: str, wanted: ConsumerState) -> tuple[str, str]:
        """The consumer that is where it is wanted, and an empty text; or why none is in time.

        A server that does not answer in time may still do it later. So another consumer acknowledges, where one did not
        get as far; a work queue has only one, which fetches what it lacks.
        """
        end, number, seen = time.monotonic() + PATIENCE, 0, "no server accepts a client"
        while time.monotonic() < end:
            client = await self.connected(region)
            if client is not None:
                number += 1
                durable = f"{name}-{number}" if wanted.floor and number > 1 else name
                with contextlib.suppress(Exception):  # whatever a connection raises whose server goes
                    await client.create_consumer(stream, CONSUMER | {"durable_name": durable})
                    state = await client.consumer(stream, durable)
                    has = state.pending if isinstance(state, ConsumerState) else 0
                    await client.take(stream, durable, wanted.floor + wanted.pending - has, wanted.floor)
                    seen = str(await client.consumer(stream, durable))
                await client.close()
                if seen == str(wanted):
                    return durable, ""
            await asyncio.sleep(1)
        return name, seen

    async def move(self, names: list[str], region: str) -> None:
        """These streams are in another region from now on; publishers go on there."""
        for old in {self.homes[name] for name in names if name in self.homes}:
            await self.stop_publishing(old)
        self._paused.clear()
        self.homes |= {name: region for name in names if name in self.homes}
        self.publish_to(region)

    def leave(self, region: str, kept: dict[str, int]) -> None:
        """A region is taken away; `kept` are the messages in the backups of its streams."""
        self.away |= {name: kept.get(name, 0) for name, home in self.homes.items() if home == region}

    def is_paused(self, region: str) -> bool:
        """Whether publishing to a region's streams was stopped by a step."""
        return region in self._paused

    # --- publishing ------------------------------------------------------------------------------------------

    def publish_to(self, *regions: str) -> None:
        """Publish to every stream of these regions (none given: of all), until they are stopped."""
        self._paused -= set(regions)
        for name, region in self.homes.items():
            is_wanted = self.subjects[name] and region in (regions or (region,))
            if is_wanted and name not in self._publishers and name not in self.away:
                self._stopping.discard(name)
                self._publishers[name] = asyncio.create_task(self._publish_messages(name, None))

    async def stop_publishing(self, *regions: str) -> None:
        """Stop publishing to the streams of these regions (none given: of all); what was acknowledged counts."""
        chosen = {name for name in self._publishers if self.homes[name] in (regions or (self.homes[name],))}
        self._stopping |= chosen
        self._paused |= set(regions)
        tasks = [self._publishers.pop(name) for name in chosen]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=PATIENCE)
            for task in late:
                task.cancel()

    async def _publish_messages(self, name: str, many: int | None, seconds: float = PATIENCE) -> None:
        """Publish until `many` are acknowledged, or until stopped without it; another server is used if one stops."""
        if not self.subjects[name]:
            return
        client: Client | None = None
        done = 0
        begun = last = time.monotonic()
        try:
            while name not in self._stopping if many is None else done < many and time.monotonic() - begun < seconds:
                if client is None or not self._world.serves(self.homes[name], client.server):
                    client = await self._another(client, self.homes[name])
                if client is None:
                    await asyncio.sleep(_PAUSE)
                    continue
                if await self._send(client, name):
                    done += 1
                    self.gap = max(self.gap, time.monotonic() - last) if many is None else self.gap
                    last = time.monotonic()
                else:
                    self.unanswered += 1
                    client = await self._another(client, self.homes[name])
                if many is None:
                    await asyncio.sleep(_PAUSE)
        finally:
            if client is not None:
                with contextlib.suppress(asyncio.CancelledError):
                    await client.close()

    async def _another(self, client: Client | None, region: str) -> Client | None:
        if client is not None:
            await client.close()
        return await self.connected(region)

    async def _send(self, client: Client, name: str) -> bool:
        self._serial += 1
        text, subject = str(self._serial), self.subjects[name]
        try:
            to = f"{subject}k{text}" if subject.endswith(".") else subject
            answer = await client.connection.request(to, text.encode(), timeout=2)
        except Exception:  # noqa: BLE001   # nats-py raises many kinds, all of which mean: no acknowledgement
            return False
        if b'"error"' in answer.data or b'"seq"' not in answer.data:
            return False
        self.sent[name].add(text)
        return True

    # --- checking --------------------------------------------------------------------------------------------

    async def check(self) -> tuple[StreamFate, ...]:
        """The fate of every stream, after one more message; a consumer that lost its position is a loss."""
        await self.stop_publishing()
        self._stopping.clear()
        here = [name for name in self.homes if name not in self.away]
        await asyncio.gather(*(self._publish_messages(name, 1, _ONE_MORE) for name in here))
        fates = [await self._settled(name) for name in here]
        return (*fates, *(self._fate_away(name) for name in self.away))

    async def _settled(self, name: str) -> StreamFate:
        """The fate of a stream, after it had time to recover all replicas, and a mirror to copy."""
        end = time.monotonic() + (PATIENCE if self.subjects[name] else COPIED)
        while True:
            fate = await self._fate_of(name)
            if fate.fate == "kept" or time.monotonic() > end:
                return fate
            await asyncio.sleep(1)

    def _fate_away(self, name: str) -> StreamFate:
        """Of a stream whose region was taken away: whether its backup has what was acknowledged."""
        sent, kept = len(self.sent[self._source(name)]), self.away[name]
        lost = max(sent - kept, 0)
        return StreamFate(
            name, self.homes[name], sent, kept, lost, "lost messages" if lost else "kept", "in its backup"
        )

    async def _fate_of(self, name: str) -> StreamFate:
        region, sent = self.homes[name], self.sent[self._source(name)]
        client = await self.connected(region)
        if client is None:
            return StreamFate(name, region, len(sent), 0, len(sent), "gone", "no server of the region accepts a client")
        try:
            info = await client.api(f"STREAM.INFO.{name}")
            if isinstance(info, Refused):
                return StreamFate(name, region, len(sent), 0, len(sent), "gone", f"{info.code} {info.reason}")
            texts = await self._read(client, name, int(info["state"]["last_seq"]))
            positions = [position async for position in self._positions(client, name)]
        finally:
            await client.close()
        cluster = info.get("cluster") or {}
        peers = cluster.get("replicas") or []
        where = f"in {cluster.get('name') or region}, {len(peers) + 1} replicas"
        where = "; ".join([where, *(text for text, _ in positions)])
        lost = len(sent - texts) + sum(is_lost for _, is_lost in positions)
        if lost:
            return StreamFate(name, region, len(sent), len(texts), lost, "lost messages", where)
        lagging = [str(peer["name"]) for peer in peers if peer.get("offline") or not peer.get("current")]
        seen = "; ".join([where, *lagging])
        return StreamFate(name, region, len(sent), len(texts), 0, "not current" if lagging else "kept", seen)

    def _source(self, name: str) -> str:
        """The stream that was published to: a mirror has another one's messages."""
        return name if self.subjects[name] else name.replace("_MIRROR", "_R3")

    async def _read(self, client: Client, name: str, last: int) -> set[str]:
        texts: set[str] = set()
        for numbers in _pages(last):
            answers = await asyncio.gather(*(client.api(f"STREAM.MSG.GET.{name}", {"seq": n}) for n in numbers))
            for answer in answers:
                if not isinstance(answer, Refused):
                    texts.add(base64.b64decode(answer["message"].get("data") or "").decode("utf-8", "replace"))
        return texts

    async def _positions(self, client: Client, name: str) -> AsyncIterator[tuple[str, bool]]:
        """Where a stream's consumers are, and whether they lost their position."""
        for (stream, consumer), before in self.floors.items():
            if stream == name:
                now = await client.consumer(stream, consumer)
                if isinstance(now, Refused):
                    yield f"consumer {consumer}: {now.reason}", True
                else:
                    yield f"consumer {consumer}: its position was {before}, and is {now.floor}", now.floor < before


def _pages(last: int) -> Iterator[range]:
    return (range(first, min(first + _AT_ONCE, last + 1)) for first in range(1, last + 1, _AT_ONCE))


def _word(region: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", region.upper())
