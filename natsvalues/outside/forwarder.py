"""A TCP forwarder, which stands for a load balancer. Its caller chooses the target of each connection.

facts: without an endpoint of a Service kube-proxy rejects connections, and the dialler gets "connection refused" (seen
on Kubernetes 1.37); a load balancer whose own check fails everywhere resets them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 64 * 1024
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER 0: closing sends RST, as a load balancer without backend does

Opening = Literal["none", "PROXY header", "TLS or HTTP"]
"""What a forwarder does before the bytes of the dialler: nothing; a header of its own, as the PROXY protocol has it; or
nothing at all until the dialler has sent the first bytes, as one must that ends TLS or reads HTTP requests."""


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
    """Listens at one endpoint; each connection goes to the target that `choose` returns for its client, or is reset.

    `more` are further addresses, with the same port.
    """

    def __init__(
        self,
        listen: Endpoint,
        choose: Callable[[Endpoint], Endpoint | None],
        opening: Opening = "none",
        more: tuple[str, ...] = (),
    ) -> None:
        self.listen = listen
        self.addresses = (listen.address, *more)
        self.opening = opening
        self.refused = 0
        self.links: set[Link] = set()
        self._choose = choose
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Start listening; does nothing if it listens already. Raises OSError if another program has the port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accepted, self.addresses, self.listen.port)

    def refuse(self) -> None:
        """Stop listening, so that new connections are refused; those that are there stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def close(self) -> None:
        """Stop listening and end every connection."""
        self.refuse()
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
            await self._carry(reader, writer, link)
        except asyncio.CancelledError:
            return  # cut; to the event loop the connection was served
        finally:
            self.links.discard(link)
            _reset(writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link) -> None:
        if self.opening == "TLS or HTTP":
            with contextlib.suppress(OSError):
                await reader.read(_CHUNK)
            return  # whatever it sent, it was no TLS and no HTTP: a gateway waits for its peer's first words
        header = _proxy_header(link.dialler, self.listen) if self.opening == "PROXY header" else b""
        await _joined(reader, writer, link.backend, header)


def _proxy_header(dialler: Endpoint, listen: Endpoint) -> bytes:
    """The header of the PROXY protocol, version 1, for a connection over IPv4."""
    return f"PROXY TCP4 {dialler.address} {listen.address} {dialler.port} {listen.port}\r\n".encode()


async def _joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backend: Endpoint, header: bytes) -> None:
    try:
        there, thither = await asyncio.open_connection(*backend)
    except OSError:
        return
    try:
        thither.write(header)
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
