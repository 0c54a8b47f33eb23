"""Regions that join or leave a supercluster: what that does to JetStream.

facts: clusters whose JetStream ran without remotes and that are then joined under one system account become one
meta group, and one side's streams are lost, even against a side that held no stream but had elected alone
(2.12.8 in 2 of 2 runs, 2.15.1 in 2 of 3). With a system account for each region the same is clean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.diff.changes import Impact
from natsvalues.manifests.settings import (
    DEFAULT_ACCOUNT,
    dials_others,
    gateway,
    jetstream_is_on,
    remotes,
    system_account,
)

if TYPE_CHECKING:
    from natsvalues.diff.changes import Change, ObjectDiff
    from natsvalues.diff.impact.context import Context, Servers

SOURCE = "run on nats-server 2.10.26, 2.12.8, 2.14.6 and 2.15.1"


def joining(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """Remote gateways that come to servers which ran JetStream alone."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or not _brings_remotes(change):
        return None
    if not joins_with_state(servers):
        return _one_more(servers, change) if dials_others(servers.old_conf) else None
    account = system_account(servers.new_conf)
    if context.decision.scope == "region" or (not context.decision.scope and account != DEFAULT_ACCOUNT):
        return Impact(
            "restart",
            f"the region joins with a JetStream of its own, under the system account `{account}`: its streams stay, as "
            "long as no other region has that account",
            "run on nats-server 2.12.8 and 2.15.1",
            "before: /healthz of every server answers 200, and every other region states another system account",
        )
    if context.decision.joins == "seed":
        return Impact(
            "restart",
            "the region joins as the seed: it keeps its streams, as long as no other region ever ran JetStream alone",
            "run on nats-server 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
            "every other region gets JetStream only together with its remotes (joins: empty)",
        )
    return Impact(
        "data-loss",
        f"JetStream ran here without remotes, and joins others under the system account `{account}`: they become one "
        "meta group, and one side's streams vanish, on some versions from the disk too, with every health check green",
        SOURCE,
        "only one region, the seed, may ever have run JetStream before it joins: say so in its overlay (joins: seed). "
        "Otherwise empty this region's store first, or give each region a system account of its own (scope: region)",
    )


def joins_with_state(servers: Servers) -> bool:
    """Whether servers that ran JetStream without remotes get remotes now, under the same system account."""
    return (
        servers.old is not None
        and servers.new is not None
        and jetstream_is_on(servers.old_conf)
        and jetstream_is_on(servers.new_conf)
        and not dials_others(servers.old_conf)
        and dials_others(servers.new_conf)
        and system_account(servers.old_conf) == system_account(servers.new_conf)
    )


def _brings_remotes(change: Change) -> bool:
    if change.op not in ("add", "replace"):
        return False
    if change.path[:2] == ("gateway", "gateways"):
        return True
    return change.path == ("gateway",) and isinstance(change.after, dict) and bool(change.after.get("gateways"))


def _one_more(servers: Servers, change: Change) -> Impact | None:
    """A further remote for a region that has some already."""
    known = {remote.name for remote in remotes(servers.old_conf)}
    added = [remote.name for remote in remotes(servers.new_conf) if remote.name not in known]
    if change.op != "add" or not added or not jetstream_is_on(servers.new_conf):
        return None
    return Impact(
        "restart",
        f"{', '.join(added)} joins: gateway settings come into force with a restart only. If the newcomer ever ran "
        "JetStream alone under this system account, one side's streams are lost",
        SOURCE,
        "the newcomer's JetStream starts together with its remotes (joins: empty), or has a system account of its own",
    )


def leaving(context: Context, item: ObjectDiff, change: Change) -> Impact | None:
    """All remote gateways go, where JetStream was one across the regions."""
    servers = context.of_config_map(item) if change.file else None
    if servers is None or servers.new is None or change.op == "add":
        return None
    if change.path != ("gateway",) and change.path[:2] != ("gateway", "gateways"):
        return None
    left = dials_others(servers.old_conf) and not dials_others(servers.new_conf)
    if not left or not jetstream_is_on(servers.old_conf) or not jetstream_is_on(servers.new_conf):
        return None
    own = context.decision.scope == "region" or system_account(servers.old_conf) != DEFAULT_ACCOUNT
    if own and context.decision.scope != "supercluster":
        return None
    others = ", ".join(
        remote.name for remote in remotes(servers.old_conf) if remote.name != gateway(servers.old_conf).get("name")
    )
    return Impact(
        "outage",
        f"the region leaves {others}: their servers stay members of the meta group, so a region that has no majority "
        "alone loses JetStream: no leader, no placement, /healthz 503",
        "run on nats-server 2.12.8 to 2.15.1: one region of two alone has no quorum",
        "move its streams first, and take the other side's servers out with `nats server raft peer-remove`",
    )
