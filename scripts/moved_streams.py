"""Move a stream of three replicas from one region to another, and ask its Raft group who belongs to it.

`python scripts/moved_streams.py --runs 3` does it with real servers of each version, as it is and with one replica on
the way (half a minute each), and prints the group's size as each server has it, and how many messages were acknowledged
in four seconds while one of the three servers was away. Needs the pinned servers (scripts/binaries.py fetches them).
`ServerVersion.keeps_old_members` and docs/stages.md stand on it; `--versions 2.16.0` for a new one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.outside import loopback, processes
from natsvalues.outside.jetstream import Client, Login, Refused, connect

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import binaries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

VERSIONS = ("2.12.8", "2.14.2", "2.14.6", "2.15.1")
REGIONS = ("a", "b")
COUNT = 3
_OK = 200
_PATIENCE = 60.0
_AWAY = 4.0


class Result(NamedTuple):
    """The size of the stream's group by each server; acknowledged messages with a server away, and lost ones at all."""

    sizes: tuple[int, ...]
    acknowledged: int
    lost: int


class Servers:
    """Two regions of three servers with gateways."""

    def __init__(self, program: str, folder: str, net: int) -> None:
        self._program, self._folder = program, folder
        self.addresses = {
            region: [f"127.{net}.{place + 1}.{number + 1}" for number in range(COUNT)]
            for place, region in enumerate(REGIONS)
        }
        self._running: dict[tuple[str, int], processes.Program] = {}

    def start(self, region: str, number: int) -> None:
        """Start one server."""
        address = self.addresses[region][number]
        routes = ", ".join(f"nats-route://{item}:6222" for item in self.addresses[region])
        remotes = ", ".join(
            f"{{name: {name}, url: nats://{all_of[0]}:7222}}" for name, all_of in self.addresses.items()
        )
        path = os.path.join(self._folder, f"{region}{number}.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                f"server_name: {region}-{number}\nlisten: {address}:4222\nhttp: {address}:8222\n"
                f"jetstream {{store_dir: {self._folder}/{region}{number}, max_file_store: 900MB}}\n"
                f"cluster {{name: {region}, listen: {address}:6222, routes: [{routes}]}}\n"
                f"gateway {{name: {region}, listen: {address}:7222, gateways: [{remotes}]}}\n"
            )
        command = [self._program, "-c", path]
        self._running[region, number] = processes.start(command, {}, self._folder, lambda _: None)

    async def stop(self, region: str, number: int) -> None:
        """Stop one server."""
        server = self._running.pop((region, number))
        server.send(signal.SIGTERM)
        await server.ended(10)
        await server.kill()

    async def end(self) -> None:
        """End all of them."""
        for server in self._running.values():
            await server.kill()

    async def client(self, region: str) -> Client:
        """A client of a region. Raises TimeoutError when none of its servers answers."""
        found = await until(lambda: connect([f"{item}:4222" for item in self.addresses[region]], Login(), None))
        assert isinstance(found, Client)  # noqa: S101   # waited for
        return found

    async def is_healthy(self) -> bool:
        """Whether all answer /healthz with 200."""
        asked = (loopback.get(item, 8222, "/healthz") for region in REGIONS for item in self.addresses[region])
        return all(answer.status == _OK for answer in await asyncio.gather(*asked))

    async def sizes(self, region: str) -> tuple[int, ...]:
        """The size of the stream's group, as each of the region's servers has it."""
        answers = await asyncio.gather(
            *(loopback.get(item, 8222, "/raftz?acc=%24G") for item in self.addresses[region])
        )
        groups = [json.loads(answer.body).get("$G") or {} for answer in answers]
        return tuple(int(group["size"]) for known in groups for name, group in known.items() if name.startswith("S-"))


async def until(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until the answer is true, and no refusal. Raises TimeoutError."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        answer = await ask()
        if answer and not isinstance(answer, Refused):
            return answer
        await asyncio.sleep(0.3)
    raise TimeoutError(f"waited {_PATIENCE:g} s, the last answer was {answer}")


async def move(program: str, folder: str, net: int, *, is_lowered: bool) -> Result:
    """Move a stream from region b to region a, with one replica on the way if `is_lowered`. Raises TimeoutError."""
    servers = Servers(program, folder, net)
    try:
        for region in REGIONS:
            for number in range(COUNT):
                servers.start(region, number)
        await until(servers.is_healthy)
        client = await servers.client("a")
        config: dict[str, Any] = {"name": "S", "subjects": ["S"], "storage": "file"}

        async def edit(verb: str, replicas: int, cluster: str) -> None:
            wanted = config | {"num_replicas": replicas, "placement": {"cluster": cluster}}
            await until(lambda: client.api(f"STREAM.{verb}.S", wanted))
            for _ in range(3):
                await until(lambda: _is_whole(client, replicas, cluster))

        await edit("CREATE", COUNT, "b")
        published = await _publish(client, 2)
        if is_lowered:
            await edit("UPDATE", 1, "b")
            await edit("UPDATE", 1, "a")
        await edit("UPDATE", COUNT, "a")
        sizes = await servers.sizes("a")
        await client.close()
        await servers.stop("a", COUNT - 1)
        await asyncio.sleep(_AWAY)
        client = await servers.client("a")
        acknowledged = await _publish(client, _AWAY)
        await client.close()
        servers.start("a", COUNT - 1)
        await until(servers.is_healthy)
        client = await servers.client("a")
        there = await until(lambda: client.stream("S"))
        await client.close()
        return Result(sizes, acknowledged, max(published + acknowledged - int(there.messages), 0))
    finally:
        await servers.end()


async def _is_whole(client: Client, replicas: int, cluster: str) -> bool:
    stream = await client.stream("S")
    if isinstance(stream, Refused) or stream.lagging:
        return False
    return stream.replicas == replicas and stream.cluster == cluster and stream.leader.startswith(f"{cluster}-")


async def _publish(client: Client, seconds: float) -> int:
    """Publish for so long; how many messages were acknowledged."""
    end, acknowledged = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        acknowledged += not isinstance(await client.publish("S", "text", 1), Refused)
        await asyncio.sleep(0.05)
    return acknowledged


def run(program: str, *, is_lowered: bool) -> Result:
    """Move a stream, in a scratch folder and a range of addresses of its own."""
    with processes.scratch(None) as folder, contextlib.closing(loopback.Claim()) as claim:
        return asyncio.run(move(program, folder, claim.net, is_lowered=is_lowered))


def main(arguments: list[str]) -> int:
    """Print what became of each move."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--versions", nargs="+", default=VERSIONS)
    options = parser.parse_args(arguments)
    for version in options.versions:
        program = binaries.fetch(f"nats-server@{version}")
        for is_lowered in (False, True):
            for _ in range(options.runs):
                result = run(program, is_lowered=is_lowered)
                how = "one replica on the way" if is_lowered else "three replicas"
                sizes = ", ".join(map(str, result.sizes))
                print(f"{version}, {how}: size {sizes}; {result.acknowledged} acknowledged with a server away, "
                      f"{result.lost} lost", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
