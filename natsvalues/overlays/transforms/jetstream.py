"""JetStream: domain, accounts and system account, as the scope of the supercluster requires.

facts: over gateways the meta group follows the *system account*, whatever the domains are (five versions). A
region's JetStream state belongs to its system account, so a region that has streams keeps its account.
A region that once elected a meta leader of its own can erase the others' streams when it joins them under one
system account (2.12.8, 2.15.1), so an `empty` region gets JetStream and remotes together.

What a power cut costs without `sync_interval: always`: supercluster/power_cuts.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.settings import (
    DEFAULT_ACCOUNT,
    SYNC_INTERVAL,
    jetstream_is_on,
    listens_for_routes,
    settings,
    stated_system_account,
)
from natsvalues.overlays.patches import Notice
from natsvalues.overlays.scene import Scene, overlay_error
from natsvalues.overlays.transforms.system_account import region_account
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.patches import Outcome

RULE = "jetstream"
SOURCE = "run on nats-server 2.11.4, 2.12.8, 2.14.6 and 2.15.1"
POWER_CUTS = "run on nats-server 2.12.8, 2.14.2 and 2.15.1; nats-server issue 7564"
_ALWAYS = "a message is on the servers' disks before it is acknowledged, so that no power cut loses it"
_LATER = "a power cut of all servers loses what they acknowledged since they last wrote to their disks"


def jetstream(scene: Scene) -> Iterator[Outcome]:
    """Configure one JetStream for all regions, or one for each; servers without JetStream are not changed."""
    if not jetstream_is_on(scene.conf):
        return
    if scene.plan.region.stage == "local" and not listens_for_routes(scene.conf):
        yield _standalone(scene)
    if scene.plan.shares_jetstream:
        yield from _shared(scene)
    else:
        yield from _independent(scene)


def sync(scene: Scene) -> Iterator[Outcome]:
    """Set when messages are written to the disks, where the overlays say it and JetStream is on."""
    wanted = scene.plan.sync
    if wanted is None or not jetstream_is_on(scene.conf):
        return
    block = scene.conf["jetstream"]
    if isinstance(block, dict):
        # Of two spellings of the key the server may read either.
        key, *others = [name for name in SYNC_INTERVAL if name in block] or [SYNC_INTERVAL[0]]
        ops = [Op("add", ("jetstream", key), wanted), *(Op("remove", ("jetstream", name)) for name in others)]
    else:
        ops = [Op("replace", ("jetstream",), {SYNC_INTERVAL[0]: wanted})]
    yield scene.in_conf(RULE, _ALWAYS if wanted == "always" else _LATER, *ops, source=POWER_CUTS)


def _standalone(scene: Scene) -> Notice:
    """Stage `local` accepts a server without a cluster; the next stage needs one, which loses its streams."""
    from natsvalues.supercluster.losses import KEEP_STREAMS  # imported here because it is rarely needed

    return scene.warning(
        "JetStream runs on one server without a cluster: the next stages need a cluster, and would lose its streams",
        scene.at_conf("cluster"),
        hint="without streams, set config.cluster.enabled: true and config.cluster.replicas: 3 in the chart's values "
        f"now\n{KEEP_STREAMS}",
    )


def _shared(scene: Scene) -> Iterator[Outcome]:
    plan = scene.plan
    if plan.region.joins is None:
        raise overlay_error(
            "NV-T020",
            "JetStream is on, and the region does not set `joins`",
            plan,
            "joins",
            hint="joins: seed     the one region that may have streams\n"
            "joins: empty    every other region: it never ran JetStream alone (a region that elected its own meta\n"
            "                leader, even without a stream, can erase the seed's streams when it joins)",
        )
    if plan.waits_to_join:
        yield scene.in_conf(
            RULE,
            f"an empty region runs no JetStream in stage `{plan.region.stage}`: electing a meta leader alone, it could "
            "erase the others' streams when it joins; JetStream is turned on in stage `join`. Volume claims stay",
            Op("remove", ("jetstream",)),
            source=SOURCE,
        )
        return
    given = scene.conf["jetstream"].get("domain") if isinstance(scene.conf["jetstream"], dict) else None
    domain = plan.supercluster.jetstream.domain
    if domain is not None:
        yield from _domain(scene, domain, "all regions share one JetStream domain, as they share one meta group")
    elif given is not None:
        yield scene.warning(
            f"JetStream domain `{given}` is removed: regions that share JetStream cannot have different domains",
            scene.at_conf("jetstream.domain"),
            hint="if clients use this domain, set jetstream.domain in the supercluster overlay, for all regions",
        )
        yield scene.in_conf(
            RULE,
            "with a domain for each region streams can be placed in only one of them",
            Op("remove", ("jetstream", "domain")),
            source=SOURCE,
        )


def _domain(scene: Scene, domain: str, why: str) -> Iterator[Outcome]:
    block = scene.conf["jetstream"]
    if isinstance(block, dict):
        yield scene.in_conf(RULE, why, Op("add", ("jetstream", "domain"), domain), source=SOURCE)
    else:
        yield scene.in_conf(RULE, why, Op("replace", ("jetstream",), {"domain": domain}), source=SOURCE)


def _independent(scene: Scene) -> Iterator[Outcome]:
    plan = scene.plan
    if plan.region.joins is not None:
        yield Notice("note", "`joins` has no effect in scope `region`", (plan.positions.where("joins"),))
    account = plan.region.system_account
    present = stated_system_account(settings(scene.nats))
    if account is None:
        held = f"`{present}`" if present else "`$SYS` (the server's default)"
        raise overlay_error(
            "NV-T021",
            "scope `region` separates regions by their system accounts, and this region does not set `systemAccount`",
            plan,
            "systemAccount",
            hint=f"this release's JetStream belongs to the system account {held}.\n"
            f'systemAccount: "{present or DEFAULT_ACCOUNT}"    if the region has streams: another account loses them\n'
            f"systemAccount: SYS-{plan.region.name}    if it is new, or has no streams",
        )
    block = scene.conf["jetstream"]
    given = block.get("domain") if isinstance(block, dict) else None
    domain = plan.region.domain or given or plan.region.name
    yield from _domain(scene, str(domain), "an independent region has its own JetStream domain")
    yield from region_account(scene, account, present)
