"""Changes of a load balancer's annotations: who can connect, at which address, and what its health check does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.annotations import effects
from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.services import is_load_balancer

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.annotations import Kind
    from natsvalues.diff.impact.context import Context

PROVIDERS = "read in the providers' documentation"


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
def load_balancer_becomes_external(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """An internal load balancer is made reachable from outside the network."""
    return _effect(context, item, change, "external")


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
def load_balancer_becomes_internal(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A load balancer is made unreachable from outside the network."""
    return _effect(context, item, change, "internal")


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
def dns_name_moves(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The host name that external-dns gives a load balancer changes."""
    return _effect(context, item, change, "name")


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
def load_balancer_address_may_change(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """An annotation changes that decides which load balancer or which address a Service gets."""
    return _effect(context, item, change, "address")


@impact(
    "DI425",
    "load-balancer-admits-more",
    "exposure",
    why="An annotation decides who may connect, or which ports the load balancer serves.",
    source=PROVIDERS,
    remedy="Name only the addresses from which the other regions come.",
    fails="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/load-balancer-source-ranges"]
service: {metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 192.0.2.0/24}}}
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 0.0.0.0/0}}}}""",
    passes="""\
service: {metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 0.0.0.0/0}}}
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 0.0.0.0/0, a: b}}}}""",
)
def load_balancer_admits_more(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """An annotation changes, and more clients may connect."""
    return _effect(context, item, change, "admits")


@impact(
    "DI426",
    "load-balancer-excludes",
    "outage",
    why="An annotation decides who may connect, or which ports the load balancer serves. Who is left out loses the "
    "connection.",
    source=PROVIDERS,
    remedy="Make sure that the addresses of every region's nodes are in the list.",
    fails="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/load-balancer-source-ranges"]
service: {metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 0.0.0.0/0}}}
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 192.0.2.0/24}}}}""",
    passes="""\
service: {metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 192.0.2.0/24}}}
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/load-balancer-source-ranges: 0.0.0.0/0}}}}""",
)
def load_balancer_excludes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """An annotation changes, and fewer clients may connect."""
    return _effect(context, item, change, "excludes")


@impact(
    "DI427",
    "load-balancer-breaks-gateways",
    "outage",
    why="Gateways read no PROXY header, and show each other their certificates from the first byte on.",
    source="run on nats-server 2.14.6; the providers' manuals",
    remedy="Remove the annotation from the gateway's Service.",
    fails="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-proxy-protocol"]
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: '*'}}}}""",
    passes="new: {service: {metadata: {annotations: {example.com/owner: team-a}}}}",
)
def load_balancer_breaks_gateways(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """PROXY protocol or TLS is switched on or off at the load balancer."""
    return _effect(context, item, change, "breaks")


@impact(
    "DI428",
    "health-check-fails",
    "outage",
    why="A load balancer sends to no server that fails its health check.",
    source=PROVIDERS,
    remedy="Check a path that needs no leader, such as /healthz?js-server-only=true, on the monitoring port.",
    fails="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-healthcheck-port"]
new:
  service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-port: traffic-port}}}""",
    passes="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval"]
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval: "20"}}}}""",
)
def health_check_fails(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The load balancer's health check changes, and no server can pass it."""
    return _effect(context, item, change, "checkFails")


@impact(
    "DI429",
    "health-check-changes",
    "reload",
    why="The controller configures the load balancer anew; connections stay as long as servers pass the check.",
    source=PROVIDERS,
    fails="""\
at: Service/nats-gateway:metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval"]
new: {service: {metadata: {annotations: {service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval: "20"}}}}""",
    passes="new: {service: {metadata: {annotations: {example.com/owner: team-a}}}}",
)
def health_check_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The load balancer's health check changes."""
    return _effect(context, item, change, "checkChanges")


def _effect(context: Context, item: ObjectDiff, change: Change, kind: Kind) -> str | None:
    """The message about an effect of this kind that a change of a load balancer's annotation has; None without one."""
    if item.key.kind != "Service" or item.key.group or change.path[:2] != ("metadata", "annotations"):
        return None
    before, after = item.before, item.after
    if before is None or after is None or len(change.path) < 3 or not is_load_balancer(after):  # noqa: PLR2004 - one annotation
        return None
    of_change = effects(before, after, str(change.path[2]), context.of_service(item))
    return next((effect.reason for effect in of_change if effect.kind == kind), None)


IMPACTS = (
    load_balancer_becomes_external,
    load_balancer_becomes_internal,
    dns_name_moves,
    load_balancer_address_may_change,
    load_balancer_admits_more,
    load_balancer_excludes,
    load_balancer_breaks_gateways,
    health_check_fails,
    health_check_changes,
)
