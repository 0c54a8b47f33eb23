"""What is said of a region's load balancers: from its record, as everything that is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.doctor.clouds.health import APPLIED, LEADER
from natsvalues.doctor.clouds.judged import TARGETS, judged
from natsvalues.doctor.clouds.seen import Sought, cloud_seen_in
from natsvalues.doctor.clouds.verdict import Servers
from natsvalues.manifests.chart import MONITOR_PORT, container_ports
from natsvalues.records import NamedTuple
from natsvalues.rehearsal.cluster_objects import address_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.doctor.clouds.seen import CloudSeen
    from natsvalues.doctor.clouds.verdict import Verdict
    from natsvalues.doctor.live import Live

_SHOWN = (LEADER, APPLIED, TARGETS)
"""What the item about the health check tells, in this order."""


class Judged(NamedTuple):
    """A Service's load balancer: what was seen of it, and what is said of it."""

    service: str
    seen: CloudSeen
    verdicts: tuple[Verdict, ...]

    @property
    def effective(self) -> str:
        """What is effective, in one line."""
        texts = [verdict.message for name in _SHOWN for verdict in self.verdicts if verdict.id == name]
        return "; ".join(dict.fromkeys(texts)) or "no health check was seen"

    @property
    def place(self) -> str:
        """Where it was seen, such as `aws, region us-east-1: load balancer a`."""
        place = ", ".join(filter(None, (self.seen.cloud, self.seen.place)))
        return f"{place}: load balancer {self.seen.balancer.name}" if self.seen.balancer else place

    @property
    def unknown(self) -> str:
        """Why the health check is not known; empty if it is."""
        shown = [verdict for verdict in self.verdicts if verdict.id in _SHOWN]
        lacks = [verdict for verdict in shown or self.verdicts if verdict.status == "unknown" or not shown]
        return lacks[0].message if lacks else ""


def sought_of(live: Live, service: str) -> Sought:
    """What identifies a Service's load balancer, as it was seen."""
    nodes = live.seen.about.get("nodes", ())
    ids = tuple(str(item["provider"]) for item in nodes if item.get("provider"))
    return Sought(address_of(live.object_of("services", service)), ids)


def load_balancers(live: Live) -> Iterator[Judged]:
    """Every load balancer about which a cloud was asked."""
    for name, content in live.seen.balancers.items():
        service = live.object_of("services", name)
        if service is not None:
            seen = cloud_seen_in(content)
            yield Judged(name, seen, judged(service, sought_of(live, name), seen, _servers(live)))


def _servers(live: Live) -> Servers:
    cluster = live.cluster
    monitor = live.rendering.monitor[0] if live.rendering.monitor else MONITOR_PORT
    ports = container_ports(cluster.container)
    return Servers(cluster.version, cluster.listen, monitor, ports, cluster.state.is_clustered)
