"""Addresses as servers and load balancers write them: `nats://host:port`, and which networks reach a host."""

from __future__ import annotations

import re
from functools import lru_cache

from natsvalues.records import NamedTuple
from natsvalues.text.hosts import endpoint, is_address, same

_URL = re.compile(r"(?:[\w+.-]+://)?(?:[^/]*@)?(\[[^\]@]*\]|[^@:/\s\[\]]+)(?::(\d+))?/?\Z")
_CLUSTER_NAMES = re.compile(r"(?:.*\.)?(?:svc|cluster\.local|localhost)\Z")


class Endpoint(NamedTuple):
    """A host and a port; `port` is None where none was written. User information is never kept."""

    host: str
    port: int | None

    def __str__(self) -> str:
        return endpoint(self.host, self.port) if self.port is not None else self.host

    def matches(self, other: Endpoint, default: int) -> bool:
        """Whether both mean the same address, `default` being the port of one that has none."""
        return same(self.host) == same(other.host) and (self.port or default) == (other.port or default)


@lru_cache(maxsize=4096)  # every region dials every other at the same address
def read_endpoint(text: str) -> Endpoint | None:
    """Read `nats://user@host:port`, `host:port` or a host; None for anything else."""
    match = _URL.match(text.strip())
    if not match:
        return None
    return Endpoint(match[1].strip("[]"), int(match[2]) if match[2] else None)


def stays_inside(host: str) -> bool:
    """Whether a host means something only inside one cluster or machine: Service names, loopback, 0.0.0.0."""
    if not is_address(host):
        return bool(_CLUSTER_NAMES.match(same(host))) or "." not in host.rstrip(".")
    from ipaddress import ip_address  # few hosts are addresses

    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or address.is_link_local


def is_private(host: str) -> bool:
    """Whether a host is an address of a private network, which only peered networks reach."""
    if not is_address(host) or stays_inside(host):
        return False
    from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network  # as above

    try:
        address = ip_address(host)
    except ValueError:
        return False
    ranges = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
    networks: list[IPv4Network | IPv6Network] = [ip_network(text) for text in ranges]
    return any(address.version == network.version and address in network for network in networks)
