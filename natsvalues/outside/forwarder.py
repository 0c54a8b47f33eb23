"""A TCP forwarder, which stands for a load balancer. Its caller chooses the target of each connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 64 * 1024
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0: closing sends RST, as a load balancer without backend does


class Endpoint(NamedTuple):
    """An address and a port."""

    address: str
    port: int


class Link(NamedTuple):
    """One connection that is being forwarded: its client, its target, and the tasks that forward it."""

    dialler: Endpoint
    backend: Endpoint
    carrier: asyncio.Task[None]


class Forwarder:
    """Listens at one endpoint; each connection goes to the target that `choose` returns for its client, or is reset."""

    def __init__(self, listen: Endpoint, choose: Callable[[Endpoint], Endpoint | None]) -> None:
        self.listen = listen
        self.refused = 0
        self.links: set[Link] = set()
        self._choose = choose
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Start listening; does nothing if it listens already. Raises OSError if another program has the port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accepted, self.listen.address, self.listen.port)

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut(lambda _: True)
        await asyncio.sleep(0)

    def cut(self, ends: Callable[[Link], bool]) -> None:
        """End the connections for which `ends` is true."""
        for link in [link for link in self.links if ends(link)]:
            link.carrier.cancel()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dialler = Endpoint(*writer.get_extra_info("peername")[:2])
        backend = self._choose(dialler)
        carrier = asyncio.current_task()
        if backend is None or carrier is None:
            self.refused += 1
            _reset(writer)
            return
        link = Link(dialler, backend, carrier)
        self.links.add(link)
        try:
            await _carry(reader, writer, backend)
        except asyncio.CancelledError:
            return  # cut; to the event loop the connection was served
        finally:
            self.links.discard(link)
            _reset(writer)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backend: Endpoint) -> None:
    try:
        there, thither = await asyncio.open_connection(*backend)
    except OSError:
        return
    try:
        pumps = [asyncio.create_task(_pump(reader, thither)), asyncio.create_task(_pump(there, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
    finally:
        _reset(thither)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    held = writer.get_extra_info("socket")
    if held is not None:
        with contextlib.suppress(OSError):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
