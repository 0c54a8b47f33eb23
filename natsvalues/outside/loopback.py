"""A range of loopback addresses for one rehearsal, 127.N.0.0/16, and HTTP on it.

Each pod gets an address of its own, so rendered ports stay as they are. A listening socket marks the range as
taken; the kernel closes it with the process.
"""

from __future__ import annotations

import asyncio
import random
import socket
import ssl

from natsvalues.errors import NatsvaluesError
from natsvalues.records import NamedTuple

_CLAIM_PORT = 65432
_MOST_BYTES = 4 * 1024 * 1024
_NETS = range(2, 250)


class Answer(NamedTuple):
    """An HTTP response; status 0 and the reason as body where there was none."""

    status: int
    body: str


class Claim:
    """A range that no other rehearsal on this machine uses; `close` releases it."""

    def __init__(self) -> None:
        nets = list(_NETS)
        random.shuffle(nets)
        for net in nets:
            held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                held.bind((f"127.{net}.0.1", _CLAIM_PORT))
            except OSError:
                held.close()
                continue
            self.net = net
            self._held = held
            return
        raise NatsvaluesError(
            "NV-R021", "no range of loopback addresses (127.2.0.0/16 to 127.249.0.0/16) is free on this machine",
            hint="a rehearsal needs Linux, where all of 127.0.0.0/8 is loopback; end other rehearsals",
        )  # fmt: skip

    def close(self) -> None:
        """Release the range."""
        self._held.close()


def is_free(address: str, port: int) -> bool:
    """Whether a program could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended do not matter
        try:
            held.bind((address, port))
            held.listen()
        except OSError:
            return False
    return True


_UNCHECKED = ssl.create_default_context()
_UNCHECKED.check_hostname = False
_UNCHECKED.verify_mode = ssl.CERT_NONE  # as the kubelet probes: it checks no certificate


async def get(address: str, port: int, path: str, *, scheme: str = "HTTP", seconds: float = 2) -> Answer:
    """GET a path as a kubelet does: no redirect followed, no certificate checked, one timeout for the whole request."""
    try:
        async with asyncio.timeout(seconds):  # not wait_for, which up to 3.11 may lose a cancellation
            return await _get(address, port, path, scheme)
    except TimeoutError:
        return Answer(0, f"no response within {seconds:g} s")
    except (OSError, ssl.SSLError, ValueError, EOFError) as error:
        refused = isinstance(error, ConnectionRefusedError)
        return Answer(0, "connection refused" if refused else type(error).__name__)


async def _get(address: str, port: int, path: str, scheme: str) -> Answer:
    secure = _UNCHECKED if scheme == "HTTPS" else None
    reader, writer = await asyncio.open_connection(address, port, ssl=secure, limit=_MOST_BYTES)
    return await exchange(reader, writer, f"{address}:{port}", path)


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str) -> Answer:
    """GET a path on an open connection, and close it."""
    try:
        # HTTP/1.0, so that the body comes unchunked and ends with the connection.
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: kube-probe/1\r\n\r\n".encode())
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        return Answer(int(head.split(maxsplit=2)[1]), body.decode("utf-8", "replace"))
    except IndexError:
        return Answer(0, "closed without a response")
    finally:
        writer.transport.abort()  # at once: a server that does not answer must not delay us with a graceful close


async def accepts(address: str, port: int, seconds: float = 2) -> bool:
    """Whether a TCP connection is accepted: a probe of type tcpSocket, or a load balancer's TCP check."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(address, port)
    except (TimeoutError, OSError):
        return False
    writer.transport.abort()
    return True
