"""The acts that `rehearse` has no scenario for: they need the power switch, the DNS servers, or a mistake.

Each is a scenario as those of natsvalues/rehearsal/scenarios.py, on a stage on real clusters.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import nats
from nats.js.api import Placement, StreamConfig
from nats.js.errors import NotFoundError

from natsvalues.errors import NatsvaluesError
from natsvalues.outside import installing, user_programs
from natsvalues.rehearsal.cluster_stage import helm_words
from natsvalues.rehearsal.outcome import StreamFate
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.scenarios import PUBLISHERS, Scenario
from natsvalues.rehearsal.stage import HOLD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from nats.js import JetStreamContext
    from regions import Regions

    from natsvalues.outside.installing import Chart
    from natsvalues.rehearsal.cluster_stage import ClusterStage

    Play = Callable[[Regions, ClusterStage], Awaitable[None]]

ORDERS, MESSAGES = "ORDERS", 100
"""A stream of the user's, there before a supercluster is stuck."""
OUTAGE = 40.0
"""Seconds without a node, or without DNS: longer than a lease of a node, and than an answer of DNS is kept."""
SERVICE = "nats"
"""The chart's Service, in front of which the plain release has its load balancer."""


class ActError(Exception):
    """An act that could not be played."""


async def _plain_install(_: Regions, stage: ClusterStage) -> None:
    """The chart alone was installed just before: without natsvalues there is nothing to wait for but convergence."""
    stage.phase("first install of the chart alone")
    await stage.world.take(stage.steps[-1].renderings)
    await stage.converged()


async def _open_by_hand(_: Regions, stage: ClusterStage) -> None:
    """Send to pods that are not ready until all are, as a person does who wants to get out; then make a stream."""
    await stage.world.take(stage.steps[-1].renderings)
    stage.phase("load balancers send to all pods, by hand")
    await _publish_not_ready(stage, published=True)
    await stage.converged()
    region = stage.regions[0]
    async with _stream_api(stage, region) as api:
        placement = Placement(cluster=region)
        await api.add_stream(StreamConfig(name=ORDERS, subjects=[ORDERS], num_replicas=3, placement=placement))
        for number in range(MESSAGES):
            await api.publish(ORDERS, str(number).encode())
    await _publish_not_ready(stage, published=False)
    await stage.still_converged()


async def _publish_not_ready(stage: ClusterStage, *, published: bool) -> None:
    patch = json.dumps({"spec": {"publishNotReadyAddresses": published}})
    for region in stage.regions:
        await stage.world.kubectl(region, "patch", "service", SERVICE, "--type=merge", f"--patch={patch}")


async def _rescue(_: Regions, stage: ClusterStage) -> None:
    """`helm upgrade` with natsvalues, of a supercluster that is stuck, and nothing else."""
    stage.phase("helm upgrade with natsvalues")
    stage.world.fresh = False
    await stage.world.take(stage.steps[-1].renderings)
    await stage.upgrade_all(stage.steps[-1])
    await stage.converged()
    await stage.make_streams()
    await stage.check()
    stage.fates += (await _orders(stage),)


async def _orders(stage: ClusterStage) -> StreamFate:
    """What has become of the user's stream."""
    region = stage.regions[0]
    async with _stream_api(stage, region) as api:
        try:
            info = await api.stream_info(ORDERS)
        except NotFoundError:
            return StreamFate(ORDERS, region, MESSAGES, 0, MESSAGES, "gone", "the JetStream API does not know it")
    many, replicas = info.state.messages, info.config.num_replicas
    fate = "kept" if many == MESSAGES else "lost messages"
    return StreamFate(ORDERS, region, MESSAGES, many, MESSAGES - many, fate, f"{replicas} replicas")  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def _stream_api(stage: ClusterStage, region: str) -> AsyncIterator[JetStreamContext]:
    """JetStream in a region, for streams of the user's: those that the ledger makes are a rehearsal's."""
    client = await nats.connect(f"nats://{(await stage.world.listeners(region))[0]}")
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def _power_cut(regions: Regions, stage: ClusterStage) -> None:
    await stage.warm_up()
    stage.ledger.keep_publishing(PUBLISHERS)
    stage.phase("publishing before the power cut")
    await stage.hold(HOLD)
    stage.phase("power cut of all regions")
    await asyncio.to_thread(lambda: [regions.cut(region) for region in stage.regions])
    await asyncio.to_thread(lambda: [regions.power(region) for region in stage.regions])
    await asyncio.to_thread(lambda: [regions.wait(region) for region in stage.regions])
    await stage.converged()
    await stage.check()


async def _node_gone(regions: Regions, stage: ClusterStage) -> None:
    await stage.warm_up()
    stage.ledger.keep_publishing()
    stage.phase(f"the node of {stage.chosen} is gone")
    await asyncio.to_thread(regions.cut, stage.chosen)
    await stage.hold(OUTAGE)
    stage.phase(f"the node of {stage.chosen} is back")
    await asyncio.to_thread(regions.power, stage.chosen)
    await asyncio.to_thread(regions.wait, stage.chosen)
    await stage.converged()
    await stage.check()


async def _late_dns(_: Regions, stage: ClusterStage) -> None:
    await stage.warm_up()
    stage.phase("cold restart of all regions, without DNS")
    await _scale_dns(stage, 0)
    await stage.restart(*stage.regions)
    await stage.hold(OUTAGE)
    stage.phase("DNS answers")
    await _scale_dns(stage, 1)
    await stage.converged()
    await stage.check()


async def _scale_dns(stage: ClusterStage, replicas: int) -> None:
    for region in stage.regions:
        words = ("--namespace=kube-system", "scale", "deployment/coredns", f"--replicas={replicas}")
        await user_programs.output(
            [user_programs.kubectl(), *words, *stage.world.context_words(stage.world.sites[region].context)]
        )


async def _rollback(_: Regions, stage: ClusterStage) -> None:
    """An upgrade that restarts the pods, and back."""
    await stage.warm_up()
    stage.ledger.keep_publishing()
    region = stage.chosen
    changed = _values(stage, {"container": {"env": {"CHANGED": "true"}}})
    charts = charts_installed(stage)
    stage.phase(f"upgrade of {region}")
    more = charts[region]._replace(values=(*charts[region].values, changed))
    stage.installation = stage.installation and stage.installation._replace(charts=charts | {region: more})
    await stage.go_to(stage.steps[-1]._replace(renderings={region: stage.steps[-1].renderings[region]}))
    await stage.converged()
    stage.phase(f"helm rollback of {region}")
    await call_helm(stage, region, "rollback", stage.world.sites[region].release)
    await take_release(stage, region)
    await stage.rolled_out(region)
    await stage.converged()
    await stage.check()


async def _forgotten(_: Regions, stage: ClusterStage) -> None:
    """An upgrade without the post-renderer; one with it, which is refused; and the way back that the refusal names."""
    await stage.warm_up()
    stage.ledger.keep_publishing()
    region = stage.chosen
    site, chart = stage.world.sites[region], charts_installed(stage)[region]
    stage.phase(f"upgrade of {region} without the post-renderer")
    values = [word for path in chart.values for word in ("-f", path)]
    await call_helm(stage, region, "upgrade", site.release, chart.chart, *values)
    await stage.hold(OUTAGE)
    alone = stage.steps[-1]._replace(renderings={region: stage.steps[-1].renderings[region]})
    try:
        await stage.upgrade_all(alone)
    except NatsvaluesError as error:
        stage.world.note(f"the upgrade with natsvalues is refused: {error.message.splitlines()[0]}")
    else:
        raise ActError("the upgrade with natsvalues is not refused")
    stage.phase(f"helm rollback of {region}")
    await call_helm(stage, region, "rollback", site.release)
    await take_release(stage, region)
    await stage.rolled_out(region)
    await stage.converged()
    await stage.check()


def charts_installed(stage: ClusterStage) -> dict[str, Chart]:
    """The chart and values of each region. Raises ActError where the act installs nothing."""
    if stage.installation is None:
        raise ActError("this act needs a chart to install")
    return stage.installation.charts


def _values(stage: ClusterStage, values: dict[str, Any]) -> str:
    path = os.path.join(stage.folder, "more-values.yaml")
    with open(path, "w", encoding="ascii") as file:
        json.dump(values, file)
    return path


async def call_helm(stage: ClusterStage, region: str, *words: str, environment: dict[str, str] | None = None) -> str:
    """What helm prints, in a region's cluster and namespace."""
    program = installing.post_renderer(os.path.join(stage.folder, "plugins")).helm.program
    place = helm_words(stage.world.sites[region], stage.world.kubeconfig)
    return await user_programs.output([program, *words, *place], environment)


async def take_release(stage: ClusterStage, region: str, beside: str = "") -> None:
    """Expect what the release has now, and what is `beside` it."""
    text = await call_helm(stage, region, "get", "manifest", stage.world.sites[region].release)
    await stage.world.take({region: read_rendering(text + beside, "the release as it is now")})


_ACTS: dict[str, tuple[str, Play]] = {
    "plain-install": ("the chart alone, first install", _plain_install),
    "open-by-hand": ("the chart alone, with load balancers that are opened by hand", _open_by_hand),
    "rescue": ("an upgrade with natsvalues of a supercluster that is stuck", _rescue),
    "power-cut": ("the nodes of all regions lose their power", _power_cut),
    "node-gone": ("the node of one region is gone for a while", _node_gone),
    "late-dns": ("all pods start before DNS answers", _late_dns),
    "rollback": ("an upgrade of one region, and helm rollback", _rollback),
    "forgotten": ("an upgrade without the post-renderer, and helm rollback", _forgotten),
}


def scenarios(regions: Regions) -> dict[str, Scenario]:
    """The acts as scenarios, by name."""
    from delivery_acts import ACTS  # which uses what is here

    def of(name: str, summary: str, play: Play) -> Scenario:
        def run(stage: Any) -> Awaitable[None]:
            return play(regions, stage)

        return Scenario(name, summary, run)

    return {name: of(name, *act) for name, act in (_ACTS | ACTS).items()}
