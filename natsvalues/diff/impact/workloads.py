"""What restarts: any difference in a pod template rolls its pods, and the roll may or may not keep a quorum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.impact.declaration import Consequence, impact
from natsvalues.manifests.settings import cluster_name_of, jetstream_is_on
from natsvalues.manifests.transitions import refusals
from natsvalues.records import NamedTuple
from natsvalues.supercluster.emptied import BACK_UP, emptied
from natsvalues.supercluster.meta_groups import leaves_group

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers
    from natsvalues.supercluster.region_state import RegionState

CONTROLLER = "documented behaviour of the StatefulSet controller"
TEMPLATES = frozenset(("StatefulSet", "Deployment", "DaemonSet"))
QUORUM = 3
"""The fewest servers of which one may be missing."""


class Roll(NamedTuple):
    """How Kubernetes replaces the pods of a changed template.

    `pods` are the names of those that it replaces, in words, empty for none; `at_once` is how many may be missing at
    a time; `jetstream` tells whether the servers run JetStream before and after, `leaves` whether those that restart
    leave others of their meta group: another region, or those that have the cluster's old name until they restart.
    """

    name: str
    is_on_delete: bool
    partition: Any
    pods: str
    all_pods: str
    replicas: int
    at_once: int
    jetstream: bool
    leaves: bool

    @property
    def keeps_quorum(self) -> bool:
        """Whether a majority of the servers runs all the time."""
        return self.replicas >= QUORUM and self.at_once <= (self.replicas - 1) // 2

    @property
    def is_one(self) -> bool:
        """Whether it replaces one pod only."""
        return " " not in self.pods

    @property
    def is_rolling(self) -> bool:
        """Whether pods restart at all."""
        return bool(self.pods) and not self.is_on_delete


@impact(
    "DI311",
    "servers-restart",
    "restart",
    why="Any difference in a pod template replaces the pods, one after another from the highest ordinal. Clients "
    "reconnect to another server. With three servers or more JetStream keeps its quorum meanwhile.",
    source=CONTROLLER,
    fails="""\
at: StatefulSet/nats:spec.template.metadata.annotations.rolled
new: {roll: true}""",
    passes="new: {statefulSet: {metadata: {annotations: {team: a}}}}",
)
def servers_restart(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The pod template of NATS servers changes, or a setting together with it, and JetStream keeps its quorum."""
    roll = _roll(context, item, change)
    if roll is None or not roll.is_rolling or (roll.jetstream and not roll.keeps_quorum):
        return None
    rest = (
        f"{roll.replicas - roll.at_once} of {roll.replicas} servers stay, so JetStream keeps its quorum"
        if roll.jetstream and not roll.leaves
        else "clients reconnect"
    )
    restart = "restarts" if roll.is_one else "restart, one after another"
    return f"{roll.pods} {restart}; {rest}"


@impact(
    "DI312",
    "quorum-lost-during-restart",
    "restart",
    why="While no majority of the servers runs, JetStream has no leader and acknowledges nothing.",
    source="RAFT needs a majority of its members",
    remedy="Run three servers or more with maxUnavailable 1, or choose a time of little traffic.",
    fails="""\
at: StatefulSet/nats:spec.template.metadata.annotations.rolled
statefulSet: {spec: {replicas: 1}}
new: {roll: true}""",
    passes="new: {roll: true}",
)
def quorum_lost_during_restart(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The servers restart, and too few remain for a quorum of JetStream."""
    roll = _roll(context, item, change)
    if roll is None or not roll.is_rolling or not roll.jetstream or roll.keeps_quorum:
        return None
    missing = "the only server" if roll.replicas == 1 else f"{roll.at_once} of {roll.replicas} servers"
    verb = "is" if roll.replicas == 1 or roll.at_once == 1 else "are"
    restart = "restarts" if roll.is_one else "restart"
    return f"{roll.pods} {restart}; while {missing} {verb} down JetStream has no quorum and acknowledges nothing"


@impact(
    "DI313",
    "pods-replaced-on-delete-only",
    "not-applied",
    why="With updateStrategy OnDelete pods keep the old template until somebody deletes them.",
    source=CONTROLLER,
    remedy="Delete one pod at a time, and wait until it is ready and its streams are current.",
    fails="""\
at: StatefulSet/nats:spec.template.metadata.annotations.rolled
statefulSet: {spec: {updateStrategy: {type: OnDelete}}}
new: {roll: true}""",
    passes="new: {roll: true}",
)
def pods_replaced_on_delete_only(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A pod template changes whose updateStrategy is OnDelete."""
    roll = _roll(context, item, change)
    if roll is not None:
        return (
            f"updateStrategy is OnDelete: {roll.all_pods} stay as they are until deleted" if roll.is_on_delete else None
        )
    if _is_on_delete(item) and _in_template(item, change) and context.of_statefulset(item) is None:
        return "updateStrategy is OnDelete: pods keep the old template until they are deleted"
    return None


@impact(
    "DI314",
    "partition-holds-pods",
    "not-applied",
    why="Only pods with an ordinal from the partition on get the new template. A partition that is no smaller than "
    "the number of replicas holds all of them.",
    source=CONTROLLER,
    remedy="Lower updateStrategy.rollingUpdate.partition step by step.",
    fails="""\
at: StatefulSet/nats:spec.template.metadata.annotations.rolled
statefulSet: {spec: {updateStrategy: {rollingUpdate: {partition: 3}}}}
new: {roll: true}""",
    passes="""\
statefulSet: {spec: {updateStrategy: {rollingUpdate: {partition: 2}}}}
new: {roll: true}""",
)
def partition_holds_pods(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A pod template of NATS servers changes, and the partition keeps every pod on the old one."""
    roll = _roll(context, item, change)
    if roll is None or roll.is_on_delete or roll.pods:
        return None
    return f"partition {roll.partition} keeps every pod on the old template"


@impact(
    "DI315",
    "pods-restart",
    "restart",
    why="Any difference in a pod template replaces the pods.",
    source="documented behaviour of the workload controllers",
    fails="""\
at: Deployment/web:spec.template.spec.hostNetwork
old: {add: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {}}}}"}
new: {add: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web},
  spec: {template: {spec: {hostNetwork: true}}}}"}""",
    passes="""\
old: {add: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {}}}}"}
new: {add: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web},
  spec: {replicas: 0, template: {spec: {hostNetwork: true}}}}"}""",
)
def pods_restart(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The pod template of another workload changes, and it has replicas."""
    if not _in_template(item, change) or _is_on_delete(item) or context.of_statefulset(item) is not None:
        return None
    if ((item.after or {}).get("spec") or {}).get("replicas") == 0:
        return None
    return f"the pods of {item.key.kind} `{item.key.name}` restart"


@impact(
    "DI316",
    "older-server",
    "restart",
    "release",
    why="Streams of default features stay. One that uses a feature of a newer version is offline until that version is "
    "back (2.14.6 to 2.11.10, allow_atomic: error 10194, nothing lost), or is served without the feature (2.10.26, "
    "2.11.4), while /healthz answers 200.",
    source="run on nats-server 2.15.1, 2.14.6, 2.12.8 and 2.11.10, each to an older one",
    remedy="Compare `_nats.req.level` in each stream's metadata (`nats stream info`) with the API level of the older "
    "server, and read its release notes.",
    fails="""\
old: {container: {image: "nats:2.14.6-alpine"}}
new: {container: {image: "nats:2.11.10-alpine"}}""",
    passes="""\
old: {container: {image: "nats:2.11.10-alpine"}}
new: {container: {image: "nats:2.14.6-alpine"}}""",
)
def older_server(context: Context) -> str | None:
    """The image of servers with JetStream has an older version of nats-server."""
    for servers in context.servers:
        if servers.before is None or servers.after is None or not servers.before.has_jetstream:
            continue
        before, after = servers.before.version, servers.after.version
        if before.known and after.known and after < before:
            return (
                f"an older server, {after} instead of {before}: a stream that uses a feature of the newer one goes "
                "offline, or is served without it"
            )
    return None


def _in_template(item: ObjectDiff, change: Change) -> bool:
    return item.key.kind in TEMPLATES and not change.file and change.path[:2] == ("spec", "template")


def _is_on_delete(item: ObjectDiff) -> bool:
    spec = (item.after or {}).get("spec") or {}
    return (spec.get("updateStrategy") or {}).get("type") == "OnDelete"


def _roll(context: Context, item: ObjectDiff, change: Change) -> Roll | None:
    """How servers are replaced for a change of their template, or of a setting beside one; None for other changes."""
    if change.file:
        servers = context.of_config_map(item)
        if servers is None or servers.new is None or servers.old is None or not servers.template_changes:
            return None
    else:
        servers = context.of_statefulset(item) if _in_template(item, change) else None
    return rolled(servers) if servers is not None else None


def rolled(servers: Servers) -> Roll:
    """How the pods of servers are replaced where their template changes."""
    nats = servers.new or servers.old
    assert nats is not None  # noqa: S101 - servers are on one side at least
    strategy = nats.statefulset.value["spec"].get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    partition = rolling.get("partition") or 0
    count = servers.replicas
    return Roll(
        nats.name,
        strategy.get("type") == "OnDelete",
        partition,
        _pods(nats.name, range(min(_whole(partition), count), count)),
        _pods(nats.name, range(count)),
        count,
        max(1, _whole(rolling.get("maxUnavailable") or 1)),
        jetstream_is_on(servers.new_conf) and jetstream_is_on(servers.old_conf),
        servers.before is not None and servers.after is not None and _leaves(servers.before, servers.after),
    )


def _leaves(before: RegionState, after: RegionState) -> bool:
    renamed = before.replicas > 1 and cluster_name_of(before.nats, before.conf) != cluster_name_of(
        after.nats, after.conf
    )
    return renamed or leaves_group(before, after)


def _pods(name: str, ordinals: range) -> str:
    """The pods in the order in which they roll: highest ordinal first."""
    names = [f"{name}-{ordinal}" for ordinal in reversed(ordinals)]
    return ", ".join(names) if len(names) <= 5 else f"{names[0]} to {names[-1]}"  # noqa: PLR2004 - more are hard to read


def _whole(given: Any) -> int:
    return given if isinstance(given, int) and not isinstance(given, bool) else 1


@impact(
    "DI317",
    "restart-empties-stores",
    "data-loss",
    why="A store that is not on a persistent volume is deleted with its pod, and the server comes back empty under its "
    "old name. Streams of one replica are lost, and others too if the next pod follows before they are copied.",
    source="Kubernetes, volumes: emptyDir; a server name is a JetStream identity (run on 2.12.8 and 2.15.1)",
    remedy=BACK_UP,
    fails="""\
at: StatefulSet/nats:spec.template.metadata.annotations.rolled
statefulSet:
  spec:
    volumeClaimTemplates: null
    template: {spec: {volumes: [{name: config, configMap: {name: nats-config}}, {name: pid, emptyDir: {}}]}}
new: {roll: true}""",
    passes="new: {roll: true}",
)
def restart_empties_stores(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The servers restart, and JetStream's store is deleted with their pods."""
    roll = _roll(context, item, change)
    if roll is None or not roll.is_rolling:
        return None
    servers = context.of_config_map(item) if change.file else context.of_statefulset(item)
    if servers is None or servers.before is None or servers.losses:
        return None  # what is lost for another reason is said there
    gone = emptied(servers.before)
    restart = "restarts" if roll.is_one else "restart, one after another"
    return f"{roll.pods} {restart}, and {gone}" if gone else None


@impact(
    "DI321",
    "api-server-refuses",
    "refused",
    why="Some fields cannot change on a live object; helm's upgrade then fails before anything else changes.",
    source="run on kube-apiserver 1.37",
    remedy="Keep the field, or delete the object first, as the report says for each field.",
    fails="""\
at: StatefulSet/nats:spec.serviceName
new: {statefulSet: {spec: {serviceName: other}}}""",
    passes="new: {statefulSet: {spec: {replicas: 5}}}",
)
def api_server_refuses(_: Context, item: ObjectDiff, change: Change) -> Consequence | None:
    """A field changes that the API server does not let change."""
    if change.file or item.before is None or item.after is None or item.op != "change" or item.hook:
        return None
    for refusal in refusals(item.before, item.after):
        if _touches(refusal.path, change.path):
            return Consequence(refusal.reason, refusal.remedy)
    return None


def _touches(refused_path: tuple[Any, ...], path: tuple[Any, ...]) -> bool:
    """Whether a change is at, inside or around a path that is refused."""
    plain, refused = (tuple(str(getattr(part, "value", part)) for part in item) for item in (path, refused_path))
    length = min(len(plain), len(refused))
    return plain[:length] == refused[:length]


IMPACTS = (
    servers_restart,
    quorum_lost_during_restart,
    pods_replaced_on_delete_only,
    partition_holds_pods,
    pods_restart,
    older_server,
    restart_empties_stores,
    api_server_refuses,
)
