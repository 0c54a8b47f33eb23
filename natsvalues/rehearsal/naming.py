"""DNS as clusters have it: names that are not there yet, answers that stay when they are not true, several addresses.

Each region has a DNS server of its own. It knows the pods by the headless Service, and every load balancer that is
there by all of its names. It keeps each answer, also that there is no such name, for the ttl from when it was asked.

facts: CoreDNS keeps both for the `ttl` of its plugin kubernetes: asked 2 s before a name existed, it had it 28 s after
(`ttl 30`), 3 s after (`ttl 5`), at once (`disable denial`) (1.14.6). A headless name without a pod is none.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from natsvalues.outside.name_server import PORT, NameServer
from natsvalues.outside.own_names import with_resolver
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.machine import taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from natsvalues.rehearsal.pod import Pod
    from natsvalues.rehearsal.world import World

PUBLISHED = 1.0
"""Seconds from a container's start until its pod's name is there.

facts: a kubelet looks at its containers once a second, and reports the pod's address then; servers on Kubernetes 1.37
asked before. Not scaled, as a server's first questions are not.
"""


class Dns(NamedTuple):
    """Seconds for which DNS keeps an answer, and how many addresses the name of a load balancer has."""

    ttl: float = 0
    addresses: int = 1

    @property
    def words(self) -> str:
        """What reports say."""
        many = f"{self.addresses} addresses" if self.addresses > 1 else "one address"
        return f"DNS was played: it keeps answers for {self.ttl:g} s, and a load balancer's name has {many}"


class Kept(NamedTuple):
    """An answer, and since when it is kept."""

    since: float
    addresses: tuple[str, ...]


class NameServers:
    """The DNS servers of one rehearsal. With `at_once` answers are true, and pods are named whatever they are."""

    def __init__(self, world: World, dns: Dns, folder: str) -> None:
        self.dns = dns
        self.at_once = False
        self._world = world
        self._folder = folder
        self._servers: dict[str, NameServer] = {}
        self._kept: dict[tuple[str, str], Kept] = {}

    async def open(self, region: str) -> Callable[[], None]:
        """Let a region have its DNS server; what makes a new process use it. Raises NatsvaluesError (NV-R032)."""
        if region not in self._servers:
            address = self._world.map.name_server(region)
            server = NameServer(address, lambda name: self.look_up(region, name, time.monotonic()))
            try:
                await server.open()
            except OSError:
                raise taken(address, PORT) from None
            self._servers[region] = server
        return with_resolver(self._resolver(region))

    def _resolver(self, region: str) -> str:
        """A file as a kubelet writes it for the pods of a region."""
        path = os.path.join(self._folder, f"{region}-resolv.conf")
        namespace = self._world.renderings[region].nats.namespace or "default"
        domains = f"{namespace}.svc.cluster.local svc.cluster.local cluster.local"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"nameserver {self._world.map.name_server(region)}\nsearch {domains}\noptions ndots:5\n")
        return path

    def close(self) -> None:
        """Stop all."""
        for server in self._servers.values():
            server.close()

    def look_up(self, region: str, name: str, now: float) -> tuple[str, ...]:
        """The answer of a region's server: kept or new; the addresses of pods that are gone are those of nobody."""
        if self.at_once:
            self._kept.clear()
            return self._true(region, name, now)
        kept = self._kept.get((region, name))
        if kept is None or now - kept.since >= self.dns.ttl:
            kept = self._kept[region, name] = Kept(now, self._true(region, name, now))
        newer = {pod.address for pods in self._world.pods.values() for pod in pods if pod.began > kept.since}
        nobody = self._world.map.unreachable(region)
        return tuple(dict.fromkeys(nobody if address in newer else address for address in kept.addresses))

    def _true(self, region: str, name: str, now: float) -> tuple[str, ...]:
        labels = name.split(".")
        if "svc" not in labels:
            return tuple(self._of_balancers(name))
        own = labels[: max(labels.index("svc") - 1, 0)]  # without the namespace
        rendering = self._world.renderings[region]
        if own[-1:] != [str(rendering.state.spec.get("serviceName"))]:
            return ()
        pods = dict(zip(rendering.pods, self._world.pods[region], strict=False))
        return tuple(
            pod.address
            for key, pod in pods.items()
            if own[:-1] in ([], [key]) and self._is_named(pod, now, hides=rendering.state.hiding is not None)
        )

    def _is_named(self, pod: Pod, now: float, *, hides: bool) -> bool:
        if self.at_once or not pod.exists:
            return pod.exists
        return now - pod.began >= PUBLISHED and (pod.ready or not hides)

    def _of_balancers(self, name: str) -> Iterator[str]:
        for items in self._world.balancers.values():
            for item in items:
                if item.arrived and name in item.meaning.hosts:
                    yield from item.forwarder.addresses
