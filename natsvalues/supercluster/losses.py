"""What it costs a region's JetStream to go from one state to another: `--prior` refuses it, `diff` levels it.

facts, run with R3 streams on nats-server 2.12.8 and 2.15.1 unless said: under new server names streams are
unreachable (2.12.8) or the meta group never has a leader again (2.15.1). Under another system account a region is
healthy and without its streams. A region that elected a meta leader alone, even without a stream, can erase the
others' streams when it joins them under one system account (2.10.26 to 2.15.1); with a system account for each region
the same is clean. A server looks for its streams in its store directory only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from natsvalues.manifests.quantities import quantity
from natsvalues.manifests.settings import DEFAULT_ACCOUNT, POD, jetstream
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.supercluster.region_state import RegionState
    from natsvalues.text.paths import Path

NAMES_SOURCE = "run on nats-server 2.12.8 and 2.15.1"
JOIN_SOURCE = "run on nats-server 2.10.26, 2.12.8, 2.14.6 and 2.15.1"
SIZES = ("max_file_store", "max_file", "max_memory_store", "max_mem")
LossName = Literal["server-names", "system-account", "join-with-state", "store"]
SERVER_NAMES: LossName = "server-names"
SYSTEM_ACCOUNT: LossName = "system-account"
JOIN_WITH_STATE: LossName = "join-with-state"
STORE: LossName = "store"


class Loss(NamedTuple):
    """Something that a region's JetStream loses.

    `name` is what `--allow` takes, `level` what `diff` calls it, `field` the field of the overlay that decides it
    (empty where none does). `settings` are the paths in nats.conf, `fields` those in the StatefulSet, whose change
    brings it about.
    """

    name: LossName
    level: Literal["identity", "data-loss"]
    message: str
    source: str
    remedy: str
    field: tuple[str, ...] = ()
    settings: tuple[Path, ...] = ()
    fields: tuple[Path, ...] = ()

    def is_due_to(self, path: Path, *, setting: bool) -> bool:
        """Whether a change at this path, of nats.conf or of the StatefulSet, brings it about."""
        causes = self.settings if setting else self.fields
        # A whole block counts only as such: not everything inside `jetstream` or `gateway`.
        return any(path == cause or (len(cause) > 1 and path[: len(cause)] == cause) for cause in causes)


def losses(before: RegionState, after: RegionState) -> list[Loss]:
    """Every loss of a region that goes from one state to another; none where no JetStream ran before."""
    if not before.has_jetstream:
        return []
    return [
        *_renamed_statefulset(before, after),
        *_server_names(before, after),
        *_system_account(before, after),
        *_join_with_state(before, after),
        *_store(before, after),
    ]


def _renamed_statefulset(before: RegionState, after: RegionState) -> Iterator[Loss]:
    if before.nats.name == after.nats.name:
        return
    yield Loss(
        SERVER_NAMES,
        "identity",
        f"the StatefulSet `{before.nats.name}` becomes `{after.nats.name}`: its pods have other names and empty volume "
        f"claims, so the streams stay behind in the claims of `{before.nats.name}`",
        NAMES_SOURCE,
        "keep the name (fullnameOverride or nameOverride in the chart's values), or move the streams first",
        ("nats", "name"),
        fields=(("metadata", "name"),),
    )


def _server_names(before: RegionState, after: RegionState) -> Iterator[Loss]:
    if before.server_names == after.server_names:
        return
    old, new = (state.server_names.replace(POD, f"{state.nats.name}-0") for state in (before, after))
    yield Loss(
        SERVER_NAMES,
        "identity",
        f"the server `{old}` becomes `{new}`: a server name is a JetStream identity, so streams become unreachable and "
        "the meta group may never elect a leader again",
        NAMES_SOURCE,
        "keep the names (serverNames.prefix in the overlay). To rename and keep everything: one server at a time, "
        "restart it under its new name, `nats server raft peer-remove OLDNAME`, wait until every stream is current, "
        "then the next (updateStrategy.rollingUpdate.partition)",
        ("serverNames", "prefix"),
        settings=(("server_name",),),
        fields=(_container(before, "env"), _container(before, "args"), _container(before, "command")),
    )


def _system_account(before: RegionState, after: RegionState) -> Iterator[Loss]:
    if before.account == after.account:
        return
    yield Loss(
        SYSTEM_ACCOUNT,
        "identity",
        f"the system account changes from `{before.account}` to `{after.account}`: JetStream's state lies under the "
        "old one's name, so the servers come up healthy and without their streams",
        NAMES_SOURCE,
        f'keep it (systemAccount: "{before.account}"). To move it and keep everything: stop a server, rename the '
        f"folder `{before.account}` in the JetStream store to `{after.account}`, start it with the new account; one "
        "server after another",
        ("systemAccount",),
        settings=(("system_account",), ("system",)),
    )


def joins_alone(before: RegionState, after: RegionState) -> bool:
    """Whether a region whose JetStream ran without remotes joins others under one system account."""
    ran_alone = before.has_jetstream and not before.remotes
    joins = after.has_jetstream and bool(after.remotes) and before.account == after.account
    return ran_alone and joins and shares_account(after)


def shares_account(state: RegionState) -> bool:
    """Whether a region's system account is that of the others: by the overlays, else if it is the default one."""
    if state.decision.scope:
        return state.decision.scope == "supercluster"
    return state.account == DEFAULT_ACCOUNT


def _join_with_state(before: RegionState, after: RegionState) -> Iterator[Loss]:
    decision = after.decision
    # In every stage: `local` and `expose` take JetStream out, but what it left in the store would join later.
    empty = decision.scope == "supercluster" and decision.joins == "empty" and not before.remotes
    if not empty and (decision.joins == "seed" or not joins_alone(before, after)):
        return
    message = (
        f"the region joins as `empty`, but its JetStream ran alone under the system account `{before.account}`"
        if empty
        else f"JetStream ran here without remotes, and joins others under the system account `{after.account}`"
    )
    yield Loss(
        JOIN_WITH_STATE,
        "data-loss",
        f"{message}: they become one meta group, and one side's streams vanish, on some versions from the disk too, "
        "with every health check green",
        JOIN_SOURCE,
        "only one region, the seed, may ever have run JetStream before it joins (joins: seed). Otherwise empty this "
        "region's store while it runs without JetStream (stages local and expose), or give each region a system "
        "account of its own (scope: region)",
        ("joins",),
        settings=(("gateway",), ("gateway", "gateways"), ("jetstream",)),
    )


def _store(before: RegionState, after: RegionState) -> Iterator[Loss]:
    goes_on = after.has_jetstream
    if goes_on and before.store_dir != after.store_dir:
        yield _loss_of_store(
            "the store directory changes: the servers start with an empty JetStream, and what is in the old directory "
            "is not looked for",
            "documented behaviour of the server",
            "keep it; or move the data on every volume while that server is stopped",
            settings=(("jetstream", "store_dir"), ("store_dir",), ("jetstream",)),
        )
    elif before.store_survives and before.store_volume in before.claims and before.store_volume not in after.claims:
        yield _loss_of_store(
            "the volume claim that holds JetStream goes: the API server refuses that on a live StatefulSet, and one "
            "made anew starts its servers with empty stores",
            "run on kube-apiserver 1.34 and 1.37",
            "keep the claim; to change it, do so server by server, and let each catch up before the next",
            fields=(("spec", "volumeClaimTemplates"),),
        )
    elif goes_on and before.store_survives and not after.store_survives:
        yield _loss_of_store(
            "the volume is no longer mounted where JetStream keeps its store: the servers start with empty stores",
            "documented behaviour of the server",
            "mount it where jetstream.store_dir is",
            fields=(_container(before, "volumeMounts"), ("spec", "template", "spec", "volumes")),
        )
    yield from _smaller_store(before, after)
    yield from _deleted_claims(before, after)


def _smaller_store(before: RegionState, after: RegionState) -> Iterator[Loss]:
    for key in SIZES:
        old, new = (quantity(jetstream(state.conf).get(key)) for state in (before, after))
        if old is not None and new is not None and 0 <= new < old:
            yield _loss_of_store(
                f"the JetStream store shrinks ({key}): a reload refuses that, and after a restart streams that do not "
                "fit any more are not recovered or take no messages",
                "reload: run on nats-server 2.12.8 and 2.14.6",
                "compare with what is in use (`nats server report jetstream`) and keep room for every stream's "
                "replicas",
                settings=(("jetstream", key),),
            )


def _deleted_claims(before: RegionState, after: RegionState) -> Iterator[Loss]:
    policy = after.spec.get("persistentVolumeClaimRetentionPolicy")
    deletes = isinstance(policy, dict) and policy.get("whenScaled") == "Delete"
    gone = before.replicas - after.replicas
    if deletes and gone > 0 and before.store_volume in before.claims:
        yield _loss_of_store(
            f"{gone} servers go, and their volume claims are deleted with them (whenScaled: Delete): streams with one "
            "replica there are lost",
            "documented behaviour of the StatefulSet controller",
            "move their streams first, and `nats server raft peer-remove` each server that goes",
            fields=(("spec", "replicas"),),
        )


def _loss_of_store(
    message: str, source: str, remedy: str, *, settings: tuple[Path, ...] = (), fields: tuple[Path, ...] = ()
) -> Loss:
    return Loss(STORE, "data-loss", message, source, remedy, (), settings, fields)


def _container(state: RegionState, field: str) -> Path:
    return ("spec", "template", "spec", "containers", Item("name", state.nats.container), field)
