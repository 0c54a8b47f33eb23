"""The servers' identity: their names, their system account, and the names of cluster and gateway.

facts: run with R3 streams, 2.12.8 and 2.15.1: under new server names the streams are unreachable (2.12.8) or the
meta group never has a leader again (2.15.1); under another system account a region is healthy and without its
streams; a changed cluster name keeps them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.settings import POD, gateway, jetstream_is_on, server_names, system_account

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers

SOURCE = "run on nats-server 2.12.8 and 2.15.1"


@impact(
    "DI001",
    "server-names-change",
    "identity",
    why="A server name is a JetStream identity. Under new names the streams become unreachable (2.12.8), or the meta "
    "group never elects a leader again (2.15.1).",
    source=SOURCE,
    remedy="Keep the names (serverNames.prefix in the overlay). To rename without a loss, take one server at a time: "
    "restart it under its new name, run `nats server raft peer-remove OLDNAME`, and wait until every stream is "
    "current (updateStrategy.rollingUpdate.partition holds the others).",
    fails="""\
at: StatefulSet/nats:spec.template.spec.containers[name=nats].env[name=SERVER_NAME].value
new: {container: {env: [{name: SERVER_NAME, value: us-east-$(POD_NAME)}]}}""",
    passes="new: {container: {env: [{name: OTHER, value: us-east-$(POD_NAME)}]}}",
)
def server_names_change(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The servers of a region that runs JetStream get other names."""
    servers = context.of_config_map(item) if change.file else context.of_statefulset(item)
    return renaming(servers) if servers is not None and _is_name(change) else None


def renaming(servers: Servers) -> str | None:
    """How the servers' names change; None if they do not, or no JetStream knows them."""
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
    return (
        f"the server `{before}` becomes `{after}`: a server name is a JetStream identity, so streams become "
        "unreachable and the meta group may never elect a leader again"
    )


def _is_name(change: Change) -> bool:
    if change.file:
        return change.path[:1] == ("server_name",)
    return "env" in change.path and ("containers" in change.path)


@impact(
    "DI002",
    "system-account-changes",
    "identity",
    why="JetStream keeps its state in a folder that is named after the system account, and the account decides which "
    "meta group the servers belong to. Under another account they start healthy, with an empty JetStream.",
    source=SOURCE,
    remedy="Keep the system account (systemAccount in the overlay). To change it without a loss, take one server at a "
    "time: stop it, rename the old account's folder in the JetStream store to the new account, and start it.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:system_account
new: {conf: {accounts: {SYS-A: {}}, system_account: SYS-A}}""",
    passes="""\
old: {conf: {jetstream: null}}
new: {conf: {jetstream: null, accounts: {SYS-A: {}}, system_account: SYS-A}}""",
)
def system_account_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The system account of a region that runs JetStream changes."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or change.path[:1] not in (("system_account",), ("system",)) or not _ran_jetstream(servers):
        return None
    before, after = system_account(servers.old_conf), system_account(servers.new_conf)
    if before == after:
        return None
    return (
        f"the system account changes from `{before}` to `{after}`: JetStream's state is stored under the old name, so "
        "the servers start healthy and without their streams"
    )


@impact(
    "DI003",
    "cluster-name-changes",
    "identity",
    why="Streams, messages and publishing stay, but placement by the old cluster name matches no server, and growing "
    "a stream may fail with error 10005 (seen on 2.12.8). The gateway must have the cluster's name, or the servers do "
    "not start.",
    source=SOURCE,
    remedy="Give streams that are placed by the old name a new placement, and restart all servers of the cluster "
    "together.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:cluster.name
new: {conf: {cluster: {name: east}, gateway: {name: east}}}""",
    passes="new: {conf: {cluster: {pool_size: 5}}}",
)
def cluster_name_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The name of the cluster changes."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or change.path != ("cluster", "name") or change.op != "replace":
        return None
    linked = bool(gateway(servers.new_conf))
    gateway_too = "; the gateway must have the same name, or the servers do not start" if linked else ""
    return (
        f"the cluster's name becomes `{change.after}`: streams, messages and publishing stay, but placement by the "
        f"cluster name `{change.before}` matches no server, and growing a stream may fail (10005, seen on 2.12.8)"
        f"{gateway_too}"
    )


@impact(
    "DI004",
    "gateway-name-changes",
    "identity",
    why="Regions that list the gateway under its old name close the connection with `Wrong Gateway`, and the wrong "
    "name spreads by gossip.",
    source="run on nats-server 2.12.8 and 2.14.6",
    remedy="Change the name in the remote gateways of every other region too, and roll their pods.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:gateway.name
new: {conf: {cluster: {name: east}, gateway: {name: east}}}""",
    passes="new: {conf: {gateway: {connect_retries: 5}}}",
)
def gateway_name_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The name of the gateway changes."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or change.path != ("gateway", "name") or change.op != "replace":
        return None
    return (
        f"the gateway's name becomes `{change.after}`: regions that list it as `{change.before}` refuse the "
        "connection (`Wrong Gateway`), and the wrong name spreads by gossip"
    )


def _ran_jetstream(servers: Servers) -> bool:
    return servers.old is not None and jetstream_is_on(servers.old_conf)


IMPACTS = (server_names_change, system_account_changes, cluster_name_changes, gateway_name_changes)
