"""Services: annotations by which a provider decides who reaches a load balancer, and at which address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.diff.impact.context import is_load_balancer
from natsvalues.diff.impact.declaration import impact

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context

PROVIDERS = "read in the providers' documentation"
# By the end of the annotation's name: the value that means "inside only" in the providers' own spelling.
_INSIDE_ONLY = {
    "aws-load-balancer-scheme": ("internal",),
    "aws-load-balancer-internal": ("true", "0.0.0.0/0"),
    "azure-load-balancer-internal": ("true",),
    "load-balancer-type": ("internal",),
    "oci-load-balancer-internal": ("true",),
    "oraclecloud.com/internal": ("true",),
    "openstack-internal-load-balancer": ("true",),
    "do-loadbalancer-network": ("internal",),
    "loadbalancer-address-type": ("intranet",),
    "disable-public-network": ("true",),
}
_DEFAULTS_INSIDE = ("aws-load-balancer-scheme",)
"""Annotations whose absence means "inside only" too (the AWS controller's default)."""
_ADDRESS = (
    "eip-allocations", "private-ipv4-addresses", "load-balancer-ip", "loadBalancerIPs", "ipam.ips", "load-balancer-ips",
    "load-balancer-subnets", "load-balancer-name", "load-balancer-type", "nlb-target-type", "address-pool",
    "pip-name", "public-ip", "load-balancer-internal-subnet", "reserved-ips", "loadbalancer-id", "load-balancer-id",
)  # fmt: skip
"""Parts of annotation names that decide which address, or which load balancer, a Service gets."""
_CONTROLLERS = ("kubernetes.io/", "k8s.aws", "cilium.io", "metallb", "kube-vip", "openstack", "linode", "hetzner")


@impact(
    "DI421",
    "load-balancer-becomes-external",
    "exposure",
    why="Whoever reaches the provider's network can connect. Most controllers create a new load balancer for that, "
    "with another address.",
    source=PROVIDERS,
    remedy="Decide this before a region is set up, or move the DNS name afterwards.",
    fails="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"]
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}}}}""",
    passes="""\
service: {spec: {type: ClusterIP}}
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}}}}""",
)
def load_balancer_becomes_external(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """An internal load balancer is made reachable from outside the network."""
    return _annotation(item, change, "external")


@impact(
    "DI422",
    "load-balancer-becomes-internal",
    "outage",
    why="Whoever connects from outside the network loses the connection. Most controllers create a new load balancer "
    "for that, with another address.",
    source=PROVIDERS,
    remedy="Make sure first that every region has a route to it.",
    fails="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"]
old: {service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}}}}""",
    passes="""\
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}}}}""",
)
def load_balancer_becomes_internal(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """A load balancer is made unreachable from outside the network."""
    return _annotation(item, change, "internal")


@impact(
    "DI423",
    "dns-name-moves",
    "outage",
    why="external-dns removes the old name and creates the new one. Whoever connects to the old name fails.",
    source="read in external-dns",
    remedy="Keep the old name until no region connects to it.",
    fails="""\
at: Service/nats-gateway:metadata.annotations["external-dns.kubernetes.io/hostname"]
service: {metadata: {annotations: {external-dns.kubernetes.io/hostname: a.example.com}}}
new: {service: {metadata: {annotations: {external-dns.kubernetes.io/hostname: b.example.com}}}}""",
    passes="""\
service: {metadata: {annotations: {external-dns.kubernetes.io/ttl: "60"}}}
new: {service: {metadata: {annotations: {external-dns.kubernetes.io/ttl: "30"}}}}""",
)
def dns_name_moves(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """The host name that external-dns gives a load balancer changes."""
    return _annotation(item, change, "name")


@impact(
    "DI424",
    "load-balancer-address-may-change",
    "outage",
    why="The annotation decides which load balancer or which address the Service gets. With another address whoever "
    "connects to the old one fails.",
    source=PROVIDERS,
    remedy="Check the address afterwards, and move the DNS name.",
    fails="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-eip-allocations"]
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-eip-allocations: eip-1}}}}""",
    passes="""\
new: {service: {metadata: {annotations: {example.com/owner: team-a}}}}""",
)
def load_balancer_address_may_change(_: Context, item: ObjectDiff, change: Change) -> str | None:
    """An annotation changes that decides which load balancer or which address a Service gets."""
    return _annotation(item, change, "address")


def _annotation(
    item: ObjectDiff, change: Change, kind: Literal["external", "internal", "name", "address"]
) -> str | None:
    """What a change of a load balancer's annotation does, if it is of this kind."""
    if item.key.kind != "Service" or item.key.group or change.path[:2] != ("metadata", "annotations"):
        return None
    if item.before is None or len(change.path) < 3 or not is_load_balancer(item.after or {}):  # noqa: PLR2004 - one annotation
        return None
    meaning, message = _meaning(str(change.path[2]), change)
    return message if meaning == kind else None


def _meaning(name: str, change: Change) -> tuple[str, str]:
    """The kind of consequence that a change of this annotation has, and its message; both empty for none."""
    for ending, words in _INSIDE_ONLY.items():
        if name.endswith(ending):
            was, is_to_be = (_inside(ending, given, words) for given in (change.before, change.after))
            if was and not is_to_be:
                return "external", (
                    "the load balancer becomes reachable from outside the network; most controllers create a new one "
                    "for that, with another address"
                )
            if is_to_be and not was:
                return "internal", (
                    "the load balancer is no longer reachable from outside the network, and most controllers create a "
                    "new one for that, with another address"
                )
    if name.startswith("external-dns.") and name.endswith("/hostname"):
        return "name", f"the DNS name moves from `{change.before or 'none'}` to `{change.after or 'none'}`"
    if any(part in name for part in _ADDRESS) and any(part in name for part in _CONTROLLERS):
        return "address", f"`{name}` decides which load balancer or address the Service gets: it may be another"
    return "", ""


def _inside(ending: str, given: Any, words: tuple[str, ...]) -> bool:
    if given is None:
        return ending in _DEFAULTS_INSIDE
    return str(given).lower() in words


IMPACTS = (
    load_balancer_becomes_external,
    load_balancer_becomes_internal,
    dns_name_moves,
    load_balancer_address_may_change,
)
