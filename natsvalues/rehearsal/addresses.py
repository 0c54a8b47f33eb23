"""The loopback addresses of pods and load balancers, and which of them each name in the renderings resolves to.

Each pod and each load balancer has an address of its own, so the rendered ports stay. Pods of other regions are
reachable only through a load balancer: other names resolve to an address where nothing listens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.settings import gateway, remotes
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.rehearsal.balancing import Balancer
    from natsvalues.rehearsal.rendering import Rendering

_FIRST_BALANCER, _FIRST_NAME, _NAME_SERVERS, _NOBODY = 100, 180, 253, 254
_MOST_BALANCERS = 40
"""Of a region: a gateway has one, or one for each pod."""


class Place(NamedTuple):
    """An address on loopback, and what it represents."""

    address: str
    meaning: str


class Map(NamedTuple):
    """The addresses of one rehearsal; `net` is the second number of all of them."""

    net: int
    regions: tuple[str, ...]

    def pod(self, region: str, ordinal: int) -> str:
        """A pod's address."""
        return f"127.{self.net}.{self.regions.index(region) + 1}.{ordinal + 1}"

    def name(self, region: str, ordinal: int) -> str:
        """The address of a pod's DNS name, where that resolves at times only."""
        return f"127.{self.net}.{_FIRST_NAME + self.regions.index(region)}.{ordinal + 1}"

    def name_server(self, region: str) -> str:
        """The address of a region's DNS server."""
        return f"127.{self.net}.{_NAME_SERVERS}.{self.regions.index(region) + 1}"

    def balancer(self, region: str, number: int, further: int = 0) -> str:
        """An address of a region's load balancer with this number: the first, or a further one."""
        last = number + 1 + further * _MOST_BALANCERS
        return f"127.{self.net}.{_FIRST_BALANCER + self.regions.index(region)}.{last}"

    def unreachable(self, region: str) -> str:
        """The address, without a listener, for a region's addresses that other regions cannot reach."""
        return f"127.{self.net}.{_NOBODY}.{self.regions.index(region) + 1}"


class Layout(NamedTuple):
    """All regions' renderings and load balancers (with every name that resolves to them), and their addresses.

    `has_dns`: servers ask a DNS server for the names of pods and load balancers, so these stay.
    """

    map: Map
    renderings: dict[str, Rendering]
    balancers: dict[str, tuple[Balancer, ...]]
    has_dns: bool = False


def named_balancers(renderings: dict[str, Rendering]) -> dict[str, tuple[Balancer, ...]]:
    """Each region's load balancers, with every name that resolves to them.

    A name comes from the Service, from gateway.advertise, or from the remotes of another region. If several Services
    are possible, the one for the gateway alone is used: it comes first.
    """
    by_region: dict[str, tuple[Balancer, ...]] = {}
    for region, rendering in renderings.items():
        own = rendering.balancers
        taken = {host for balancer in own for host in balancer.hosts}
        extra: dict[int, list[str]] = {}
        for host in _said_of(rendering, renderings):
            if own and host not in taken:
                extra.setdefault(_meant(own, host), []).append(host)
        by_region[region] = tuple(
            balancer._replace(hosts=tuple(dict.fromkeys((*balancer.hosts, *extra.get(number, ())))))
            for number, balancer in enumerate(own)
        )
    return by_region


def _meant(own: tuple[Balancer, ...], host: str) -> int:
    """Which of a region's load balancers a host resolves to: with one for each pod, the one of the pod in its name."""
    by_pod = [number for number, item in enumerate(own) if len(item.pods) == 1 and item.pods[0] in host]
    return by_pod[0] if by_pod else 0


def _said_of(rendering: Rendering, renderings: dict[str, Rendering]) -> list[str]:
    advertised = gateway(rendering.conf).get("advertise")
    hosts = [host_port(str(advertised))[0]] if isinstance(advertised, str) else []
    for other in renderings.values():
        for remote in remotes(other.conf):
            if remote.name == rendering.gateway_name and other is not rendering:
                hosts += [host_port(url)[0] for url in remote.urls]
    return list(dict.fromkeys(hosts))


def host_port(text: str) -> tuple[str, str]:
    """Host and port of a url or of `host:port`; a missing part is empty."""
    rest = text.rpartition("://")[2].partition("/")[0].rpartition("@")[2]
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        return host, port.lstrip(":")
    host, colon, port = rest.rpartition(":")
    return (host, port) if colon else (rest, "")
