"""Forwarders, probes and certificates on loopback, with real sockets."""

import asyncio
import contextlib
import os
import ssl

import pytest

from natsvalues.outside.certificates import Authority
from natsvalues.outside.forwarder import Endpoint, Forwarder
from natsvalues.outside.loopback import Claim, accepts, get
from natsvalues.outside.proc import holder


@pytest.fixture
def net():
    """A net of this test's own."""
    claim = Claim()
    yield claim.net
    claim.close()


async def echo(reader, writer):
    """Send back what comes."""
    with contextlib.suppress(OSError):
        while data := await reader.read(100):
            writer.write(data)
            await writer.drain()
    writer.close()


async def asked(address, port, data=b"hello"):
    """What comes back; empty when the connection is refused or reset."""
    try:
        reader, writer = await asyncio.open_connection(address, port)
        writer.write(data)
        async with asyncio.timeout(5):
            answer = await reader.read(100)
        writer.close()
    except OSError:
        return b""
    return answer


def test_two_claims_have_two_nets():
    """And a net that was given back can be claimed again."""
    claims = [Claim() for _ in range(5)]
    assert len({claim.net for claim in claims}) == 5
    for claim in claims:
        claim.close()


def test_a_forwarder_sends_where_it_is_reported_and_resets_the_rest(net):
    """To the chosen backend; without one, or with a dead one, the connection is reset, and counted when refused."""

    async def trial():
        server = await asyncio.start_server(echo, f"127.{net}.1.1", 7222)
        chosen: list[Endpoint | None] = [Endpoint(f"127.{net}.1.1", 7222)]
        forwarder = Forwarder(Endpoint(f"127.{net}.100.1", 7222), lambda _: chosen[0])
        refused_before_it_opens = await asked(f"127.{net}.100.1", 7222)
        await forwarder.open()
        through = await asked(f"127.{net}.100.1", 7222)
        chosen[0] = None
        reset = await asked(f"127.{net}.100.1", 7222)
        counted = forwarder.refused
        chosen[0] = Endpoint(f"127.{net}.1.9", 7222)
        dead = await asked(f"127.{net}.100.1", 7222)
        await forwarder.close()
        server.close()
        return refused_before_it_opens, through, reset, counted, dead, await accepts(f"127.{net}.100.1", 7222)

    assert asyncio.run(trial()) == (b"", b"hello", b"", 1, b"", False)


def test_a_forwarder_that_refuses_keeps_what_it_carries(net):
    """The dialler is told at once that nobody listens, and a connection from before goes on; both as in kube-proxy."""

    async def trial():
        server = await asyncio.start_server(echo, f"127.{net}.1.1", 7222)
        forwarder = Forwarder(Endpoint(f"127.{net}.100.1", 7222), lambda _: Endpoint(f"127.{net}.1.1", 7222))
        await forwarder.open()
        reader, writer = await asyncio.open_connection(f"127.{net}.100.1", 7222)
        writer.write(b"x")
        before = await reader.read(1)
        forwarder.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(f"127.{net}.100.1", 7222)
        writer.write(b"y")
        after = await reader.read(1)
        await forwarder.open()
        again = await asked(f"127.{net}.100.1", 7222)
        await forwarder.close()
        server.close()
        return before, after, again

    assert asyncio.run(trial()) == (b"x", b"y", b"hello")


@pytest.mark.parametrize(("opening", "expected"), [("PROXY header", b"PROXY TCP4 127."), ("TLS or HTTP", b"")])
def test_a_forwarder_opens_connections_as_it_was_told(net, opening, expected):
    """The backend reads a header of the PROXY protocol before anything else; or nothing ever comes."""

    async def trial():
        server = await asyncio.start_server(echo, f"127.{net}.1.1", 7222)
        backend = Endpoint(f"127.{net}.1.1", 7222)
        forwarder = Forwarder(Endpoint(f"127.{net}.100.1", 7222), lambda _: backend, opening)
        await forwarder.open()
        answer = await asked(f"127.{net}.100.1", 7222)
        await forwarder.close()
        server.close()
        return answer

    answer = asyncio.run(trial())
    assert answer[: len(expected)] == expected
    assert bool(answer) == bool(expected)


def test_a_cut_ends_only_what_is_meant_and_the_dialler_is_known(net):
    """A connection that is cut ends for both; who dialled is found by its socket."""

    async def trial():
        server = await asyncio.start_server(echo, f"127.{net}.1.1", 7222)
        forwarder = Forwarder(Endpoint(f"127.{net}.100.1", 7222), lambda _: Endpoint(f"127.{net}.1.1", 7222))
        await forwarder.open()
        ends = [await asyncio.open_connection(f"127.{net}.100.1", 7222) for _ in range(2)]
        local = Endpoint(*ends[0][1].get_extra_info("sockname"))
        for _, writer in ends:  # both are forwarded once they answer
            writer.write(b"x")
        assert [await reader.read(1) for reader, _ in ends] == [b"x", b"x"]
        found = holder(local, [1, os.getpid()])
        forwarder.cut(lambda link: link.dialler == local)
        with contextlib.suppress(ConnectionResetError):
            assert await ends[0][0].read(1) == b""
        ends[1][1].write(b"x")
        other = await ends[1][0].read(1)
        await forwarder.close()
        server.close()
        return found, other, holder(Endpoint("127.0.0.1", 1), [os.getpid()])

    assert asyncio.run(trial()) == (os.getpid(), b"x", None)


def test_a_probe_tells_status_refusal_and_silence_apart(net):
    """An answer, a closed port, and a server that says nothing within the timeout."""

    async def answer(reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        if path == b"/silent":
            await asyncio.sleep(5)
        writer.write(b"HTTP/1.0 503 x\r\n\r\n{}")
        writer.close()

    async def trial():
        server = await asyncio.start_server(answer, f"127.{net}.1.1", 8222)
        found = [await get(f"127.{net}.1.1", 8222, path, seconds=0.3) for path in ("/healthz", "/silent")]
        server.close()
        return [*found, await get(f"127.{net}.1.1", 8223, "/")]

    answers = asyncio.run(trial())
    assert answers[0] == (503, "{}")
    assert [item.status for item in answers[1:]] == [0, 0]
    assert ["no response" in answers[1].body, answers[2].body] == [True, "connection refused"]


def test_certificates_are_good_for_their_names_only(net, tmp_path):
    """A client that checks them against our authority gets through by a declared name, and not by another."""
    Authority().issue(str(tmp_path), [f"127.{net}.1.1", "gw.example.com"])

    async def handshake(name):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
        server = await asyncio.start_server(echo, f"127.{net}.1.1", 7222, ssl=context)
        client = ssl.create_default_context(cafile=tmp_path / "ca.crt")
        try:
            _, writer = await asyncio.open_connection(f"127.{net}.1.1", 7222, ssl=client, server_hostname=name)
            writer.close()
        finally:
            server.close()

    asyncio.run(handshake("gw.example.com"))
    asyncio.run(handshake(f"127.{net}.1.1"))
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(handshake("other.example.com"))
    assert os.stat(tmp_path / "tls.key").st_mode & 0o077 == 0
