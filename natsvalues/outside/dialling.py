"""Ask other regions' addresses from here, as their gateways would: names, TCP, TLS, the first line. Nothing is sent.

A gateway's listener sends a line `INFO {…}` at once. With TLS it does so behind the handshake, for which it always
demands a client's certificate, whatever `verify` says (run on nats-server 2.14.6); none is used here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from typing import Any

from natsvalues.records import NamedTuple

_LINE = 1 << 16


class Greeting(NamedTuple):
    """What a listener said. `fault` says why not more is known; `gateway` is empty if it did not name itself.

    `certificate` is that of TLS in DER; `distrust` says why its chain or name is not accepted, with these authorities.
    """

    fault: str = ""
    server: str = ""
    gateway: str = ""
    certificate: bytes = b""
    distrust: str = ""


async def resolved(host: str, seconds: float = 3) -> tuple[tuple[str, ...], str]:
    """The addresses of a name as this machine resolves it, sorted; or none, and why."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            answers = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return (), f"no answer within {seconds:g} s"
    except (OSError, UnicodeError) as error:
        return (), str(getattr(error, "strerror", None) or error)
    return tuple(sorted({str(item[4][0]) for item in answers})), ""


async def greeting(  # noqa: PLR0913 - whom, and how
    address: str, port: int, name: str, *, secure: bool, authorities: str = "", seconds: float = 4
) -> Greeting:
    """What the listener at an address says; `secure`: over TLS, as for `name`, judged by `authorities` (PEM)."""
    try:
        async with asyncio.timeout(seconds):
            if not secure:
                return await _plain(address, port)
            said = await _secure(address, port, name)
            distrust = await _distrust(address, port, name, authorities) if authorities else ""
            return said._replace(distrust=distrust)
    except TimeoutError:
        return Greeting(f"no answer within {seconds:g} s")
    except (OSError, ValueError, EOFError) as error:
        refused = isinstance(error, ConnectionRefusedError)
        return Greeting("connection refused" if refused else str(error) or type(error).__name__)


async def _plain(address: str, port: int) -> Greeting:
    reader, writer = await asyncio.open_connection(address, port, limit=_LINE)
    try:
        return _read(await reader.readline())
    finally:
        writer.transport.abort()


async def _secure(address: str, port: int, name: str) -> Greeting:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # to see the certificate; whether it is trusted is asked on its own
    _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
    secured: Any = writer.get_extra_info("ssl_object")
    writer.transport.abort()
    certificate = secured.getpeercert(binary_form=True) or b""
    return Greeting("with TLS it names itself only to who has a certificate", certificate=certificate)


def _read(line: bytes) -> Greeting:
    word, _, rest = line.partition(b" ")
    info: Any = None
    with contextlib.suppress(ValueError):
        info = json.loads(rest) if word == b"INFO" else None
    if not isinstance(info, dict):
        return Greeting("it closes the connection; perhaps it expects TLS" if not line else "it does not speak NATS")
    return Greeting(
        server=str(info.get("server_name") or info.get("server_id") or ""), gateway=str(info.get("gateway") or "")
    )


async def _distrust(address: str, port: int, name: str, authorities: str) -> str:
    """Why a client that trusts these authorities refuses the certificate; empty if it does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=authorities)
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError:
        return ""  # such as authorities that cannot be read, which the servers refuse themselves
    writer.transport.abort()
    return ""
