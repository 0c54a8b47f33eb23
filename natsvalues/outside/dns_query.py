"""Ask a DNS server for the addresses of a name, over TCP, as it answers to others: RFC 1035."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_A, _AAAA, _SOA = 1, 28, 6
_RECURSE, _POINTER = 0x0100, 0xC0
_HEAD, _FIXED = struct.Struct(">6H"), struct.Struct(">HHIH")
_REASONS = {0: "it has no address", 2: "the DNS server failed", 3: "there is no such name", 5: "the DNS server refuses"}


class DnsAnswer(NamedTuple):
    """The addresses of a name; or why there is none, and for how many seconds that may be kept (None: unknown)."""

    addresses: tuple[str, ...] = ()
    fault: str = ""
    kept: int | None = None


async def ask(server: str, port: int, host: str, seconds: float = 3) -> DnsAnswer:
    """Ask for IPv4 addresses, and for IPv6 addresses where there are none. Raises OSError if nobody answers."""
    try:
        async with asyncio.timeout(seconds):
            answer = await _addresses(server, port, host, _A)
            return answer if answer.addresses else await _second(answer, server, port, host)
    except TimeoutError:
        raise OSError(f"no answer within {seconds:g} s") from None
    except (EOFError, IndexError, struct.error, UnicodeError):
        raise OSError("its answer cannot be read") from None


async def _second(first: DnsAnswer, server: str, port: int, host: str) -> DnsAnswer:
    other = await _addresses(server, port, host, _AAAA)
    return other if other.addresses else first


async def _addresses(server: str, port: int, host: str, kind: int) -> DnsAnswer:
    reader, writer = await asyncio.open_connection(server, port)
    try:
        name = b"".join(bytes((len(label),)) + label for label in host.rstrip(".").encode("idna").split(b"."))
        query = _HEAD.pack(1, _RECURSE, 1, 0, 0, 0) + name + b"\0" + struct.pack(">HH", kind, 1)
        writer.write(struct.pack(">H", len(query)) + query)
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        return _read(await reader.readexactly(length))
    finally:
        writer.transport.abort()


def _read(message: bytes) -> DnsAnswer:
    _, flags, _, answers, authorities, _ = _HEAD.unpack_from(message)
    at = _after_name(message, _HEAD.size) + 4
    addresses, kept = [], None
    for kind, ttl, data in _records(message, at, answers + authorities):
        if kind == _A:
            addresses.append(".".join(map(str, data)))
        elif kind == _AAAA:
            addresses.append(":".join(f"{data[i] << 8 | data[i + 1]:x}" for i in range(0, 16, 2)))
        elif kind == _SOA:
            kept = min(ttl, int.from_bytes(data[-4:], "big"))  # RFC 2308: its last field, at most its ttl
    if addresses:
        return DnsAnswer(tuple(sorted(addresses)))
    code = flags & 0xF
    return DnsAnswer((), _REASONS.get(code, f"the DNS server answers with code {code}"), kept)


def _records(message: bytes, at: int, number: int) -> Iterator[tuple[int, int, bytes]]:
    for _ in range(number):
        at = _after_name(message, at)
        kind, _, ttl, length = _FIXED.unpack_from(message, at)
        at += _FIXED.size
        yield kind, ttl, message[at : at + length]
        at += length


def _after_name(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] >= _POINTER:
            return at + 2
        at += message[at] + 1
    return at + 1
