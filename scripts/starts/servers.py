"""Real servers for renderings: start them on loopback, wait until they form their group, and ask what they are."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from natsvalues.outside import loopback, processes
from natsvalues.rehearsal.convergence import missing
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.world import World

if TYPE_CHECKING:
    from natsvalues.rehearsal.pod import Pod

SCALE = 20.0
STEADY = 0.8
ENDINGS = 2
"""A server that ended so often will not stay up."""
Texts = dict[str, str]


class Server(NamedTuple):
    """What one server says of itself; `login` is what an anonymous client is told."""

    region: str
    name: str
    cluster: str
    gateway: str
    jetstream: bool
    size: int
    routes: int
    gateways: tuple[str, ...]
    login: str


class Seen(NamedTuple):
    """`lacking` is what was missing at the end, empty if all converged; `fatal` what a server said as it ended."""

    lacking: tuple[str, ...]
    fatal: str
    servers: tuple[Server, ...]
    seconds: float

    @property
    def reason(self) -> str:
        """Why it did not converge, as one line."""
        return self.fatal or "; ".join(self.lacking)


def boot(steps: tuple[Texts, ...], patience: float) -> Seen:
    """Start the first step's regions with empty stores, then take each region of the later steps in order, rolling."""
    return asyncio.run(_in_world(steps, patience))


def boot_one(text: str, patience: float) -> Seen:
    """Start the first pod alone: whether the server takes the configuration, and what it is."""
    return asyncio.run(_in_world(({"unedited": text},), patience, alone=True))


async def _in_world(steps: tuple[Texts, ...], patience: float, *, alone: bool = False) -> Seen:
    regions = tuple(dict.fromkeys(region for step in steps for region in step))
    claim = loopback.Claim()
    began = time.monotonic()
    try:
        with processes.scratch(None) as folder:
            world = World(regions, folder, claim.net, SCALE)
            try:
                lacking = await (_alone(world, steps[0], patience) if alone else _steps(world, steps, patience))
                fatal = _fatal(world) if lacking else ""
                servers = () if lacking else tuple([await _asked(world, pod) for pod in _pods(world) if pod.runs])
            finally:
                await world.close()
                world.kill_now()
    finally:
        claim.close()
    return Seen(lacking, fatal, servers, round(time.monotonic() - began, 1))


async def _steps(world: World, steps: tuple[Texts, ...], patience: float) -> tuple[str, ...]:
    first, *later = steps
    await _take(world, first)
    await world.open_balancers(*first)
    await world.start(*first)
    lacking = await _until_whole(world, patience)
    for step in later:
        for region, text in step.items():
            if lacking:
                return lacking
            before = world.renderings[region]
            await _take(world, {region: text})
            await world.open_balancers(region)
            if before.template != world.renderings[region].template:
                lacking = await _roll(world, region, patience)
        lacking = lacking or await _until_whole(world, patience)
    return lacking


async def _alone(world: World, texts: Texts, patience: float) -> tuple[str, ...]:
    await _take(world, texts)
    (pod, *_) = _pods(world)
    world._look()  # noqa: SLF001   # starting one pod alone is no scenario
    pod.start()
    end = time.monotonic() + patience
    while time.monotonic() < end:
        world.now()
        if _fatal(world):
            break
        if pod.view.status:
            return ()
        await asyncio.sleep(0.1)
    return (f"{pod.name} does not answer",)


async def _take(world: World, texts: Texts) -> None:
    await world.take(
        {region: read_rendering(text, f"{region}.yaml")._replace(region=region) for region, text in texts.items()}
    )
    for pod in _pods(world):
        if pod.charge is not None:  # JetStream without a store_dir is kept there
            pod.charge.moved.environment["TMPDIR"] = os.path.join(pod.folder, "tmp")
            os.makedirs(os.path.join(pod.folder, "tmp"), exist_ok=True)


async def _roll(world: World, region: str, patience: float) -> tuple[str, ...]:
    for pod in reversed(world.pods[region][: world.renderings[region].replicas]):
        await pod.stop()
        pod.start()
        end = time.monotonic() + patience
        while not pod.ready:
            world.now()
            if time.monotonic() > end or _fatal(world):
                return (f"{pod.name} is not ready: {pod.view.reason}", *missing(world.now()))
            await asyncio.sleep(0.1)
    return ()


async def _until_whole(world: World, patience: float) -> tuple[str, ...]:
    """What is still missing after some time; empty once nothing is, and stays so."""
    end, since = time.monotonic() + patience, None
    while True:
        lacking = missing(world.now())
        clock = time.monotonic()
        since = None if lacking else since or clock
        if since is not None and clock - since >= STEADY:
            return ()
        if lacking and (clock > end or _fatal(world)):
            return lacking
        await asyncio.sleep(0.1)


def _pods(world: World) -> list[Pod]:
    return [pod for pods in world.pods.values() for pod in pods]


def _fatal(world: World) -> str:
    """What a server said that ended again and again; of more than one the first."""
    for pod in _pods(world):
        if pod.container.restarts >= ENDINGS and pod.exit_code is not None:
            return pod.troubles.get("fatal", f"{pod.name} ended with exit code {pod.exit_code}")
    return ""


async def _asked(world: World, pod: Pod) -> Server:
    port, scheme = world.renderings[pod.region].monitor or (8222, "HTTP")
    texts = await asyncio.gather(
        *(loopback.get(pod.address, port, path, scheme=scheme) for path in ("/varz", "/jsz", "/routez", "/gatewayz"))
    )
    general, store, routes, links = (_table(answer.body) for answer in texts)
    return Server(
        pod.region,
        str(general.get("server_name") or ""),
        str((general.get("cluster") or {}).get("name") or ""),
        str((general.get("gateway") or {}).get("name") or ""),
        bool(store) and not store.get("disabled"),
        int((store.get("meta_cluster") or {}).get("cluster_size") or 0),
        len({route.get("remote_name") for route in routes.get("routes") or ()}),
        tuple(sorted(links.get("outbound_gateways") or {})),
        await _login(pod.address, int(general.get("port") or 4222)),
    )


def _table(body: str) -> dict[str, Any]:
    try:
        table = json.loads(body)
    except ValueError:
        return {}
    return table if isinstance(table, dict) else {}


async def _login(address: str, port: int) -> str:
    """What an anonymous client is told: `in`, `TLS`, or the server's error."""
    try:
        async with asyncio.timeout(3):
            reader, writer = await asyncio.open_connection(address, port)
            try:
                greeting = _table((await reader.readline()).decode().removeprefix("INFO "))
                if greeting.get("tls_required"):
                    return "TLS"
                writer.write(b'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
                return _first_word(await reader.readline())
            finally:
                writer.transport.abort()
    except (TimeoutError, OSError) as error:
        return type(error).__name__


def _first_word(line: bytes) -> str:
    text = line.decode().strip()
    return "in" if text == "PONG" else text
