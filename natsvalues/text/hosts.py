"""Hosts as overlays give them: DNS names and addresses, alone and with a port."""

from __future__ import annotations

import re

POD = "{pod}"
"""The placeholder for the pod's name in the host of a region with a load balancer for each pod."""
_LOOKS_LIKE_IPV4 = re.compile(r"[\d.]+\Z")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_IPV4_BLOCK = re.compile(rf"(?:{_BYTE}\.){{3}}{_BYTE}/(?:3[0-2]|[12]?[0-9])\Z")
_DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?\.?)+\Z")


def endpoint(host: str, port: int) -> str:
    """`host:port`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_address(host: str) -> bool:
    """Whether the host has the form of an IP address, not of a name."""
    return ":" in host or bool(_LOOKS_LIKE_IPV4.match(host))


def is_valid(host: str) -> bool:
    """Whether the host is a DNS name or an address that exists."""
    if not is_address(host):
        return bool(_DNS_NAME.match(host))
    from ipaddress import ip_address  # costs 2 ms, and few hosts are addresses

    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_block(text: str) -> bool:
    """Whether the text is a CIDR block, which the API server requires for source ranges."""
    if _IPV4_BLOCK.match(text):
        return True
    from ipaddress import ip_network  # as above

    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def same(host: str) -> str:
    """A normalized spelling, the same for equal hosts."""
    return host.lower().rstrip(".")
