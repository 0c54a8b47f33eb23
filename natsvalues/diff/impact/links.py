"""Who may connect: TLS and passwords between gateways, and for clients.

facts: run on 2.12.8 and 2.14.6 with two gateways. With TLS on one side only there is no link in either direction;
with a user and password on one side only the link is one-way, and health checks do not show it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.settings import dials_others

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context

SOURCE = "run on nats-server 2.12.8 and 2.14.6"
_GUARDS = frozenset(("authorization", "tls"))
"""What keeps others from connecting, or from listening in."""
_LISTENERS = frozenset(("gateway", "cluster", "leafnodes", "websocket", "mqtt"))
_CREDENTIALS = frozenset(("user", "password", "token", "users"))


@impact(
    "DI201",
    "gateway-tls-turned-on-or-off",
    "outage",
    why="Gateways with TLS and gateways without it have no link in either direction. With JetStream across regions "
    "there may be no quorum until every region has changed.",
    source=SOURCE,
    remedy="Upgrade all regions at once, at a time of little traffic.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:gateway.tls
new: {conf: {gateway: {tls: {cert_file: /tls/tls.crt, key_file: /tls/tls.key}}}}""",
    passes="""\
conf: {gateway: {gateways: null}}
new: {conf: {gateway: {tls: {cert_file: /tls/tls.crt, key_file: /tls/tls.key}}}}""",
)
def gateway_tls(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """TLS between linked regions is turned on or off."""
    if change.path != ("gateway", "tls") or change.op not in ("add", "remove") or not _linked(context, item, change):
        return None
    sides = "with TLS and gateways without it" if change.op == "add" else "without TLS and gateways with it"
    return f"gateways {sides} have no link in either direction: this region is cut off until every other has changed"


@impact(
    "DI202",
    "gateway-credentials-change",
    "outage",
    why="Gateways with other credentials are refused. Links are one-way until every region has changed, and health "
    "checks do not show it.",
    source=SOURCE,
    remedy="Upgrade all regions one after another without a pause, and check inbound and outbound links in /gatewayz.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:gateway.authorization
new: {conf: {gateway: {authorization: {user: gateway, password: example}}}}""",
    passes="""\
conf: {gateway: {gateways: null}}
new: {conf: {gateway: {authorization: {user: gateway, password: example}}}}""",
)
def gateway_credentials(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """User or password between linked regions are added, removed or changed."""
    if change.path[:2] != ("gateway", "authorization") or not _linked(context, item, change):
        return None
    if len(change.path) > 2 and change.path[2] not in _CREDENTIALS:  # noqa: PLR2004 - inside the block
        return None
    return (
        "gateways with other credentials are refused: links to this region are one-way until every other has changed, "
        "and health checks do not show it"
    )


def _linked(context: Context, item: ObjectDiff, change: Change) -> bool:
    """Whether a setting is one of servers that have remote gateways, before and after."""
    servers = context.of_config_map(item) if change.file else None
    return servers is not None and dials_others(servers.old_conf) and dials_others(servers.new_conf)


@impact(
    "DI203",
    "protection-removed",
    "exposure",
    why="Without TLS connections are no longer encrypted; without a password whoever reaches the port may connect.",
    source="documented behaviour of the server",
    remedy="Keep it, or make sure that nobody else reaches the port.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:authorization
old: {conf: {authorization: {token: example}}}""",
    passes="new: {conf: {authorization: {token: example}}}",
)
def protection_removed(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """Passwords or TLS are removed, for clients or for gateways, routes, leaf nodes, WebSocket or MQTT."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or change.op != "remove":
        return None
    of_listener = len(change.path) == 2 and change.path[0] in _LISTENERS  # noqa: PLR2004 - a block and a part of it
    if not (of_listener or len(change.path) == 1) or change.path[-1] not in _GUARDS:
        return None
    where = str(change.path[0]) if of_listener else "clients"
    result = (
        "connections are no longer encrypted" if change.path[-1] == "tls" else "whoever reaches the port may connect"
    )
    return f"for {where}, {result}"


IMPACTS = (gateway_tls, gateway_credentials, protection_removed)
