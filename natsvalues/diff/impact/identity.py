"""The servers' identity: their names, their system account, and the names of cluster and gateway.

`supercluster/losses.py` decides what is lost. facts on cluster names: tests/supercluster/test_cluster_name.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.impact.declaration import Consequence, impact
from natsvalues.manifests.probes import waits_for_leader
from natsvalues.supercluster.losses import MANUALS

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers

RENAMED = "run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1"


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
    why="The gateway must have the cluster's name, and the regions that list the old one refuse the new one (`Wrong "
    "Gateway`). Placement by the old name matches no server. With JetStream across regions it was not run.",
    source="gateways: run on nats-server 2.12.8 and 2.14.6; placement: 2.10.26 to 2.15.1",
    remedy="Keep the name, or let the region leave first. Then give its streams a placement in the new cluster.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:cluster.name
new: {conf: {cluster: {name: east}, gateway: {name: east}}}""",
    passes="""\
old: {conf: {gateway: {gateways: null}}}
new: {conf: {cluster: {name: east}, gateway: {name: east}}}""",
)
def cluster_name_changes(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The name of the cluster of a region that has joined others changes."""
    servers = _renamed_cluster(context, item, change)
    if servers is None or servers.before is None or not servers.before.remotes:
        return None
    return (
        f"the cluster's name becomes `{change.after}`: the gateway must have the same name, regions that list it as "
        f"`{change.before}` refuse the connection, and placement by the old name matches no server"
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


@impact(
    "DI005",
    "cluster-renamed",
    "restart",
    why="Streams and messages stay, and nothing acknowledged is lost. Servers of the old and of the new name do not "
    "connect, so while they restart one by one, for about one restart neither half has a leader. A stream keeps the "
    "old name as its cluster: until it gets a placement in the new one it cannot get more replicas (10005), also "
    "after another restart.",
    source=RENAMED,
    remedy="Before a stream gets more replicas, move it into the new cluster: nats stream edit STREAM --cluster NAME. "
    "Change the placement of streams that are placed by the old name.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:cluster.name
conf: {gateway: null}
new: {conf: {cluster: {name: east}}, roll: true}""",
    passes="new: {conf: {cluster: {pool_size: 5}}}",
)
def cluster_renamed(context: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """The name of the cluster of a region without remotes changes."""
    servers = _renamed_cluster(context, item, change)
    if servers is None or (servers.before is not None and servers.before.remotes):
        return None
    name = f"the cluster's name becomes `{change.after}`"
    if servers.before is None or not servers.before.has_jetstream:
        return Consequence(f"{name}: servers of both names do not connect until all have restarted", "")
    waits = (
        "while the servers take it over one by one, publishing may wait for about as long as one takes; "
        if servers.replicas > 1
        else ""
    )
    stay = "" if servers.before.restarts_empty else "all streams and messages stay; "  # else DI317 says what is lost
    return Consequence(
        f"{name}: {stay}{waits}later, a stream gets more replicas only once it is placed in "
        "the new cluster (else 10005)",
        f"Before a stream gets more replicas: nats stream edit STREAM --cluster {change.after}. The same for streams "
        f"that are placed in `{change.before}`.",
    )


@impact(
    "DI006",
    "cluster-rename-stops",
    "outage",
    why="Servers of the old and of the new name do not connect, so the first pod with the new name has no meta leader. "
    "Where a probe waits for one, the pod never becomes Ready, and the rollout stops there.",
    source=RENAMED,
    remedy="Use probes that do not wait for a leader (natsvalues post-render writes them), or delete all pods at once "
    "when the rollout stops.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:cluster.name
conf: {gateway: null}
container: {startupProbe: {httpGet: {path: /healthz}}}
new: {conf: {cluster: {name: east}}, roll: true}""",
    passes="""\
conf: {gateway: null}
new: {conf: {cluster: {name: east}}, roll: true}""",
)
def cluster_rename_stops(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The name of a JetStream cluster of several servers changes, they restart, and a probe waits for a leader."""
    servers = _renamed_cluster(context, item, change)
    after = servers.after if servers is not None and servers.template_changes else None
    if after is None or not after.is_clustered or after.replicas < 2:  # noqa: PLR2004 - several
        return None
    probe = waits_for_leader(after.container, after.version)
    if probe is None:
        return None
    return (
        f"the cluster's name becomes `{change.after}`: the first pod that restarts with it meets no other server, its "
        f"{probe} probe waits for a meta leader, and the rollout stops there; streams stay"
    )


def _renamed_cluster(context: Context, item: ObjectDiff, change: Change) -> Servers | None:
    """The servers of the cluster that a change gives another name; None for any other change."""
    servers = context.of_config_map(item) if change.file else None
    return servers if change.path == ("cluster", "name") and change.op == "replace" else None


IMPACTS = (
    server_names_change,
    system_account_changes,
    cluster_name_changes,
    gateway_name_changes,
    cluster_renamed,
    cluster_rename_stops,
)
