"""All regions on loopback: running pods and load balancers, the servers' monitoring data, and the clock."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

from natsvalues.outside import loopback, proc
from natsvalues.outside.certificates import Authority
from natsvalues.outside.server_binary import Binary, server_binary
from natsvalues.rehearsal.addresses import Layout, Map, named_balancers
from natsvalues.rehearsal.any_world import Access, AnyWorld
from natsvalues.rehearsal.balancer import LoadBalancer, Region
from natsvalues.rehearsal.login import client_port, user_of
from natsvalues.rehearsal.monitoring import MONITORED, view_of
from natsvalues.rehearsal.moving import CERTIFICATES, pod_files
from natsvalues.rehearsal.pod import Charge, Pod
from natsvalues.rehearsal.rendering import MADE_UP
from natsvalues.rehearsal.services import names
from natsvalues.rehearsal.snapshot import Snapshot
from natsvalues.rehearsal.timeline import Record

if TYPE_CHECKING:
    from natsvalues.outside.forwarder import Endpoint, Link
    from natsvalues.rehearsal.balancing import Balancer
    from natsvalues.rehearsal.naming import NameServers
    from natsvalues.rehearsal.rendering import Rendering

LOOK = 0.25
"""Seconds between two polls of every server."""


class World(AnyWorld):
    """One rehearsal's supercluster on loopback."""

    def __init__(self, regions: tuple[str, ...], folder: str, net: int, scale: float) -> None:
        super().__init__(scale)
        self.map = Map(net, regions)
        self.pods: dict[str, list[Pod]] = {}
        self.balancers: dict[str, list[LoadBalancer]] = {}
        self._pod_names: dict[str, list[LoadBalancer]] = {}
        self.cut_off: set[str] = set()
        self.names: dict[str, tuple[Balancer, ...]] = {}
        """By region, load balancers whose names resolve before they exist."""
        self._cpu: dict[int, float] = {}
        self._folder = folder
        self.binaries: dict[str, Binary] = {}
        self.name_servers: NameServers | None = None
        """Where DNS is played; else names become addresses before servers start."""
        self.has_disks = False
        """Whether each store gets a disk of its own, whose power can be cut."""
        self._authority: Authority | None = None
        self._looking: asyncio.Task[None] | None = None
        self._starting: dict[str, asyncio.Task[None]] = {}

    # --- regions -------------------------------------------------------------------------------------------

    async def take(self, renderings: dict[str, Rendering]) -> None:
        """Set the renderings of these regions, and keep those of the others: files, load balancers, binaries.

        Nothing that runs is restarted. Raises NatsvaluesError if a server's program is not available.
        """
        known = self.renderings | renderings
        self.renderings = {key: known[key] for key in self.map.regions if key in known}
        balancers = named_balancers(self.renderings)
        resolved = {key: balancers.get(key) or self.names.get(key, ()) for key in {**self.names, **balancers}}
        layout = Layout(self.map, self.renderings, resolved, self.name_servers is not None)
        record = Record(self.tell, self.scale)
        for key in renderings:
            rendering = self.renderings[key]
            for note in rendering.notes:
                self.note(f"{key}: {note}")
            if rendering.state.has_jetstream and not rendering.state.store_survives:
                ends = rendering.state.store_ends_with
                self.note(
                    f"{key}: the JetStream store is on no persistent volume: each new {ends} begins with an empty one"
                )
            binary = await self._binary(key, rendering)
            pods = self.pods.setdefault(key, [])
            for pod in pods[rendering.replicas :]:
                await pod.stop()
            for ordinal in range(len(pods), rendering.replicas):
                folder = os.path.join(self._folder, key, str(ordinal))
                pods.append(Pod(key, ordinal, self.map.pod(key, ordinal), folder, record))
            for pod in pods[: rendering.replicas]:
                files = pod_files(layout, key, pod.ordinal, pod.folder)
                if pod.ordinal == 0:
                    self.moves[key] = files.moves
                if files.needs_certificate:
                    self._authority = self._authority or Authority()
                    self._authority.issue(f"{pod.folder}/{CERTIFICATES}", files.names)
                pod.prepare(
                    Charge(rendering, files, binary, tuple(probe.faster(self.scale) for probe in rendering.probes))
                )
                if self.has_disks:
                    pod.put_on_disk()
            await self._name_pods(key)
        await self._balance(balancers)

    async def _binary(self, key: str, rendering: Rendering) -> Binary:
        version = str(rendering.version)
        if version not in self.binaries:
            self.binaries[version] = server_binary(version)
        binary = self.binaries[version]
        if binary.version != version:
            self.note(f"{key}: nats-server {version} is not available; the nearest version, {binary.version}, was run")
        self.versions[key] = binary.version
        self.programs[binary.version] = binary
        return binary

    async def _balance(self, declared: dict[str, tuple[Balancer, ...]]) -> None:
        """Update the load balancers to the declared ones; a changed one is replaced, and works once it is opened."""
        for key, meanings in declared.items():
            present = self.balancers.get(key, [])
            if [item.meaning for item in present] == list(meanings):
                continue
            for item in present:
                await item.close()
            self.balancers[key] = [self._balancer(key, number, meaning) for number, meaning in enumerate(meanings)]
            for item in self.balancers[key]:
                item.admits_all = any(old.admits_all for old in present)
                if any(old.arrived and old.meaning.name == item.meaning.name for old in present):
                    await item.open()

    async def _name_pods(self, key: str) -> None:
        """Let the pods' DNS names resolve as the region's headless Service has them, where that is not always."""
        if self.name_servers is not None:
            prepare = await self.name_servers.open(key)
            for pod in self.pods[key]:
                pod.prepare_server = prepare
            return
        declared, present = names(self.renderings[key]), self._pod_names.get(key, [])
        if [item.meaning for item in present] == list(declared):
            return
        admits_all = any(item.admits_all for item in present)
        for item in present:
            await item.close()
        region = Region(lambda: self._named_pods(key), lambda _: True)
        quiet = Record(lambda *_: None, self.scale)
        self._pod_names[key] = [
            LoadBalancer(meaning, (self.map.name(key, ordinal),), region, quiet)
            for ordinal, meaning in enumerate(declared)
        ]
        for item in self._pod_names[key]:
            item.admits_all = admits_all
            await item.open()

    def _balancer(self, key: str, number: int, meaning: Balancer) -> LoadBalancer:
        def may_pass(dialler: Endpoint) -> bool:
            return self._may_pass(dialler, key)

        def pods() -> dict[str, Pod]:
            return self._named_pods(key)

        record = Record(self.tell, self.scale)
        many = self.name_servers.dns.addresses if self.name_servers is not None else 1
        addresses = tuple(self.map.balancer(key, number, further) for further in range(many))
        return LoadBalancer(meaning, addresses, Region(pods, may_pass), record)

    def _named_pods(self, key: str) -> dict[str, Pod]:
        rendering = self.renderings[key]
        return dict(zip(rendering.pods, self.pods[key], strict=False))

    async def open_balancers(self, *regions: str) -> None:
        """Open the load balancers of these regions."""
        for key in regions:
            for item in self.balancers.get(key, ()):  # a region may have none
                await item.open()

    def admit(self, *, everyone: bool) -> None:
        """Set whether load balancers send to every pod, and every pod has a name, whatever the manifests say.

        Only to warm up.
        """
        if self.name_servers is not None:
            self.name_servers.at_once = everyone
        for balancers in (*self.balancers.values(), *self._pod_names.values()):
            for item in balancers:
                item.admits_all = everyone

    async def start(self, *regions: str) -> None:
        """Start these regions' pods, as their StatefulSet's podManagementPolicy says."""
        self._look()
        for key in regions:
            pods = self.pods[key][: self.renderings[key].replicas]
            if self.renderings[key].parallel:
                for pod in pods:
                    pod.start()
            else:
                self._starting[key] = asyncio.create_task(self._one_by_one(pods))

    async def _one_by_one(self, pods: list[Pod]) -> None:
        for pod in pods:
            pod.start()
            await pod.become_ready()

    async def stop(self, *regions: str, graceful: bool = True) -> None:
        """Stop all pods of these regions at once."""
        for task in [self._starting.pop(key) for key in regions if key in self._starting]:
            task.cancel()
        await asyncio.gather(*(pod.stop(graceful=graceful) for key in regions for pod in self.pods[key]))

    async def remove(self, key: str) -> None:
        """End a region with its stores and load balancers, as if it had never been installed."""
        await self.stop(key)
        for pod in self.pods.pop(key):
            if pod.charge is not None:
                pod.charge.moved.empty_store()
        for item in (*self.balancers.pop(key, ()), *self._pod_names.pop(key, ())):
            await item.close()
        self.renderings = {other: item for other, item in self.renderings.items() if other != key}

    # --- cutting -------------------------------------------------------------------------------------------

    def cut(self, key: str) -> None:
        """Cut a region off: connections between it and the others are closed, and new ones are refused."""
        self.cut_off.add(key)
        owners = {pod.process.pid: region for region, pods in self.pods.items() for pod in pods if pod.process}

        for region, balancers in self.balancers.items():

            def crosses(link: Link, region: str = region) -> bool:
                holder = proc.holder(link.dialler, owners)
                return region == key or (holder is not None and owners[holder] == key)

            for item in balancers:
                item.cut(crosses)
        self.tell("links", key, "cut off")

    def reconnect(self, key: str) -> None:
        """Undo a cut."""
        self.cut_off.discard(key)
        self.tell("links", key, "connected again")

    def _may_pass(self, dialler: Endpoint, key: str) -> bool:
        if not self.cut_off:
            return True
        if key in self.cut_off:
            return False
        owners = {pod.process.pid: region for region in self.cut_off for pod in self.pods[region] if pod.process}
        return proc.holder(dialler, owners) is None

    def write_disks(self) -> None:
        """Send to the disks what the kernel still holds of the stores: they are as if they were old."""
        for disk in [pod.disk for pods in self.pods.values() for pod in pods if pod.disk is not None]:
            disk.write_all()

    async def cut_power(self, key: str) -> None:
        """Let all of a region's servers and their disks lose power at once, then start them from what is on the disks.

        All pods start together: they exist, so it is their kubelets that start them, and not the StatefulSet.
        """
        pods = self.pods[key][: self.renderings[key].replicas]
        for process in [pod.process for pod in pods if pod.process is not None]:
            process.send(signal.SIGKILL)
        for disk in [pod.disk for pod in pods if pod.disk is not None]:
            disk.stop()
        self.tell("data", key, "power cut")
        await asyncio.gather(*(pod.stop(graceful=False) for pod in pods))
        for pod in pods:
            pod.regain_power()

    # --- monitoring -------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._looking is None:
            self._looking = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.gather(*(self._ask(pod) for pods in self.pods.values() for pod in pods if pod.runs))
            pids = [pod.process.pid for pods in self.pods.values() for pod in pods if pod.process]
            self.memory = max(self.memory, proc.memory(pids))
            self._cpu |= {pid: used for pid in pids if (used := proc.cpu_seconds(pid)) is not None}
            await asyncio.sleep(LOOK)

    async def _ask(self, pod: Pod) -> None:
        port, scheme = self.renderings[pod.region].monitor or (8222, "HTTP")
        answers = await asyncio.gather(*(loopback.get(pod.address, port, path, scheme=scheme) for path in MONITORED))
        if pod.runs:
            pod.view = view_of(pod.server_name, *answers)
            self.tell_view(pod.name, pod.view)

    @property
    def cpu(self) -> float:
        """CPU seconds of all servers, as of the last poll before they ended."""
        return sum(self._cpu.values())

    def now(self) -> Snapshot:
        """A snapshot of the regions that run. Raises the error of a pod that could not be started."""
        for pod in (pod for region_pods in self.pods.values() for pod in region_pods):
            pod.raise_failure()
        running = {key: item for key, item in self.renderings.items() if any(pod.runs for pod in self.pods[key])}
        pods = tuple(pod.now() for key in running for pod in self.pods[key][: running[key].replicas])
        balancers = tuple(item.now() for region_pods in self.balancers.values() for item in region_pods)
        return Snapshot(self.seconds, running, pods, balancers, frozenset(self.cut_off), self.fresh)

    # --- clients -------------------------------------------------------------------------------------------

    def addresses(self) -> dict[str, str]:
        """The loopback addresses of the load balancers."""
        return {item.meaning.key: item.forwarder.listen.address for items in self.balancers.values() for item in items}

    def access(self, region: str, account: str = "") -> Access | str:
        """The login in nats.conf, and the temporary certificates."""
        rendering, pod = self.renderings[region], self.pods[region][0]
        known = user_of(rendering, pod.charge.moved.environment if pod.charge else {}, account, MADE_UP)
        if isinstance(known, str):
            return known
        folder = f"{pod.folder}/{CERTIFICATES}"
        has_tls = isinstance(rendering.conf.get("tls"), dict)
        return Access(known, (f"{folder}/tls.crt", f"{folder}/tls.key", f"{folder}/ca.crt") if has_tls else None)

    async def listeners(self, region: str) -> tuple[str, ...]:
        """The client ports of the region's pods."""
        running = [pod for pod in self.pods[region] if pod.runs]
        chosen = [pod for pod in running if pod.ready] or running
        return tuple(f"{pod.address}:{client_port(self.renderings[region])}" for pod in chosen)

    def serves(self, region: str, listener: str) -> bool:
        """Whether a pod with that address runs."""
        return any(pod.address == listener.rpartition(":")[0] and pod.runs for pod in self.pods[region])

    async def close(self) -> None:
        """End everything, in whatever state it is."""
        tasks = [*self._starting.values(), *([self._looking] if self._looking is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await asyncio.gather(*(pod.stop(graceful=False) for pods in self.pods.values() for pod in pods))
        for pod in (pod for pods in self.pods.values() for pod in pods):
            pod.end_disk()
        for balancers in (*self.balancers.values(), *self._pod_names.values()):
            for item in balancers:
                await item.close()
        if self.name_servers is not None:
            self.name_servers.close()

    def kill_now(self) -> None:
        """End every process without an event loop."""
        for pods in self.pods.values():
            for pod in pods:
                pod.kill_now()
