"""Ask other regions' addresses from here, as their gateways would: names, TCP, the first line, TLS. Nothing is sent.

A gateway's listener sends a line `INFO {…}` at once, before TLS begins (read in server/server.go, run on 2.10.26 to
2.15.1).
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
    """What a listener said. `fault` says why not more is known; `gateway` is empty if it is no gateway's.

    `certificate` is that of TLS in DER; `distrust` says why its chain or name is not accepted, with these authorities.
    """

    fault: str = ""
    server: str = ""
    gateway: str = ""
    requires_tls: bool = False
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
    except OSError as error:
        return (), str(error.strerror or error)
    return tuple(sorted({str(item[4][0]) for item in answers})), ""


async def greeting(address: str, port: int, name: str, authorities: str | None = None, seconds: float = 3) -> Greeting:
    """What the listener at an address says; with TLS, its certificate as for `name`, judged by `authorities` (PEM)."""
    said = Greeting()
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(address, port, limit=_LINE)
            try:
                said = _read(await reader.readline())
                if said.requires_tls:
                    await writer.start_tls(_trusting(), server_hostname=name)
                    secured: Any = writer.get_extra_info("ssl_object")
                    said = said._replace(certificate=secured.getpeercert(binary_form=True) or b"")
            finally:
                writer.transport.abort()
            if said.certificate and authorities:
                said = said._replace(distrust=await _distrust(address, port, name, authorities))
    except TimeoutError:
        return said._replace(fault=said.fault or f"no answer within {seconds:g} s")
    except (OSError, ValueError, EOFError) as error:
        refused = isinstance(error, ConnectionRefusedError)
        return said._replace(fault="connection refused" if refused else str(error) or type(error).__name__)
    return said


def _read(line: bytes) -> Greeting:
    word, _, rest = line.partition(b" ")
    info: Any = None
    with contextlib.suppress(ValueError):
        info = json.loads(rest) if word == b"INFO" else None
    if not isinstance(info, dict):
        return Greeting("closed silently" if not line else "it does not speak NATS")
    return Greeting(
        server=str(info.get("server_name") or info.get("server_id") or ""),
        gateway=str(info.get("gateway") or ""),
        requires_tls=bool(info.get("tls_required")),
    )


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # to see the certificate; whether it is trusted is asked on its own
    return context


async def _distrust(address: str, port: int, name: str, authorities: str) -> str:
    """Why a client that trusts these authorities refuses the certificate; empty if it does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=authorities)
    except (ssl.SSLError, ValueError):
        return "the authorities cannot be read"
    reader, writer = await asyncio.open_connection(address, port, limit=_LINE)
    try:
        await reader.readline()
        await writer.start_tls(context, server_hostname=name)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError:
        return ""  # such as a client certificate that it demands: the server's own was accepted
    finally:
        writer.transport.abort()
    return ""
