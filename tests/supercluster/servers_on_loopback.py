"""Real servers on loopback that run what the chart renders, and the JetStream API for tests.

Each pod has an address of its own with the chart's ports. A backup is the one of `nats stream backup --consumers`: the
same requests of the JetStream API.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any, NamedTuple

import nats
import nats.errors

from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.release import Release
from natsvalues.outside.loopback import Claim
from natsvalues.supercluster.region_state import region_state
from natsvalues.text.natsconf import ConfOp, edit, read, symbolic

SECONDS = 60
STALLED = 10062
RESTARTS = 3
WHOLE = MESSAGES, ACKNOWLEDGED = 100, 40


class Backup(NamedTuple):
    """A stream as the API gives it away: its configuration, its state, and the data in chunks."""

    config: dict[str, Any]
    state: dict[str, Any]
    chunks: list[bytes]


class Servers:
    """The servers of some regions: `start` runs a rendering's pods in their folders, where their stores stay."""

    def __init__(self, program: str, folder: str) -> None:
        self.program = program
        self.folder = folder
        self._claim = Claim()  # as rehearsals claim theirs, which run beside these
        self.net = self._claim.net
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, rendering: str, region: int = 1, remotes: tuple[int, ...] = ()) -> list[str]:
        """Start the pods of a rendering that do not run, and return all addresses. `remotes` are regions they dial."""
        nats_of = find_nats(Release(rendering))
        count = nats_of.statefulset.value["spec"].get("replicas", 1)
        addresses = [self.address(region, ordinal) for ordinal in range(count)]
        for ordinal, address in enumerate(addresses):
            if address in self.running:
                continue
            store = os.path.join(self.folder, address)
            os.makedirs(store, exist_ok=True)
            conf = os.path.join(store, "nats.conf")
            with open(conf, "w", encoding="utf-8") as file:
                file.write(self._moved(nats_of.conf, region, ordinal, store, remotes))
            with open(os.path.join(store, "log"), "ab") as log:
                name = {"SERVER_NAME": f"region-{region}-{ordinal}"}
                self.running[address] = subprocess.Popen([self.program, "-c", conf], env=name, stdout=log, stderr=log)
        return addresses

    def end(self) -> None:
        """Stop all servers, and release their addresses."""
        self.stop()
        self._claim.close()

    def stop(self, *addresses: str) -> None:
        """Stop these servers, or all of them."""
        ending = [self.running.pop(address) for address in addresses or tuple(self.running)]
        for server in ending:
            server.send_signal(signal.SIGTERM)
        for server in ending:
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def address(self, region: int, ordinal: int) -> str:
        """The address of a pod."""
        return f"127.{self.net}.{region}.{ordinal + 1}"

    def _moved(self, conf: str, region: int, ordinal: int, store: str, remotes: tuple[int, ...]) -> str:
        for other in range(3):
            conf = conf.replace(f"nats-{other}.nats-headless", self.address(region, other))
        given, mine = symbolic(read(conf)), self.address(region, ordinal)
        ops = [ConfOp("add", ("host",), mine), ConfOp("replace", ("jetstream", "store_dir"), store)]
        ops += [ConfOp("add", (block, "host"), mine) for block in ("cluster", "gateway", "leafnodes") if block in given]
        ops += [ConfOp("replace", ("pid_file",), f"{store}/pid")] if "pid_file" in given else []
        if remotes:
            listed = [{"name": f"region-{at}", "urls": [f"nats://{self.address(at, 0)}:7222"]} for at in remotes]
            name = f"region-{region}"
            ops += [ConfOp("replace", ("cluster", "name"), name), ConfOp("replace", ("gateway", "name"), name)]
            ops.append(ConfOp("add", ("gateway", "gateways"), listed))
        return edit(conf, ops)

    def empty(self, address: str) -> None:
        """Empty the store of a server that does not run."""
        shutil.rmtree(os.path.join(self.folder, address, "jetstream"))

    def streams_on_disk(self, address: str) -> set[str]:
        """The names of the streams in a server's store."""
        folder = os.path.join(self.folder, address, "jetstream", "$G", "streams")
        return set(os.listdir(folder)) if os.path.isdir(folder) else set()


def state_of(rendering: str) -> Any:
    """The region as natsvalues judges it."""
    release = Release(rendering)
    return region_state(release, find_nats(release))


def status(address: str) -> int:
    """The status of /healthz; 0 while nothing listens."""
    try:
        with urllib.request.urlopen(f"http://{address}:8222/healthz", timeout=2) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def leader_of(address: str) -> str:
    """The meta leader that a server knows; empty without one, or while nothing listens."""
    return _meta_group(address).get("leader") or ""


async def formed(servers: Servers, rendering: str, members: list[str]) -> bool:
    """Whether these pods of a rendering are in time healthy and all counted in their meta group.

    Of three servers of 2.10.26 that started together, 5 of 50 times one stayed outside until it was restarted; of
    2.11.10 and 2.12.8 never in 25. On a busy machine one restart was not always enough.
    """
    if not await until(lambda: all(status(member) == 200 for member in members)):
        return False
    for _ in range(RESTARTS):
        if await until(lambda: meta_size(members[0]) == len(members), 10):
            break
        servers.stop(*(member for member in members if not _counted(member, members)))
        servers.start(rendering, int(members[0].split(".")[2]))
    return await until(lambda: all(status(member) == 200 and meta_size(member) == len(members) for member in members))


def _counted(address: str, members: list[str]) -> bool:
    """Whether the meta leader counts a server; only the leader lists the others."""
    name = f"region-{address.split('.')[2]}-{int(address.split('.')[3]) - 1}"
    groups = [_meta_group(member) for member in members]
    return any(name in (group.get("leader"), *(peer["name"] for peer in group.get("replicas", ()))) for group in groups)


def meta_size(address: str) -> int:
    """How many servers a server counts in its meta group; 0 while nothing listens."""
    return _meta_group(address).get("cluster_size") or 0


def _meta_group(address: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://{address}:8222/jsz", timeout=2) as answer:
            group: dict[str, Any] = json.load(answer).get("meta_cluster", {})
            return group
    except OSError:
        return {}


async def until(told: Any, seconds: float = SECONDS) -> bool:
    """Whether `told()` becomes true in time."""
    end = time.monotonic() + seconds
    while not told():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.2)
    return True


async def api(address: str, subject: str, request: dict[str, Any] | None = None) -> dict[str, Any]:
    """The response of the JetStream API."""
    connection = await nats.connect(f"nats://{address}:4222", allow_reconnect=False, connect_timeout=5)
    try:
        return await _asked(connection, f"$JS.API.{subject}", request)
    finally:
        await connection.close()


async def _asked(connection: Any, subject: str, request: dict[str, Any] | None) -> dict[str, Any]:
    data = b"" if request is None else json.dumps(request).encode()
    message = await connection.request(subject, data, timeout=10)
    answer: dict[str, Any] = json.loads(message.data)
    return answer


async def fill(address: str, name: str, replicas: int = 1) -> None:
    """Create a stream of MESSAGES messages, and a durable consumer that acknowledged the first ACKNOWLEDGED."""
    connection = await nats.connect(f"nats://{address}:4222", allow_reconnect=False)
    config = {"name": name, "subjects": [name], "num_replicas": replicas, "storage": "file"}
    end = time.monotonic() + SECONDS  # a server may be healthy a moment before the leader counts it
    while "error" in (made := await _asked(connection, f"$JS.API.STREAM.CREATE.{name}", config)):
        assert time.monotonic() < end, made
        await asyncio.sleep(0.5)
    stored = 0
    while stored < MESSAGES:
        assert time.monotonic() < end, (name, stored)
        with contextlib.suppress(nats.errors.NoRespondersError):  # while the route to its server is new
            stored = json.loads((await connection.request(name, b"message", timeout=10)).data)["seq"]
    durable = {"stream_name": name, "config": {"durable_name": "C", "name": "C", "ack_policy": "explicit"}}
    assert "error" not in await _asked(connection, f"$JS.API.CONSUMER.CREATE.{name}.C", durable)
    inbox = connection.new_inbox()
    pulled = await connection.subscribe(inbox)
    done = 0
    while done < ACKNOWLEDGED:
        assert time.monotonic() < end, (name, done)
        await connection.publish(f"$JS.API.CONSUMER.MSG.NEXT.{name}.C", b"1", reply=inbox)
        message = await pulled.next_msg(10)
        if message.reply:  # a response without one is a status: the consumer has no leader yet
            await connection.request(message.reply, b"+ACK", timeout=10)
            done += 1
    await connection.close()


async def names(address: str) -> set[str]:
    """The streams that the API lists."""
    return set((await api(address, "STREAM.NAMES", {})).get("streams") or ())


async def lists(address: str, wanted: set[str]) -> bool:
    """Whether the API lists just these streams in time: a new leader may not know of all of them at once."""
    end = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(nats.errors.TimeoutError):
            if await names(address) == wanted:
                return True
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.2)


async def holds(address: str, name: str) -> tuple[int, int]:
    """How many messages a stream has, and up to which one its consumer acknowledged.

    Servers that just started do not answer before the stream and the consumer have leaders, so it waits for WHOLE.
    """
    end, found = time.monotonic() + SECONDS, (0, 0)
    while found != WHOLE and time.monotonic() < end:
        with contextlib.suppress(nats.errors.TimeoutError, KeyError):  # no response, or an error in it
            stream = await api(address, f"STREAM.INFO.{name}")
            consumer = await api(address, f"CONSUMER.INFO.{name}.C")
            found = stream["state"]["messages"], consumer["ack_floor"]["stream_seq"]
        await asyncio.sleep(0.2)
    return found


async def backup(address: str, name: str) -> Backup:
    """Take a stream and its consumers, as `nats stream backup --consumers` does."""
    connection = await nats.connect(f"nats://{address}:4222", allow_reconnect=False)
    inbox = connection.new_inbox()
    arriving = await connection.subscribe(inbox)
    answer = await _asked(connection, f"$JS.API.STREAM.SNAPSHOT.{name}", {"deliver_subject": inbox})
    chunks = []
    while (message := await arriving.next_msg(10)).data:
        chunks.append(message.data)
        if message.reply:  # for some chunks, so that the server does not send too many at once
            await message.respond(b"")
    await connection.close()
    return Backup(answer["config"], answer["state"], chunks)


async def restore(address: str, taken: Backup, replicas: int) -> None:
    """Give a stream back as docs/stages.md says: with one replica, look at it, and then raise it.

    It is repeated while the servers refuse it: the leader may not count a new server yet (10005). What is left of one
    that the server gave up (10062: 3 of 320 times on busy servers of 2.15.1) is deleted. A consumer lost its position
    in 1 of 160 runs when the stream was raised as soon as the server said that it was restored, in none of 160 so.
    """
    name, end = taken.config["name"], time.monotonic() + SECONDS
    while "error" in (refused := await _restored(address, taken)):
        assert time.monotonic() < end, refused
        if refused["error"]["err_code"] == STALLED:
            await api(address, f"STREAM.DELETE.{name}")
        await asyncio.sleep(0.5)
    assert await holds(address, name) == WHOLE
    config = {**taken.config, "num_replicas": replicas}
    while replicas > 1 and "error" in (refused := await api(address, f"STREAM.UPDATE.{name}", config)):
        assert time.monotonic() < end, refused
        await asyncio.sleep(0.5)


async def _sent(connection: Any, subject: str, chunk: bytes) -> None:
    """Send a chunk: the server that takes the stream subscribes, and the routes have to learn of it."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            await connection.request(subject, chunk, timeout=10)
        except nats.errors.NoRespondersError:
            assert time.monotonic() < end, subject
            await asyncio.sleep(0.2)
        else:
            return


async def _restored(address: str, taken: Backup) -> dict[str, Any]:
    connection = await nats.connect(f"nats://{address}:4222", allow_reconnect=False)
    config = {**taken.config, "num_replicas": 1}
    answer = await _asked(
        connection, f"$JS.API.STREAM.RESTORE.{config['name']}", {"config": config, "state": taken.state}
    )
    if "error" not in answer:
        for chunk in taken.chunks:
            await _sent(connection, answer["deliver_subject"], chunk)
        answer = await _asked(connection, answer["deliver_subject"], None)
    await connection.close()
    return answer
