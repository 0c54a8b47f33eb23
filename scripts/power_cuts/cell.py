"""One run: publish to an R3 stream, cut the power of its three servers, and count what is there afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

from natsvalues.outside import disks, loopback, processes
from natsvalues.outside.jetstream import Refused
from power_cuts.servers import COUNT, STREAM, Servers

if TYPE_CHECKING:
    from natsvalues.outside.jetstream import Client

PUBLISHERS = 8
RATE = 154
"""Messages a second of all publishers together."""
SECONDS = 40
FAST_SECONDS = 10
_GONE = 10
_NOT_THERE = 10059
"""The error code of the JetStream API for a stream that does not exist."""
_TO_RECOVER = 40


class Case(NamedTuple):
    """`is_fast`: publish as fast as it goes, and cut nothing."""

    version: str
    interval: str
    is_fast: bool
    number: int

    @property
    def key(self) -> str:
        """Its name in the records."""
        return f"{self.version}/{self.interval}/{'fast' if self.is_fast else 'cut'}/{self.number}"


class Result(NamedTuple):
    """`fate`: kept, lost, gone (the stream does not exist) or `no leader`; `middle`: a median publish in milliseconds.

    `behind`: replicas that are not current a while after the start.
    """

    acknowledged: int
    lost: int
    fate: str
    seconds: float
    middle: float
    behind: int = 0


def run(case: Case, program: str) -> Result:
    """Run a case in this process. Raises NatsvaluesError (NV-R041) without root."""
    disks.require()
    with processes.scratch(None) as folder, contextlib.closing(loopback.Claim()) as claim:
        servers = Servers(program, case.interval, folder, claim.net)
        try:
            for disk in servers.disks:
                disk.make()
            return asyncio.run(_run(case, servers))
        finally:
            for disk in servers.disks:
                disk.end()


async def _run(case: Case, servers: Servers) -> Result:
    servers.start()
    try:
        await _made(servers)
        acknowledged, took = await _published(case, servers)
        middle = round(1000 * statistics.median(took), 1)
        seconds = FAST_SECONDS if case.is_fast else SECONDS
        if case.is_fast:
            return Result(len(acknowledged), 0, "kept", seconds, middle)
        await servers.end()
        for disk in servers.disks:
            disk.restore()
        servers.start()
        lost, fate, behind = await _counted(servers, acknowledged)
        return Result(len(acknowledged), lost, fate, seconds, middle, behind)
    finally:
        await servers.end()


async def _made(servers: Servers) -> None:
    client = await servers.client()
    try:
        for _ in range(60):
            refused = await client.make(STREAM, "", COUNT)
            if refused is None:
                return
            await asyncio.sleep(0.5)
        raise TimeoutError(f"no stream: {refused}")
    finally:
        await client.close()


async def _published(case: Case, servers: Servers) -> tuple[set[str], list[float]]:
    """The texts that were acknowledged, and how long each took."""
    acknowledged: set[str] = set()
    took: list[float] = []
    clients = [await servers.client() for _ in range(PUBLISHERS)]
    begun = time.monotonic()
    pause = 0.0 if case.is_fast else PUBLISHERS / RATE
    seconds = FAST_SECONDS if case.is_fast else SECONDS

    async def publish(number: int, client: Client) -> None:
        count = 0
        while (now := time.monotonic()) < begun + seconds:
            text = f"{number}/{count}".ljust(128, ".")
            if await client.publish(STREAM, text):
                acknowledged.add(text)
                took.append(time.monotonic() - now)
            count += 1
            if pause:
                await asyncio.sleep(max(0, begun + (count + number / PUBLISHERS) * pause - time.monotonic()))

    publishers = [asyncio.create_task(publish(number, client)) for number, client in enumerate(clients)]
    await asyncio.wait(publishers, return_when=asyncio.FIRST_COMPLETED)  # the others are still publishing at the cut
    if not case.is_fast:
        servers.cut()
    await asyncio.gather(*(client.close() for client in clients))
    for publisher in publishers:
        publisher.cancel()
    await asyncio.gather(*publishers, return_exceptions=True)
    return acknowledged, took


async def _counted(servers: Servers, acknowledged: set[str]) -> tuple[int, str, int]:
    """How many of the acknowledged are not there, the stream's fate, and how many replicas are not current.

    Messages are published meanwhile, as replicas catch up with what is new; one that does not is waited for in vain.
    """
    client = await servers.client()
    end = time.monotonic() + _TO_RECOVER
    missing_since: float | None = None
    try:
        while True:
            accepts = await client.publish(STREAM, "after the power cut", 2)
            stream = await client.stream(STREAM)
            clock = time.monotonic()
            is_led = not isinstance(stream, Refused) and stream.leader
            if not isinstance(stream, Refused) and is_led and ((accepts and not stream.lagging) or clock > end):
                texts = await client.read(STREAM, await client.last_sequence(STREAM))
                lost = len(acknowledged - texts)
                return lost, "lost" if lost else "kept", len(stream.lagging)
            is_missing = isinstance(stream, Refused) and stream.code == _NOT_THERE
            missing_since = (missing_since or clock) if is_missing else None
            if missing_since and clock - missing_since > _GONE:
                return len(acknowledged), "gone", 0
            if clock > end:
                return len(acknowledged), "no leader", 0
            await asyncio.sleep(0.5)
    finally:
        await client.close()
