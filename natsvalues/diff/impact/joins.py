"""The effect on JetStream of a region that joins or leaves a supercluster.

facts: see `supercluster/losses.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.diff.impact.declaration import impact
from natsvalues.supercluster.joining import LISTED_FIRST, order_of_change, without_leader
from natsvalues.supercluster.losses import MANUALS, joins_alone
from natsvalues.supercluster.meta_groups import leaves_group

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context
    from natsvalues.supercluster.region_state import RegionState

SOURCE = MANUALS["join-with-state"].source


@impact(
    "DI011",
    "joins-with-state",
    "data-loss",
    why="Clusters whose JetStream ran without remote gateways and that are then joined under one system account become "
    "one meta group. The streams of one side are lost, on some versions from the disk too, with every health check "
    "green. A side that held no stream but had elected a leader of its own is enough (2.12.8 in 2 of 2 runs, 2.15.1 "
    "in 2 of 3).",
    source=MANUALS["join-with-state"].source,
    remedy=MANUALS["join-with-state"].remedy,
    fails="""\
region: eu-west
at: ConfigMap/nats-config:nats.conf:gateway.gateways
old: {conf: {gateway: {gateways: null}}}""",
    passes="""\
region: eu-west
old: {conf: {jetstream: null, gateway: {gateways: null}}}""",
)
def joins_with_state(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A region whose JetStream ran without remote gateways gets some, under the same system account."""
    return context.loss(item, change, "join-with-state")


@impact(
    "DI012",
    "joins-with-its-own-jetstream",
    "restart",
    why="Gateway settings take effect with a restart only. Regions with different system accounts have meta groups of "
    "their own, so a region that joins keeps its streams, as long as no other region has its account.",
    source="run on nats-server 2.12.8 and 2.15.1",
    remedy="Check first that /healthz of every server answers 200, and that every other region states another system "
    "account.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:gateway.gateways
untouched: true
conf: {accounts: {SYS-A: {}}, system_account: SYS-A, gateway: {name: nats}}
new: {conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}, roll: true}""",
    passes="""\
untouched: true
conf: {gateway: {name: nats}}
new: {conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}, roll: true}""",
)
def joins_with_its_own_jetstream(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A region with a system account of its own gets remote gateways."""
    return _joining(context, item, change, "own")


@impact(
    "DI013",
    "joins-as-seed",
    "restart",
    why="Gateway settings take effect with a restart only. The seed, the one region whose JetStream may run before it "
    "joins, keeps its streams; the others start JetStream together with their remotes.",
    source="run on nats-server 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
    remedy="Every other region gets JetStream only together with its remote gateways (joins: empty).",
    fails="""\
at: ConfigMap/nats-config:nats.conf:gateway.gateways
old: {conf: {gateway: {gateways: null}}}
new: {roll: true}""",
    passes="""\
old: {conf: {jetstream: null, gateway: {gateways: null}}}
new: {roll: true}""",
)
def joins_as_seed(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """The region that its overlay calls the seed gets remote gateways."""
    return _joining(context, item, change, "seed")


@impact(
    "DI014",
    "another-region-joins",
    "restart",
    why="Gateway settings take effect with a restart only. If the new region ever ran JetStream without remotes under "
    "this system account, the streams of one side are lost.",
    source=SOURCE,
    remedy="The new region's JetStream starts together with its remote gateways (joins: empty), or has a system "
    "account of its own.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:gateway.gateways[name=ap-south]
old: {conf: {gateway: {gateways: [{name: eu-west, url: nats://eu:7222}]}}}
new: {conf: {gateway: {gateways: [{name: eu-west, url: nats://eu:7222}, {name: ap-south, url: nats://ap:7222}]}},
  roll: true}""",
    passes="""\
old: {conf: {gateway: {gateways: [{name: eu-west, url: nats://eu:7222}]}}}
new: {conf: {gateway: {gateways: [{name: eu-west, url: nats://europe:7222}]}}}""",
)
def another_region_joins(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """A region that has remote gateways gets one more."""
    return _joining(context, item, change, "more")


def _joining(context: Context, item: ObjectDiff, change: Change, kind: Literal["own", "seed", "more"]) -> str | None:
    """The message about the first remote gateways, or additional ones, of a region with JetStream.

    None if the case is not of this kind: its `own` meta group, the `seed`, or one `more` region for a joined one.
    """
    servers = context.of_config_map(item) if change.file else None
    if servers is None or servers.before is None or servers.after is None or not _adds_remotes(change):
        return None
    before, after = servers.before, servers.after
    if not joins_alone(before, after):
        return _one_more(before, after, change) if kind == "more" and before.remotes else None
    if not after.shares_meta_group:
        message = (
            f"the region joins with a JetStream of its own, under the system account `{after.account}`: its streams "
            "stay, as long as no other region has that account"
        )
        return message if kind == "own" else None
    message = (
        "the region joins as the seed: it keeps its streams, as long as no other region ever ran JetStream without "
        "remotes"
    )
    return message if kind == "seed" and context.decision.joins == "seed" else None


def _adds_remotes(change: Change) -> bool:
    """Whether a change of nats.conf can add remote gateways."""
    if change.op not in ("add", "replace"):
        return False
    if change.path[:2] == ("gateway", "gateways"):
        return True
    return change.path == ("gateway",) and isinstance(change.after, dict) and bool(change.after.get("gateways"))


def _one_more(before: RegionState, after: RegionState, change: Change) -> str | None:
    """The message about an additional remote of a region that has remotes; None if there is none."""
    known = {remote.name for remote in before.remotes}
    added = [remote.name for remote in after.remotes if remote.name not in known]
    if change.op != "add" or not added or not after.has_jetstream:
        return None
    return (
        f"{', '.join(added)} joins: gateway settings take effect with a restart only; if the new region ever ran "
        "JetStream without remotes under this system account, one side's streams are lost"
    )


@impact(
    "DI015",
    "region-leaves",
    "outage",
    why="The servers of the other regions stay members of the meta group. A region that has no majority alone loses "
    "JetStream: no leader, no placement, /healthz answers 503.",
    source="run on nats-server 2.12.8 to 2.15.1: one region of two alone has no quorum",
    remedy="Move its streams first, and remove the other side's servers with `nats server raft peer-remove`.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:gateway.gateways
new: {conf: {gateway: {gateways: null}}}""",
    passes="""\
untouched: true
conf: {accounts: {SYS-A: {}}, system_account: SYS-A, gateway: {name: nats}}
old: {conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}}""",
)
def region_leaves(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """All remote gateways are removed, where regions share one JetStream."""
    left = _disconnected(context, item, change)
    if left is None or not leaves_group(*left):
        return None
    before, _ = left
    return (
        f"the region leaves {_names(before)}: their servers stay members of the meta group, so a region that has no "
        "majority alone loses JetStream: no leader, no placement, /healthz 503"
    )


def _disconnected(context: Context, item: ObjectDiff, change: Change) -> tuple[RegionState, RegionState] | None:
    """The region before and after a change that leaves it without remote gateways; None for any other change."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or servers.before is None or servers.after is None or change.op == "add":
        return None
    if change.path != ("gateway",) and change.path[:2] != ("gateway", "gateways"):
        return None
    return (servers.before, servers.after) if servers.before.remotes and not servers.after.remotes else None


def _names(state: RegionState) -> str:
    return ", ".join(remote.name for remote in state.remotes)


@impact(
    "DI016",
    "order-of-a-join",
    "none",
    "release",
    why="A gateway rejects clusters that it does not list yet, and a new region's JetStream starts together with its "
    "remotes. If it starts before the seed lists it, it has no leader until then (from 2.12), or elects one alone and "
    "acknowledged messages are lost (2.11.10: 6 of 6 runs). With the seed first, 11 of 11 runs kept everything.",
    source="run on nats-server 2.11.10, 2.12.8, 2.14.2 and 2.15.1",
    remedy="`natsvalues overlay list` prints the regions in this order.",
    fails="""\
region: eu-west
old: {conf: {jetstream: null, gateway: {gateways: null}}}
new: {roll: true}""",
    passes="new: {roll: true}",
)
def order_of_a_join(context: Context) -> str | None:
    """A region that shares JetStream gets its first remote gateways, or additional ones."""
    orders = (order_of_change(item.before, item.after) for item in context.servers if item.after is not None)
    return next(filter(None, orders), None)


@impact(
    "DI017",
    "connections-to-regions-end",
    "outage",
    why="Without remote gateways no subject reaches clients in the other regions any more, as soon as the others have "
    "left the region out, too. Its own streams stay, where it does not share JetStream.",
    source="run on nats-server 2.12.8 and 2.15.1",
    remedy="Move the clients that depend on other regions first.",
    fails="""\
at: ConfigMap/nats-config:nats.conf:gateway.gateways
untouched: true
conf: {accounts: {SYS-A: {}}, system_account: SYS-A, gateway: {name: nats}}
old: {conf: {gateway: {gateways: [{name: eu-west, urls: [nats://nats-gw-eu-west.example.com:7222]}]}}}""",
    passes="""\
at: ConfigMap/nats-config:nats.conf:gateway.gateways
new: {conf: {gateway: {gateways: null}}}""",
)
def connections_to_regions_end(context: Context, item: ObjectDiff, change: Change) -> str | None:
    """All remote gateways are removed, where the region has a JetStream of its own, or none."""
    left = _disconnected(context, item, change)
    if left is None or leaves_group(*left):
        return None
    before, after = left
    kept = "; its own streams stay" if after.has_jetstream else ""
    return f"the region leaves {_names(before)}: its clients no longer reach subjects there, and theirs not here{kept}"


@impact(
    "DI018",
    "joins-unlisted",
    "data-loss",
    "release",
    why="Regions that do not list a new one reject it. Before 2.12 its servers, with empty stores, elect a meta leader "
    "alone, and when the regions meet, acknowledged messages are lost or all directories deleted.",
    source="run on nats-server 2.11.10: of 6 runs 5 lost messages, and 1 never had all replicas; docs/stages.md",
    remedy=f"{LISTED_FIRST.capitalize()}.",
    fails="""\
region: eu-west
container: {image: "nats:2.11.10-alpine"}
unlisted: [us-east]
old: {conf: {jetstream: null, gateway: {gateways: null}}}""",
    passes="""\
region: eu-west
container: {image: "nats:2.11.10-alpine"}
old: {conf: {jetstream: null, gateway: {gateways: null}}}""",
)
def joins_unlisted(context: Context) -> str | None:
    """A region gets JetStream and remotes of which some reject it, and its servers are older than 2.12."""
    new = _new_and_unlisted(context)
    if new is None or new.version.needs_all_votes:
        return None
    return without_leader(new, f"the new releases of {', '.join(context.decision.unlisted)}")


@impact(
    "DI019",
    "waits-unlisted",
    "outage",
    "release",
    why="Regions that do not list a new one reject it. From 2.12 on servers with empty stores elect only with the "
    "votes of all that they count, so the new region has no JetStream until it is listed. On 2.12.8 some streams then "
    "never had all replicas.",
    source="run on nats-server 2.12.8 (3 of 9 runs never whole), 2.14.2, 2.14.6 and 2.15.1 (15 of 15 whole); "
    "docs/stages.md",
    remedy=f"{LISTED_FIRST.capitalize()}.",
    fails="""\
region: eu-west
container: {image: "nats:2.14.2-alpine"}
unlisted: [us-east]
old: {conf: {jetstream: null, gateway: {gateways: null}}}""",
    passes="""\
region: eu-west
container: {image: "nats:2.14.2-alpine"}
old: {conf: {jetstream: null, gateway: {gateways: null}}}""",
)
def waits_unlisted(context: Context) -> str | None:
    """A region gets JetStream and remotes of which some reject it, and its servers are 2.12 or newer."""
    new = _new_and_unlisted(context)
    if new is None or not new.version.needs_all_votes:
        return None
    return without_leader(new, f"the new releases of {', '.join(context.decision.unlisted)}")


def _new_and_unlisted(context: Context) -> RegionState | None:
    """The servers whose first start with JetStream is one with remotes that reject them."""
    for servers in context.servers if context.decision.unlisted else ():
        before, after = servers.before, servers.after
        is_first = before is None or not before.has_jetstream
        if is_first and after is not None and after.has_jetstream and after.remotes and after.shares_meta_group:
            return after
    return None


IMPACTS = (
    joins_with_state,
    joins_with_its_own_jetstream,
    joins_as_seed,
    another_region_joins,
    region_leaves,
    order_of_a_join,
    connections_to_regions_end,
    joins_unlisted,
    waits_unlisted,
)
