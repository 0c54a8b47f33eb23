"""Which cloud has a Service's load balancer, and what its tool says of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from natsvalues.doctor.clouds import aws, azure, gcp, openshift
from natsvalues.doctor.clouds.of_region import sought_of
from natsvalues.doctor.clouds.seen import content_of
from natsvalues.doctor.live import KINDS, live_of
from natsvalues.manifests.services import is_load_balancer
from natsvalues.outside.cloud_cli import CloudCli

if TYPE_CHECKING:
    from natsvalues.doctor.clouds.seen import CloudSeen, Sought
    from natsvalues.doctor.live import Live
    from natsvalues.doctor.seen import RegionSeen
    from natsvalues.outside.cloud_cli import Ask

_BY_NODE = ((aws.is_node, aws.look), (gcp.is_node, gcp.look), (azure.is_node, azure.look))


async def ask_every_cloud(regions: list[RegionSeen], words: list[str]) -> None:
    """Ask about all regions beside each other; `words` are kubectl's options for all of them."""
    cli = CloudCli()
    readable = [seen for seen in regions if not seen.unseen.keys() & {"cluster", "nats", *KINDS}]
    await asyncio.gather(
        *(
            asyncio.to_thread(ask_clouds, live_of(seen), cli.ask, (f"--context={seen.context}", *words))
            for seen in readable
        )
    )


def ask_clouds(live: Live, ask: Ask, words: tuple[str, ...] = ()) -> None:
    """Note in a region's record what its cloud has for each Service of the gateway, or why that is not known.

    `words` are the options with which `oc` finds the cluster.
    """
    seen = live.seen
    services = [item for item in live.cluster.balancers if is_load_balancer(item.value)]
    for service in services:
        name = service.key.name
        sought = sought_of(live, name)
        if not sought.address:
            continue  # a finding of its own
        answer = look_up(sought, ask)
        if answer is None:
            seen.unseen[f"cloud: Service {name}"] = _no_tool(sought)
        else:
            seen.balancers[name] = content_of(answer)
    if not live.cluster.balancers:
        for service in live.cluster.services:
            if "gateway" in live.cluster.roles(service):
                route = openshift.look(seen.namespace, service.key.name, words, ask)
                if route.balancer is not None:
                    seen.balancers[service.key.name] = content_of(route)


def look_up(sought: Sought, ask: Ask) -> CloudSeen | None:
    """What the cloud of this address, or else that of the nodes, has for it; None for a cloud without a known tool."""
    if aws.is_address(sought.address):
        return aws.look(sought, ask)
    for is_node, look in _BY_NODE:
        if any(map(is_node, sought.provider_ids)):
            return look(sought, ask)
    return None


def _no_tool(sought: Sought) -> str:
    clouds = sorted({item.partition(":")[0] for item in sought.provider_ids})
    nodes = f"the nodes' providerID starts with {', '.join(clouds)}" if clouds else "no providerID of a node was seen"
    return f"no tool is known for the load balancer at {sought.address}: {nodes}"
