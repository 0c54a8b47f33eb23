"""The servers' identity: their names, their system account, and the names of cluster and gateway.

`supercluster/losses.py` decides what is lost. facts: a changed cluster name keeps the streams (2.12.8, 2.15.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import impact
from natsvalues.manifests.settings import gateway
from natsvalues.supercluster.losses import MANUALS

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context

SOURCE = "run on nats-server 2.12.8 and 2.15.1"


@impact(
    "DI001",
    "server-names-change",
    "identity",
    why="A server name is a JetStream identity. Under new names the streams become unreachable (2.12.8), or the meta "
    "group never elects a leader again (2.15.1).",
    source=MANUALS["server-names"].source,
    remedy=MANUALS["server-names"].remedy,
    fails="""\
at: StatefulSet/nats:spec.template.spec.containers[name=nats].env[name=SERVER_NAME].value
new: {container: {env: [{name: SERVER_NAME, value: us-east-$(POD_NAME)}]}}""",
    passes="new: {container: {env: [{name: OTHER, value: us-east-$(POD_NAME)}]}}",
)
def server_names_change(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The names of the servers of a region that runs JetStream change."""
    return context.loss(item, change, "server-names")


@impact(
    "DI002",
    "system-account-changes",
    "identity",
    why="JetStream keeps its state in a folder that is named after the system account, and the account decides which "
    "meta group the servers belong to. Under another account they start healthy, with an empty JetStream.",
    source=MANUALS["system-account"].source,
    remedy=MANUALS["system-account"].remedy,
    fails="""\
at: ConfigMap/nats-config:nats.conf:system_account
new: {conf: {accounts: {SYS-A: {}}, system_account: SYS-A}}""",
    passes="""\
old: {conf: {jetstream: null}}
new: {conf: {jetstream: null, accounts: {SYS-A: {}}, system_account: SYS-A}}""",
)
def system_account_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The system account of a region that runs JetStream changes."""
    return context.loss(item, change, "system-account")


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


IMPACTS = (server_names_change, system_account_changes, cluster_name_changes, gateway_name_changes)
