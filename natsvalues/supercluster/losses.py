"""What a region's JetStream loses from one state to another: `--prior` refuses it, and `diff` reports its level.

facts, run with R3 streams on nats-server 2.12.8 and 2.15.1 unless other versions are named: under new server names
streams are unreachable (2.12.8) or the meta group never has a leader again (2.15.1). Under another system account a
region is healthy, but without its streams. A region that elected a meta leader alone, even without a stream, can erase
the others' streams when it joins them under one system account (2.10.26 to 2.15.1); with a system account for each
region the same is clean. A server looks for its streams in its store directory only.

A cluster does not take over what a single server stored: no stream is listed, and 30 s after the start the server
deletes their files ("Detected orphaned stream …, will cleanup"). A single server in the store of a cluster has only the
streams of one replica that were on it; with others there /healthz is 503 ("could not be recovered", 10074), and back in
the cluster all are there (both 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.manifests.conf.language import spellings
from natsvalues.manifests.settings import POD, STORE_LIMITS, store_limit
from natsvalues.records import NamedTuple
from natsvalues.supercluster.cold_start import never_elects
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.supercluster.region_state import RegionState
    from natsvalues.text.paths import Path

Kind = Literal[
    "statefulset-name",
    "server-names",
    "system-account",
    "join-with-state",
    "store-directory",
    "store-size",
    "store-claim",
    "store-mount",
    "claims-deleted",
    "standalone-store",
    "clustered-store",
]


class Manual(NamedTuple):
    """The properties of every loss of one kind.

    `allow` is its name for `--allow`, `level` its impact in `diff`, `field` the path of the overlay's field that
    decides it (empty if none does), `source` how it is known.
    """

    allow: Literal["server-names", "system-account", "join-with-state", "store"]
    level: Literal["identity", "data-loss"]
    field: tuple[str, ...]
    source: str
    remedy: str


_NAMES = "run on nats-server 2.12.8 and 2.15.1"
_CLUSTERED = "run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1"
_PLAN = "`natsvalues plan` has the steps, and the commands that check each."
KEEP_STREAMS = (
    "Streams of a server without a cluster are kept by a backup that is restored into the cluster: "
    f"`natsvalues docs stages`, section From one server without a cluster. {_PLAN}"
)
KEEP_STORE = "Set config.jetstream.fileStore.pvc.enabled: true."
_SERVER = "documented behaviour of the server"
MANUALS: dict[Kind, Manual] = {
    "statefulset-name": Manual(
        "server-names",
        "identity",
        ("nats", "name"),
        f"server names: {_NAMES}",
        "Keep the name (fullnameOverride or nameOverride in the chart's values), or move the streams to the new "
        "servers first.",
    ),
    "server-names": Manual(
        "server-names",
        "identity",
        ("serverNames", "prefix"),
        _NAMES,
        "Keep the names (serverNames.prefix in the overlay). To rename without a loss, take one server at a time: "
        f"restart it, `nats server raft peer-remove OLDNAME`, and wait until every stream is current. {_PLAN}",
    ),
    "system-account": Manual(
        "system-account",
        "identity",
        ("systemAccount",),
        _NAMES,
        "Keep the system account (systemAccount in the overlay). To change it without a loss, take one server at a "
        f"time: stop it, rename the old account's folder in the JetStream store to the new one, and start it. {_PLAN}",
    ),
    "join-with-state": Manual(
        "join-with-state",
        "data-loss",
        ("joins",),
        "run on nats-server 2.10.26, 2.12.8, 2.14.6 and 2.15.1",
        "Only one region, the seed, may run JetStream before it joins: state joins: seed in its overlay. Otherwise "
        "empty this region's store while it runs without JetStream (stages local and expose), or give each region a "
        f"system account of its own (scope: region). {_PLAN}",
    ),
    "store-directory": Manual(
        "store",
        "data-loss",
        (),
        _SERVER,
        "Keep the directory, or move the data on every volume while that server is stopped.",
    ),
    "store-size": Manual(
        "store",
        "data-loss",
        (),
        "reload: run on nats-server 2.12.8 and 2.14.6",
        "Compare with what is in use (`nats server report jetstream`), and keep room for every stream's replicas.",
    ),
    "store-claim": Manual(
        "store",
        "data-loss",
        (),
        "run on kube-apiserver 1.34 and 1.37",
        "Keep the claim. To change it, go server by server, and let each catch up before the next.",
    ),
    "store-mount": Manual("store", "data-loss", (), _SERVER, "Mount the volume at jetstream.store_dir."),
    "claims-deleted": Manual(
        "store",
        "data-loss",
        (),
        "documented behaviour of the StatefulSet controller",
        "Move their streams first, and run `nats server raft peer-remove` for each server that goes.",
    ),
    "standalone-store": Manual(
        "store",
        "data-loss",
        (),
        _CLUSTERED,
        f"{KEEP_STREAMS} It has the commands for both ways: in place, and with a second release.",
    ),
    "clustered-store": Manual(
        "store",
        "identity",
        (),
        _CLUSTERED,
        "Keep the cluster. For one server without a cluster, back the streams up first (`nats stream backup "
        "--consumers`), and restore them into an empty store with `nats stream restore --replicas 1`.",
    ),
}


_OTHER_VOLUMES: frozenset[Kind] = frozenset(("statefulset-name", "store-claim", "store-mount"))


class Loss(NamedTuple):
    """Something that a region's JetStream loses.

    It is caused by a change at one of the paths `settings` in nats.conf, or `fields` in the StatefulSet.
    """

    kind: Kind
    message: str
    settings: tuple[Path, ...] = ()
    fields: tuple[Path, ...] = ()

    @property
    def manual(self) -> Manual:
        """The properties of every loss of this kind."""
        return MANUALS[self.kind]

    def is_due_to(self, path: Path, *, setting: bool) -> bool:
        """Whether a change at this path, of nats.conf (`setting`) or of the StatefulSet, causes it."""
        return any(_leads_to(path, cause) for cause in (self.settings if setting else self.fields))


def _leads_to(path: Path, cause: Path) -> bool:
    """Whether a change is at a cause's path, above or below it; below a top-level block of nats.conf does not count."""
    length = min(len(path), len(cause))
    if len(path) > len(cause) == 1:
        return False
    return all(
        part == expected or (isinstance(part, Item) and isinstance(expected, Item) and part.value == expected.value)
        for part, expected in zip(path[:length], cause[:length], strict=True)
    )


def losses(before: RegionState, after: RegionState) -> list[Loss]:
    """Every loss of a region from its old state to its new one; none if no JetStream ran before."""
    if not before.has_jetstream:
        return []
    replaced = list(_statefulset_name(before, after))
    lost = [
        *replaced,
        *_server_names(before, after),
        *_system_account(before, after),
        *_join_with_state(before, after),
    ]
    if not replaced:  # another StatefulSet has other claims: that the store stays behind is said of its name
        lost += [*_store_place(before, after), *_store_size(before, after), *_claims_deleted(before, after)]
        lost += _cluster(before, after)
    return lost


def empties_store(before: RegionState, after: RegionState) -> bool:
    """Whether the pods of the new state start with empty stores: on other volumes, or on some that ended with a pod."""
    survive = before.store_survives and after.store_survives
    return not survive or any(loss.kind in _OTHER_VOLUMES for loss in losses(before, after))


def _statefulset_name(before: RegionState, after: RegionState) -> Iterator[Loss]:
    old, new = before.nats, after.nats
    if old.name != new.name:
        yield Loss(
            "statefulset-name",
            f"`{old.name}` is deleted and `{new.name}` is created: its pods have other names and empty volume claims, "
            f"so the streams stay behind in the claims of `{old.name}`",
        )
    elif old.namespace and new.namespace and old.namespace != new.namespace:  # empty: the release's, which stays
        yield Loss(
            "statefulset-name",
            f"`{old.namespace}/{old.name}` is deleted and `{new.namespace}/{new.name}` is created: its pods get empty "
            f"volume claims, so the streams stay behind in the claims of namespace `{old.namespace}`",
        )


def _server_names(before: RegionState, after: RegionState) -> Iterator[Loss]:
    if not before.server_names or before.server_names == after.server_names:
        return  # the pods of a renamed StatefulSet also have new names: that is the loss `statefulset-name`
    old, new = (state.server_names.replace(POD, f"{state.nats.name}-0") for state in (before, after))
    yield Loss(
        "server-names",
        f"the server `{old}` becomes `{new}`: a server name is a JetStream identity, so streams become unreachable and "
        "the meta group may never elect a leader again",
        settings=(("server_name",),),
        fields=tuple(_container(before, field) for field in ("env", "args", "command")),
    )


def _system_account(before: RegionState, after: RegionState) -> Iterator[Loss]:
    if before.account != after.account:
        yield Loss(
            "system-account",
            f"the system account changes from `{before.account}` to `{after.account}`: JetStream's state is stored "
            "under the old name, so the servers start healthy and without their streams",
            settings=(("system_account",), ("system",)),
        )


def joins_alone(before: RegionState, after: RegionState) -> bool:
    """Whether a region whose JetStream ran without remotes gets remotes, under the same system account."""
    ran_alone = before.has_jetstream and not before.remotes
    return ran_alone and after.has_jetstream and bool(after.remotes) and before.account == after.account


def _join_with_state(before: RegionState, after: RegionState) -> Iterator[Loss]:
    decision = after.decision
    # In every stage: `local` and `expose` take JetStream out, but what it left in the store would join later.
    empty = decision.scope == "supercluster" and decision.joins == "empty" and not before.remotes
    joins = joins_alone(before, after) and after.shares_meta_group and decision.joins != "seed"
    if not empty and not joins:
        return
    then = "joins others" if joins else "is to join others as `empty`"
    yield Loss(
        "join-with-state",
        f"JetStream ran here without remotes, and the region {then} under the system account `{after.account}`: they "
        "become one meta group, and one side's streams are lost, on some versions from the disk too, with every health "
        "check green",
        settings=(("gateway", "gateways"), ("jetstream",)),
    )


def _store_place(before: RegionState, after: RegionState) -> Iterator[Loss]:
    """The directory, the claim and the mount; if several change, only the first is reported."""
    if after.has_jetstream and before.store_dir != after.store_dir:
        yield Loss(
            "store-directory",
            "the store directory changes: the servers start with an empty JetStream, and do not look for what is in "
            "the old directory",
            settings=tuple(path for key in spellings("jetstream.store_dir") for path in (("jetstream", key), (key,))),
        )
    elif before.store_volume in before.claims and before.store_volume not in after.claims:
        yield Loss(
            "store-claim",
            "the volume claim that holds JetStream is removed: the API server refuses that on a live StatefulSet, and "
            "one that is created again starts its servers with empty stores",
            fields=(("spec", "volumeClaimTemplates", Item("name", before.store_volume or "")),),
        )
    elif after.has_jetstream and before.store_survives and not (after.store_survives and _keeps_volume(before, after)):
        yield Loss(
            "store-mount",
            "the volume is no longer mounted where JetStream keeps its store: the servers start with empty stores",
            fields=(
                (*_container(before, "volumeMounts"), Item("mountPath", before.store_mount or "")),
                ("spec", "template", "spec", "volumes", Item("name", before.store_volume or "")),
            ),
        )


def _keeps_volume(before: RegionState, after: RegionState) -> bool:
    """Whether the store stays on its volume claim; a volume that is no claim may be the same under another name."""
    return before.store_volume not in before.claims or before.store_volume == after.store_volume


def _store_size(before: RegionState, after: RegionState) -> Iterator[Loss]:
    for name in STORE_LIMITS:
        old, new = (store_limit(state.conf, name) for state in (before, after))
        if old is not None and new is not None and 0 <= new[1] < old[1]:
            key = new[0]
            yield Loss(
                "store-size",
                f"the JetStream store gets smaller ({key}): a reload refuses that, and after a restart streams that no "
                "longer fit are not recovered or take no messages",
                settings=(("jetstream", key), ("jetstream", old[0])),
            )


def _claims_deleted(before: RegionState, after: RegionState) -> Iterator[Loss]:
    policy = after.spec.get("persistentVolumeClaimRetentionPolicy")
    deletes = isinstance(policy, dict) and policy.get("whenScaled") == "Delete"
    removed = before.replicas - after.replicas
    if deletes and removed > 0 and before.store_volume in before.claims:
        yield Loss(
            "claims-deleted",
            f"{removed} servers go, and their volume claims are deleted with them (whenScaled: Delete): streams with "
            "one replica there are lost",
            fields=(("spec", "replicas"),),
        )


def _cluster(before: RegionState, after: RegionState) -> Iterator[Loss]:
    """Into a cluster, or out of one that can have had a leader: one that never had one has no stream of its own."""
    if not after.has_jetstream:
        return
    settings: tuple[Path, ...] = (("cluster",), ("cluster", "port"), ("cluster", "listen"), ("gateway",))
    if after.is_clustered and not before.is_clustered:
        yield Loss(
            "standalone-store",
            "JetStream ran on one server without a cluster, and now becomes clustered: a cluster does not take over "
            "such streams, so there are none once it has a leader, and 30 s after the start their files are deleted",
            settings=settings,
        )
    elif before.is_clustered and not after.is_clustered and not never_elects(before):
        yield Loss(
            "clustered-store",
            "JetStream leaves its cluster: a server without one does not recover streams of more than one replica "
            "(10074, and /healthz is 503), and has none of those on other servers",
            settings=settings,
        )


def _container(state: RegionState, field: str) -> Path:
    return ("spec", "template", "spec", "containers", Item("name", state.nats.container), field)
