"""A backup's way back into a real server: what was cut short leaves nothing, so that it can be restored again."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time

import pytest

from natsvalues.outside.jetstream import ConsumerState, Login, Refused, connect
from natsvalues.outside.jetstream_transfer import back_up, restore

pytestmark = [pytest.mark.nats, pytest.mark.timeout(120)]
NAME = "ORDERS"


@pytest.fixture(params=["2.12.8", "2.14.6", "2.15.1"])
def listener(request, nats_server, tmp_path):
    """The address of a server of its own, with JetStream."""
    options = ["-a", "127.0.0.1", "-p", "-1", "-js", "-sd", str(tmp_path / "store"), "--ports_file_dir", str(tmp_path)]
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen([nats_server(request.param), *options], stdout=log, stderr=log)
    end = time.monotonic() + 20
    while not (found := list(tmp_path.glob("*.ports"))):
        assert time.monotonic() < end, (tmp_path / "log").read_text()
        time.sleep(0.1)
    yield json.loads(found[0].read_text())["nats"][0].removeprefix("nats://")
    server.terminate()
    server.wait(20)


def test_a_backup_that_is_cut_short_is_refused_and_leaves_nothing(listener, tmp_path):
    """The whole one is restored afterwards, with its messages and its consumer's position."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"

    async def walk():
        client = await connect([listener], Login(), None)
        assert not isinstance(client, Refused), client
        assert await client.create({"name": NAME, "subjects": [NAME], "storage": "file"}) is None
        for number in range(20):
            assert await client.publish(NAME, f"message {number}") == number + 1
        assert await client.create_consumer(NAME, {"durable_name": "C", "ack_policy": "explicit"}) is None
        assert await client.take(NAME, "C", 5, 5) == 5
        assert await back_up(client, NAME, str(whole)) is None
        assert await client.remove(NAME)

        shutil.copytree(whole, cut)
        content = cut / "stream.tar.s2"
        content.write_bytes(content.read_bytes()[: content.stat().st_size // 2])
        assert isinstance(await restore(client, str(cut)), Refused)
        assert await client.names() == ()

        assert await restore(client, str(whole)) is None
        assert len(await client.read(NAME, 20)) == 20
        assert await client.consumer(NAME, "C") == ConsumerState(5, 0)
        await client.close()

    asyncio.run(walk())
