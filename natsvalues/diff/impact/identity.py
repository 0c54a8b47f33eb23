"""Who the servers are to JetStream: their names, their system account, and what their cluster is called.

facts: run with R3 streams, 2.12.8 and 2.15.1: under new server names the streams are unreachable (2.12.8) or the
meta group never has a leader again (2.15.1); under another system account a region is healthy and without its
streams; a changed cluster name keeps them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.changes import Impact
from natsvalues.manifests.settings import POD, gateway, jetstream_is_on, server_names, system_account

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers
    from natsvalues.text.paths import Path

SOURCE = "run on nats-server 2.12.8 and 2.15.1"
CALLED: tuple[Path, ...] = (("cluster", "name"), ("gateway", "name"))
RENAME = (
    "keep the names (serverNames.prefix in the overlay). To rename and keep everything: one server at a time, restart "
    "it under its new name, `nats server raft peer-remove OLDNAME`, wait until every stream is current, then the next "
    "(updateStrategy.rollingUpdate.partition)"
)


def server_name(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """Server names that change where JetStream ran."""
    servers = context.of_config_map(item) if change.file else context.of_statefulset(item)
    if servers is None or not _is_name(change) or not _ran_jetstream(servers):
        return None
    return renamed(servers)


def renamed(servers: Servers) -> Impact | None:
    """What it means that the servers' names change; None if they do not, or no JetStream knows them."""
    if servers.old is None or servers.new is None or not _ran_jetstream(servers):
        return None
    before, after = (
        pattern.replace(POD, f"{nats.name}-0")
        for pattern, nats in (
            (server_names(servers.old, servers.old_conf), servers.old),
            (server_names(servers.new, servers.new_conf), servers.new),
        )
    )
    if before == after:
        return None
    return Impact(
        "identity",
        f"the server `{before}` becomes `{after}`: a server name is a JetStream identity, so streams become "
        "unreachable and the meta group may never elect a leader again",
        SOURCE,
        RENAME,
    )


def _is_name(change: Change) -> bool:
    if change.file:
        return change.path[:1] == ("server_name",)
    return "env" in change.path and ("containers" in change.path)


def account(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """Another system account where JetStream ran."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or change.path[:1] not in (("system_account",), ("system",)) or not _ran_jetstream(servers):
        return None
    before, after = system_account(servers.old_conf), system_account(servers.new_conf)
    if before == after:
        return None
    return Impact(
        "identity",
        f"the system account changes from `{before}` to `{after}`: JetStream's state lies under the old one's name, so "
        "the servers come up healthy and without their streams",
        SOURCE,
        f'keep it (systemAccount: "{before}"). To move it and keep everything: stop a server, rename the folder '
        f"`{before}` in the JetStream store to `{after}`, start it with the new account; one server after another",
    )


def cluster_name(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """Another name of the cluster or of its gateway."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or change.path not in CALLED or change.op != "replace":
        return None
    if change.path == ("gateway", "name"):
        return Impact(
            "identity",
            f"the gateway is now called `{change.after}`: regions that list it as `{change.before}` refuse the "
            "connection (`Wrong Gateway`), and the wrong name spreads by gossip",
            "run on nats-server 2.12.8 and 2.14.6",
            f"change the name in every other region's remote gateways too (`{change.before}`), and roll them",
        )
    linked = bool(gateway(servers.new_conf))
    told = "; its gateway must carry the same name, or the servers do not start" if linked else ""
    return Impact(
        "identity",
        f"the cluster is now called `{change.after}`: streams, messages and publishing stay, but placement by "
        f"cluster name (`{change.before}`) finds nothing, and growing a stream may fail (10005, seen on 2.12.8){told}",
        SOURCE,
        "give streams that are placed in the old name a new placement; restart all servers of the cluster together",
    )


def _ran_jetstream(servers: Servers) -> bool:
    return servers.old is not None and jetstream_is_on(servers.old_conf)
