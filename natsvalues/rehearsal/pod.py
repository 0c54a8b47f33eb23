"""A running pod: a real nats-server, and a simulated kubelet that probes, restarts and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from typing import TYPE_CHECKING

from natsvalues.manifests.probes import KINDS, Probe
from natsvalues.manifests.settings import POD, server_names
from natsvalues.outside import loopback, processes
from natsvalues.outside.disks import Disk
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.kubelet import LEAD, Container, answered, fresh, restart_delay, until_tick
from natsvalues.rehearsal.machine import fault_in, port_taken
from natsvalues.rehearsal.snapshot import PodNow, View, trouble_in, words_of
from natsvalues.supercluster.losses import empties_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.errors import NatsvaluesError
    from natsvalues.outside.server_binary import Binary
    from natsvalues.rehearsal.moving import Moved
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.timeline import Record
    from natsvalues.supercluster.region_state import RegionState

LONGEST_GRACE = 60.0
_SIGNAL_GAP = 0.1  # between preStop's lame-duck signal and SIGTERM: the server must have received the first
_OK = range(200, 400)  # what a kubelet treats as success


class Charge(NamedTuple):
    """The template that a pod is started from; replaced when it changes."""

    rendering: Rendering
    moved: Moved
    binary: Binary
    probes: tuple[Probe, ...]


class Pod:
    """A pod of one region, its containers, and its store as long as Kubernetes keeps it."""

    def __init__(self, region: str, ordinal: int, address: str, folder: str, record: Record) -> None:
        self.region = region
        self.ordinal = ordinal
        self.address = address
        self.folder = folder
        self.view = View()
        self.charge: Charge | None = None
        self.process: processes.Program | None = None
        self.container: Container = fresh(())
        self.state = "down"
        self.answers: dict[str, tuple[int, str]] = {}
        self.troubles: dict[str, str] = {}
        self.exit_code: int | None = None
        self.disk: Disk | None = None
        self.prepare_server: Callable[[], None] | None = None
        self.began = 0.0
        """On the clock of `time.monotonic`: when this pod, and not one of its name before it, was there."""
        self._stored: RegionState | None = None
        self._last = ""
        self._fault: NatsvaluesError | None = None
        self._tell = record.tell
        self._scale = record.scale
        self._kubelet: asyncio.Task[None] | None = None
        self._readiness = asyncio.Event()
        self._startup_passed = asyncio.Event()
        self._ticks_began = self._container_began = 0.0

    @property
    def name(self) -> str:
        """Region and pod name: the subject of its events."""
        pod = self.charge.rendering.pods[self.ordinal] if self.charge else str(self.ordinal)
        return f"{self.region}/{pod}"

    @property
    def server_name(self) -> str:
        """Its server's name in the meta group."""
        if self.charge is None:
            return ""
        rendering = self.charge.rendering
        return server_names(rendering.nats, rendering.conf).replace(POD, rendering.pods[self.ordinal])

    @property
    def runs(self) -> bool:
        """Whether the pod exists: it was started and not stopped; its process may be between two restarts."""
        return self._kubelet is not None and self.state != "stopping"

    @property
    def exists(self) -> bool:
        """Whether the API server lists the pod: also while it terminates."""
        return self._kubelet is not None or self.state == "stopping"

    @property
    def ready(self) -> bool:
        """Whether the pod counts as ready."""
        return self.state == "ready"

    def raise_failure(self) -> None:
        """Raise the error that ended the simulated kubelet, if any: a program that cannot be started, or a bug.

        Raises NatsvaluesError for a full disk, too, of which the server's log speaks.
        """
        if self._fault is not None:
            raise self._fault
        if self._kubelet is not None and self._kubelet.done() and not self._kubelet.cancelled():
            self._kubelet.result()

    def now(self) -> PodNow:
        """The pod as plain values."""
        waiting: Probe | None = None
        for kind in KINDS:
            if self.container.asks(kind) and kind != "liveness" and self.container.result(kind) is not True:
                waiting = self.container.probe(kind)
                break
        answer = self.answers.get(waiting.kind, (0, "")) if waiting else (0, "")
        view = self.view if self.process is not None and self.process.code is None else View()
        return PodNow(
            self.name, self.region, self.state, self.ready, self.container.restarts, waiting, answer, view,
            dict(self.troubles), self.exit_code, self.address,
        )  # fmt: skip

    # --- files ---------------------------------------------------------------------------------------------

    def prepare(self, charge: Charge) -> None:
        """Set a template and write its files. Nothing is started or restarted."""
        self.charge = charge
        charge.moved.write(self.folder)

    def put_on_disk(self) -> None:
        """Give the store, before there is one, a disk of its own. Raises NatsvaluesError (NV-R041)."""
        if self.disk is None and self.charge is not None and self.charge.rendering.state.has_jetstream:
            self.disk = Disk(f"{self.folder}.ext4", self.charge.moved.store)
            self.disk.make()

    # --- running ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the simulated kubelet, which runs the pod."""
        if self.charge is None or self._kubelet is not None:
            return
        state = self.charge.rendering.state
        if self._stored is not None and empties_store(self._stored, state):
            self._empty_store("new pod")
        self._stored = state
        self.container = fresh(self.charge.probes)
        self.exit_code = None
        self.troubles.clear()
        self.began = time.monotonic()
        self._ticks_began = self.began - LEAD / self._scale
        self._kubelet = asyncio.create_task(self._live())

    def keep_store(self) -> None:
        """Let the next start find the store as it is, whatever it is on: to warm up, or where volumes are mounted."""
        self._stored = None

    def lose_store(self) -> None:
        """Delete the store of a pod that does not run."""
        if self.charge is not None:
            self.charge.moved.empty_store()
        self._stored = None

    async def become_ready(self) -> None:
        """Wait until the pod is ready, without a time limit."""
        await self._readiness.wait()

    async def stop(self, *, graceful: bool = True) -> None:
        """Terminate the pod: preStop and SIGTERM, then SIGKILL after the grace period; or SIGKILL at once."""
        if self._kubelet is None:
            return
        self._become("stopping")
        kubelet, self._kubelet = self._kubelet, None
        kubelet.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await kubelet
        await self._end(graceful=graceful)
        self.view = View()
        self._become("down")

    def reload(self) -> None:
        """What the chart's reloader does when the ConfigMap changes."""
        if self.process is not None:
            self.process.send(signal.SIGHUP)

    def kill_now(self) -> None:
        """End the process without waiting for anything."""
        if self.process is not None:
            self.process.kill_now()
        self.end_disk()

    def end_disk(self) -> None:
        """Unmount the store, where it is on a disk of its own; the server has ended."""
        if self.disk is not None:
            self.disk.end()

    # --- power ---------------------------------------------------------------------------------------------

    def regain_power(self) -> None:
        """Start the pod, once it has stopped, from what is on its disk: the kubelet starts the same pod again.

        An emptyDir is on the node's disk, so it is there again; a container's own file system is not.
        """
        if self.disk is not None:
            self.disk.restore()
        self.keep_store()
        if self.charge is not None and self.charge.rendering.state.store_ends_with == "container":
            self._empty_store("new container")
        self.start()

    async def _end(self, *, graceful: bool) -> None:
        process, charge = self.process, self.charge
        if process is None or process.code is not None or charge is None:
            return
        if graceful:
            if charge.rendering.drains:
                process.send(signal.SIGUSR2)
                await process.ended(_SIGNAL_GAP)
            process.send(signal.SIGTERM)
            if await process.ended(min(charge.rendering.grace, LONGEST_GRACE)):
                return
        await process.kill()

    async def _live(self) -> None:
        """Start, probe, and restart whenever the process ends or a probe requires it."""
        while True:
            charge = self.charge
            if charge is None:
                return
            self.answers.clear()
            self._become("starting")
            self.view = View()
            self._last = ""
            self._startup_passed.clear()
            self._container_began = time.monotonic()
            command = [charge.binary.path, *charge.moved.arguments]
            environment = charge.moved.environment
            self.process = processes.start(command, environment, self.folder, self._hear, self.prepare_server)
            work = [asyncio.create_task(self._probe(probe)) for probe in self.container.probes]
            work.append(asyncio.create_task(self._until_ended(self.process)))
            self._settle()
            try:
                await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
            why = "by itself"
            if self.process.code is None:
                why = "by its kubelet"
                self._tell("pod", self.name, "stopping")
                await self._end(graceful=True)
            self.exit_code = self.process.code
            restarts = self.container.restarts
            self._become("down")
            if why == "by itself":
                self._explain_end()
            self._tell("log", self.name, f"restart {restarts + 1}: ended {why}, exit code {self.exit_code}")
            if charge.rendering.state.store_ends_with == "container":
                self._empty_store("new container")
            await asyncio.sleep(restart_delay(restarts) / self._scale)
            self.container = fresh(charge.probes, restarts + 1)

    def _empty_store(self, why: str) -> None:
        """Delete the store, as Kubernetes did with what it was on."""
        if self.charge is not None and self.charge.rendering.state.has_jetstream:
            self.charge.moved.empty_store()
            self._tell("data", self.name, f"{why}: its store is empty")

    def _explain_end(self) -> None:
        """Keep the last words of a server that ended by itself. Raises NatsvaluesError if this machine is to blame."""
        fault = port_taken(self.troubles.get("fatal", ""))
        if fault is not None:
            raise fault
        if "fatal" not in self.troubles:
            self.troubles["ended"] = f"exit code {self.exit_code}; " + (self._last or "it printed nothing")

    async def _until_ended(self, process: processes.Program) -> None:
        await process.ended()

    async def _probe(self, probe: Probe) -> None:
        """One probe's worker; returns when the container must be restarted."""
        while True:
            await self._tick(probe)
            if self.container.asks(probe.kind):
                status, text = await self._ask(probe)
                self.answers[probe.kind] = (status, text)
                well = status in _OK
                if status:
                    self.troubles.pop("ended", None)  # it runs now
                self._tell("probe", f"{self.name} {probe.kind}", f"{status or text}")
                self.container, restart = answered(self.container, probe.kind, well=well)
                if restart:
                    self._tell("log", self.name, f"the {probe} failed {probe.failure} times: {status or ''} {text}")
                    return
                if probe.kind == "startup" and self.container.started:
                    self._startup_passed.set()
                self._settle()

    async def _tick(self, probe: Probe) -> None:
        """Wait until the probe is to be asked; readiness also when the startup probe has just succeeded."""
        waits = probe.kind == "readiness" and not self.container.started
        clock = time.monotonic()
        delay = until_tick(probe, clock - self._ticks_began, clock - self._container_began)
        if not waits:
            await asyncio.sleep(delay)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._startup_passed.wait()
        if self._startup_passed.is_set() and time.monotonic() - self._container_began < probe.initial_delay:
            await self._tick(probe)

    async def _ask(self, probe: Probe) -> tuple[int, str]:
        if not probe.path:
            accepted = await loopback.accepts(self.address, probe.port, probe.timeout)
            return (200, "") if accepted else (0, "connection refused")
        answer = await loopback.get(self.address, probe.port, probe.path, scheme=probe.scheme, seconds=probe.timeout)
        return answer.status, answer.body[:500]

    def _settle(self) -> None:
        if self.state != "stopping":
            self._become("ready" if self.container.ready else "running" if self.container.started else "starting")

    def _become(self, state: str) -> None:
        self.state = state
        if state == "ready":
            self._readiness.set()
        else:
            self._readiness.clear()
        self._tell("pod", self.name, state)
        if state in ("down", "stopping"):
            self._tell("leader", self.name, "none")
            self._tell("links", self.name, "none")

    def _hear(self, line: str) -> None:
        self._last = line.strip()[:300] or self._last
        self._fault = self._fault or fault_in(line, self.folder)
        kind = trouble_in(line)
        if kind is not None:
            if kind not in self.troubles:
                self._tell("log", self.name, words_of(line))
            self.troubles[kind] = words_of(line)
