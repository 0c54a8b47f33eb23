"""What listeners say, asked of real servers: a gateway in plain and with TLS, a client port, nobody, somebody else."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import time

import pytest
import trustme

from natsvalues.outside.dialling import greeting, resolved
from natsvalues.outside.dns_query import DnsAnswer, ask
from natsvalues.text.x509 import read_certificate

HOST = "nats-gw.example.com"


def free_port():
    """A port of loopback that is free now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.fixture
def gateway(nats_server, tmp_path):
    """Start a server whose gateway is called eu-west: `gateway(tls="…")` gives the gateway's and the clients' port."""
    running = []

    def start(tls=None):
        port, clients = free_port(), free_port()
        block = {"name": "eu-west", "host": "127.0.0.1", "port": port} | ({"tls": tls} if tls else {})
        conf = {"host": "127.0.0.1", "port": clients, "server_name": "eu-west-nats-0", "gateway": block}
        (tmp_path / "nats.conf").write_text(json.dumps(conf))
        running.append(
            subprocess.Popen([nats_server("2.14.6"), "-c", tmp_path / "nats.conf"], stderr=subprocess.DEVNULL)
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    return port, clients
            time.sleep(0.05)
        raise TimeoutError

    yield start
    for process in running:
        process.kill()
        process.wait()


def asked(port, **how):
    """What the listener says."""
    return asyncio.run(greeting("127.0.0.1", port, HOST, **({"secure": False} | how)))


def test_a_gateway_names_itself(gateway):
    """And a client port is no gateway."""
    port, clients = gateway()
    said = asked(port)
    assert (said.gateway, said.server, said.fault) == ("eu-west", "eu-west-nats-0", "")
    assert asked(clients).gateway == ""


@pytest.mark.parametrize("verify", [False, True])
def test_tls_shows_the_certificate_and_whether_it_is_trusted(gateway, tmp_path, verify):
    """By its authority, by another one, and for another name; it does not name itself, whatever `verify` says."""
    authority = trustme.CA()
    issued = authority.issue_cert(HOST)
    issued.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    issued.private_key_pem.write_to_path(tmp_path / "tls.key")
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    files = {"cert_file": "tls.crt", "key_file": "tls.key", "ca_file": "ca.crt"}
    port, _ = gateway({key: str(tmp_path / name) for key, name in files.items()} | {"verify": verify})
    ours, theirs = authority.cert_pem.bytes().decode(), trustme.CA().cert_pem.bytes().decode()
    said = asked(port, secure=True, authorities=ours)
    assert read_certificate(said.certificate).names == (HOST,)
    assert (said.distrust, said.gateway) == ("", "")
    assert "issuer" in asked(port, secure=True, authorities=theirs).distrust
    other = asyncio.run(greeting("127.0.0.1", port, "other.example.com", secure=True, authorities=ours))
    assert "mismatch" in other.distrust
    assert asked(port, seconds=1).gateway == ""


def test_nobody_and_somebody_else():
    """Each has its reason."""
    assert asked(free_port()).fault == "connection refused"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert asked(silent.getsockname()[1], seconds=0.3).fault == "no answer within 0.3 s"


def test_names_that_do_not_resolve_have_a_reason():
    """And localhost has an address."""
    assert "127.0.0.1" in asyncio.run(resolved("localhost"))[0]
    addresses, fault = asyncio.run(resolved("no-such-name.invalid"))
    assert addresses == ()
    assert fault


SERIALS = "00000001 00000002 00000003 00000004 00000005"
ANSWERS = {
    # id, flags, counts; the question; then the records: RFC 1035 by hand
    "an address": (
        "0001 8580 0001 0001 0000 0000 0161 0000 0100 01 c00c 0001 0001 0000001e 0004 c6120210",
        DnsAnswer(("198.18.2.16",)),
    ),
    "no such name": (
        f"000185830001000000010000 016100 00010001 00 0006 0001 0000001e 0016 0000 {SERIALS}",
        DnsAnswer((), "there is no such name", 5),
    ),
    "a failure": ("0001 8582 0001 0000 0000 0000 0161 0000 0100 01", DnsAnswer((), "the DNS server failed", None)),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_answers_of_dns_are_read(case):
    """Addresses, reasons, and how long a reason is kept."""
    text, expected = ANSWERS[case]
    message = bytes.fromhex(text.replace(" ", ""))

    async def play():
        async def answer(reader, writer):
            length = int.from_bytes(await reader.readexactly(2), "big")
            assert (await reader.readexactly(length)).endswith(b"\x01a\0\0\x01\0\x01") or "no" in case or "fail" in case
            writer.write(len(message).to_bytes(2, "big") + message)
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            return await ask("127.0.0.1", server.sockets[0].getsockname()[1], "a")

    assert asyncio.run(play()) == expected
