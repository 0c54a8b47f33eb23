"""Three servers of one cluster, each with its store on a disk of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

from natsvalues.outside import jetstream, processes
from natsvalues.outside.disks import Disk

if TYPE_CHECKING:
    from natsvalues.outside.jetstream import Client

COUNT = 3
STREAM = "ORDERS"
_PORT, _ROUTES = 4222, 6222


class Servers:
    """`default` as `interval` leaves the setting out."""

    def __init__(self, program: str, interval: str, folder: str, net: int) -> None:
        self.disks = [Disk(f"{folder}/{number}.ext4", f"{folder}/{number}") for number in range(COUNT)]
        self._program = program
        self._folder = folder
        self._addresses = [f"127.{net}.0.{number + 10}" for number in range(COUNT)]
        self._running: list[processes.Program] = []
        sync = "" if interval == "default" else f", sync_interval: {interval}"
        routes = ", ".join(f"nats-route://{address}:{_ROUTES}" for address in self._addresses)
        for number, address in enumerate(self._addresses):
            with open(self._conf(number), "w", encoding="utf-8") as file:
                file.write(
                    f"server_name: n{number}\nlisten: {address}:{_PORT}\n"
                    f"jetstream {{store_dir: {self.disks[number].folder}, max_file_store: 900MB{sync}}}\n"
                    f"cluster {{name: c, listen: {address}:{_ROUTES}, routes: [{routes}]}}\n"
                )

    def start(self) -> None:
        """Start all of them."""
        for number in range(COUNT):
            command = [self._program, "-c", self._conf(number)]
            self._running.append(processes.start(command, {}, self._folder, lambda _: None))

    def cut(self) -> None:
        """Cut the power of all of them at once."""
        for server in self._running:
            server.send(signal.SIGKILL)
        for disk in self.disks:
            disk.stop()

    async def end(self) -> None:
        """End all of them."""
        for server in self._running:
            await server.kill()
        self._running = []

    async def client(self) -> Client:
        """A client of one of them. Raises TimeoutError when none answers for a minute."""
        end = time.monotonic() + 60
        while True:
            client = await jetstream.connect([f"{a}:{_PORT}" for a in self._addresses], jetstream.Login(), None)
            if client is not None:
                return client
            if time.monotonic() > end:
                raise TimeoutError("no server accepts a client")
            await asyncio.sleep(0.2)

    def _conf(self, number: int) -> str:
        return os.path.join(self._folder, f"{number}.conf")
