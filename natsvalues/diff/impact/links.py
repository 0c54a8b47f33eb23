"""Who may connect: TLS and passwords between gateways, and for clients.

facts: run on 2.12.8 and 2.14.6 with two gateways. With TLS on one side only there is no link in either direction;
with a user and password on one side only the link is one-way, and health checks say nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.changes import Impact
from natsvalues.manifests.settings import dials_others

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context

SOURCE = "run on nats-server 2.12.8 and 2.14.6"
_DOORS = frozenset(("authorization", "tls"))
_LISTENERS = frozenset(("gateway", "cluster", "leafnodes", "websocket", "mqtt"))
_CREDENTIALS = frozenset(("user", "password", "token", "users"))


def gateways(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """TLS or credentials between gateways that come, go or change, where regions are linked."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or change.path[:1] != ("gateway",) or len(change.path) < 2:  # noqa: PLR2004 - a part of the block
        return None
    if not dials_others(servers.old_conf) or not dials_others(servers.new_conf):
        return None
    part = change.path[1]
    if part == "tls" and len(change.path) == 2 and change.op in ("add", "remove"):  # noqa: PLR2004 - the whole of it
        told = "with TLS and gateways without it" if change.op == "add" else "without TLS and gateways with it"
        return Impact(
            "outage",
            f"gateways {told} have no link in either direction: this region is apart until every other one has changed",
            SOURCE,
            "choose a quiet hour and upgrade all regions at once; with JetStream across regions there may be no quorum "
            "meanwhile",
        )
    if part == "authorization" and (len(change.path) == 2 or change.path[2] in _CREDENTIALS):  # noqa: PLR2004 - the whole
        return Impact(
            "outage",
            "gateways with other credentials are refused: links to this region are one-way until every other one has "
            "changed, and health checks say nothing of it",
            SOURCE,
            "upgrade all regions one after another without a pause, and look at /gatewayz: inbound and outbound",
        )
    return None


def doors(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """A door of the servers that is left open: passwords or TLS for clients or gateways are taken away."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or change.op != "remove":
        return None
    inside = len(change.path) == 2 and change.path[0] in _LISTENERS  # noqa: PLR2004 - a block and a part of it
    if not (inside or len(change.path) == 1) or change.path[-1] not in _DOORS:
        return None
    where = str(change.path[0]) if inside else "clients"
    what = "connections are no longer encrypted" if change.path[-1] == "tls" else "whoever reaches the port may connect"
    return Impact("exposure", f"for {where}, {what}", "documented behaviour of the server",
                  "keep it; or make sure that nobody else reaches the port")  # fmt: skip
