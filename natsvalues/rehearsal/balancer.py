"""A running load balancer: a forwarder, and the health checks that decide on its backends."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING

from natsvalues.outside import loopback
from natsvalues.outside.forwarder import Endpoint, Forwarder
from natsvalues.providers.refused import PROXY
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.balancing import Balancer, Check, Target, backends, checked, endpoints
from natsvalues.rehearsal.machine import taken
from natsvalues.rehearsal.snapshot import BalancerNow

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.outside.forwarder import Link, Opening
    from natsvalues.rehearsal.pod import Pod
    from natsvalues.rehearsal.timeline import Record

_LOOK = 0.1  # seconds between two updates of the backends in the timeline
_OK = range(200, 400)


class Region(NamedTuple):
    """The current pods by name, and whether a client may reach the load balancer, so that a region can be cut off."""

    pods: Callable[[], dict[str, Pod]]
    may_pass: Callable[[Endpoint], bool]


class LoadBalancer:
    """Forwards to the pods of a region, according to its Service and the state of the pods."""

    def __init__(self, meaning: Balancer, addresses: tuple[str, ...], region: Region, record: Record) -> None:
        self.meaning = meaning
        breaks = meaning.breaks
        opening: Opening = "none" if breaks is None else "PROXY header" if breaks.why == PROXY else "TLS or HTTP"
        self.forwarder = Forwarder(Endpoint(addresses[0], meaning.port), self._choose, opening, addresses[1:])
        self.admits_all = False
        self.arrived = False
        self._pods = region.pods
        self._may_pass = region.may_pass
        self._tell = record.tell
        self._scale = record.scale
        self._targets: dict[str, Target] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Start forwarding and checking. Raises NatsvaluesError (NV-R032) if another program has the port."""
        await self._listen()
        self.arrived = True
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._watch())]
            if self.meaning.check is not None:
                self._tasks += [asyncio.create_task(self._check(pod, self.meaning.check)) for pod in self.meaning.pods]

    async def _listen(self) -> None:
        """Listen while the Service has endpoints, and refuse connections while it has none."""
        if not (self._backends() or endpoints(self.meaning, self._current_targets())):
            self.forwarder.refuse()
            return
        try:
            await self.forwarder.open()
        except OSError:
            raise taken(*self.forwarder.listen) from None

    async def close(self) -> None:
        """Stop everything; further connections are refused."""
        self.arrived = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self.forwarder.close()

    def cut(self, ends: Callable[[Link], bool]) -> None:
        """End the connections for which `ends` is true."""
        self.forwarder.cut(ends)

    def now(self) -> BalancerNow:
        """The load balancer as plain values. Raises the error that ended it, if any."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
        meaning, targets = self.meaning, self._current_targets()
        check = meaning.check
        return BalancerNow(
            meaning.key, meaning.region, f"{meaning.address}:{meaning.port}", meaning.publish_not_ready, self.arrived,
            self._backends(), endpoints(meaning, targets), len(meaning.pods), self.forwarder.refused,
            f"{check.scheme} {check.path} on {check.port}" if check else "",
            meaning.breaks.sentence if meaning.breaks else "",
        )  # fmt: skip

    def _current_targets(self) -> tuple[Target, ...]:
        """The region's pods, with the results of the checks so far."""
        targets = []
        for name, pod in self._pods().items():
            known = self._targets.get(name, Target(name, exists=False, ready=False))
            targets.append(known._replace(exists=pod.exists, ready=pod.ready))
        return tuple(targets)

    def _backends(self) -> tuple[str, ...]:
        if self.admits_all:
            return tuple(target.pod for target in self._current_targets() if target.exists)
        return backends(self.meaning, self._current_targets())

    def _choose(self, dialler: Endpoint) -> Endpoint | None:
        chosen = self._backends()
        if not chosen or not self._may_pass(dialler):
            return None
        return Endpoint(self._pods()[random.choice(chosen)].address, self.meaning.target)  # noqa: S311   # no secret

    async def _watch(self) -> None:
        while True:
            await self._listen()
            self._tell("balancer", self.meaning.key, f"{len(self._backends())} of {len(self.meaning.pods)}")
            await asyncio.sleep(_LOOK)

    async def _check(self, name: str, check: Check) -> None:
        while True:
            pod = self._pods().get(name)
            well = False
            if pod is not None and pod.exists:
                if check.path:
                    answer = await loopback.get(pod.address, check.port, check.path, scheme=check.scheme)
                    well = answer.status in _OK
                else:
                    well = await loopback.accepts(pod.address, check.port)
            known = self._targets.get(name, Target(name, exists=True, ready=False))
            self._targets[name] = checked(known, check, well=well)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(check.interval / self._scale)
                continue
            return
