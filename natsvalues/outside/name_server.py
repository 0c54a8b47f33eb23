"""A DNS server on a loopback address, as the cluster's is for its pods: IPv4 addresses over UDP, RFC 1035.

facts: Go's resolver asks for A and AAAA with each domain of `search`, over UDP and port 53 only; "no such host" is what
it says of code 3 (nats-server 2.10.26 to 2.15.1, which are linked statically and have no other resolver).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PORT = 53
_HEAD, _KIND, _RECORD = struct.Struct(">6H"), struct.Struct(">HH"), struct.Struct(">HHHIH4s")
_A, _INTERNET = 1, 1
_QUERY_BITS, _ANSWERS, _NO_SUCH_NAME = 0xF800, 0x8080, 3
_THE_NAME_ASKED = 0xC000 | _HEAD.size


class NameServer(asyncio.DatagramProtocol):
    """Answers at one address; `look_up` has a name's addresses, empty where there is no such name."""

    def __init__(self, address: str, look_up: Callable[[str], tuple[str, ...]]) -> None:
        self.address = address
        self._look_up = look_up
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Start to answer. Raises OSError if another program has the port, or we may not have it."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.address, PORT))

    def close(self) -> None:
        """Stop."""
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Answer a question; what is none is left without an answer, as by any DNS server under attack."""
        try:
            answer = answered(data, self._look_up)
        except (struct.error, IndexError, UnicodeError):
            return
        if self._transport is not None:
            self._transport.sendto(answer, addr)


def answered(query: bytes, look_up: Callable[[str], tuple[str, ...]]) -> bytes:
    """The answer to a query with one question. Raises struct.error, IndexError, UnicodeError for what is none."""
    number, flags, *_ = _HEAD.unpack_from(query)
    labels, at = [], _HEAD.size
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii"))
        at += 1 + length
    kind, _ = _KIND.unpack_from(query, at + 1)
    question = query[_HEAD.size : at + 1 + _KIND.size]
    addresses = look_up(".".join(labels).lower())
    code = 0 if addresses else _NO_SUCH_NAME
    records = [
        _RECORD.pack(_THE_NAME_ASKED, _A, _INTERNET, 0, 4, socket.inet_aton(address))
        for address in addresses
        if kind == _A
    ]
    head = _HEAD.pack(number, (flags & ~_QUERY_BITS) | _ANSWERS | code, 1, len(records), 0, 0)
    return head + question + b"".join(records)
