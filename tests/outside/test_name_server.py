"""A DNS server for programs of our own: what the system's resolver gets from it, and that nobody else does."""

import contextlib
import os
import struct
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.outside.name_server import answered

ASK = """
import asyncio, sys
from natsvalues.outside import own_names, processes
from natsvalues.outside.name_server import NameServer

KNOWN = {"nats-0.nats.svc.cluster.local": ("127.3.1.1",), "both.example.com": ("127.3.1.1", "127.3.1.2")}

async def ask():
    server = NameServer("127.3.253.1", lambda name: KNOWN.get(name, ()))
    await server.open()
    with open(sys.argv[1], "w") as file:
        file.write("nameserver 127.3.253.1\\nsearch nats.svc.cluster.local\\noptions ndots:5\\n")
    lines = []
    for name in ("nats-0", "both.example.com", "nats-1"):
        command = ("getent", "ahostsv4", name)
        program = processes.start(command, {}, "/", lines.append, own_names.with_resolver(sys.argv[1]))
        await program.ended(20)
        print(name, *sorted({line.split()[0] for line in lines}), program.code)
        lines.clear()
    server.close()

own_names.require()
asyncio.run(ask())
"""


@pytest.mark.usefixtures("with_dns")
def test_the_systems_resolver_gets_every_address_and_no_such_name(tmp_path):
    """Names are found with the search domains, and what is none ends with getent's code for that. Ours stays."""
    before = os.stat("/etc/resolv.conf").st_ino
    words = (sys.executable, "-c", ASK, str(tmp_path / "resolv.conf"))
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    expected = ["nats-0 127.3.1.1 0", "both.example.com 127.3.1.1 127.3.1.2 0", "nats-1 2"]
    assert done.stdout.splitlines() == expected, done.stderr
    assert os.stat("/etc/resolv.conf").st_ino == before


@given(st.binary(max_size=80))
def test_nothing_that_is_sent_ends_it(data):
    """Whatever is no question is refused with one of three errors, which leave it without an answer."""
    with contextlib.suppress(IndexError, UnicodeError, struct.error):
        answered(data, lambda _: ())
