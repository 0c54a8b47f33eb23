"""The meta groups of what is linted: of the renderings, and of the overlays for regions that were not rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.manifests.settings import DEFAULT_ACCOUNT
from natsvalues.records import NamedTuple
from natsvalues.supercluster.meta_groups import Member, MetaGroup, meta_groups

if TYPE_CHECKING:
    from collections.abc import Container

    from natsvalues.lint.subject import Cluster, Subject
    from natsvalues.overlays.plan import Plan

UNKNOWN = "?"
"""An account that neither overlay nor rendering states."""


class Electing(NamedTuple):
    """What is known of a region's part in elections: its number of servers, None if unknown, and its system account.

    `dials` are the regions that it dials, and it `rejects` others or not. `is_known` is false if servers that are not
    among these files may be in its meta group, or if its servers, without a cluster, have none.
    """

    servers: int | None
    jetstream: Literal["on", "off", "if rendered"]
    account: str
    dials: tuple[str, ...]
    rejects: bool
    is_known: bool


def electing(subject: Subject) -> dict[str, Electing]:
    """Each region by its name, from its rendering if there is one, else from its overlay."""
    rendered = {cluster.region: cluster for cluster in subject.clusters}
    names = dict.fromkeys([*subject.plans, *rendered])
    regions = {cluster.gateway_name: name for name, cluster in rendered.items()}
    return {
        name: _rendered(rendered[name], regions, names) if name in rendered else _planned(subject.plans[name])
        for name in names
    }


def _rendered(cluster: Cluster, regions: dict[str | None, str], names: Container[str]) -> Electing:
    dials = tuple(regions.get(remote.name, remote.name) for _, remote in cluster.remotes)
    state = cluster.state
    is_alone = state.has_jetstream and not state.is_clustered and state.replicas > 1
    is_open = state.extends_jetstream or (state.shares_meta_group and any(name not in names for name in dials))
    return Electing(
        cluster.counted,
        "on" if state.has_jetstream else "off",
        state.account,
        dials,
        state.rejects_unknown,
        is_known=not (is_alone or is_open),
    )


def _planned(plan: Plan) -> Electing:
    account = DEFAULT_ACCOUNT if plan.shares_jetstream else plan.region.system_account or UNKNOWN
    dials = tuple(remote.name for remote in plan.remotes) if plan.region.stage == "join" else ()
    jetstream: Literal["off", "if rendered"] = "off" if plan.waits_to_join else "if rendered"
    rejects = plan.supercluster.gateway.reject_unknown_cluster
    return Electing(plan.region.servers, jetstream, account, dials, rejects, is_known=True)


def groups_of_subject(subject: Subject) -> tuple[MetaGroup, ...]:
    """The meta groups of regions with JetStream; a region whose account is not stated has its own group."""
    regions = electing(subject)
    groups = meta_groups(
        Member(
            region=name,
            gateway=name,
            account=f"{UNKNOWN} {name}" if region.account == UNKNOWN else region.account,
            servers=region.servers,
            dials=frozenset(region.dials),
            rejects_unknown=region.rejects,
            is_clustered=region.jetstream != "off",
        )
        for name, region in regions.items()
    )
    return tuple(
        group if all(regions[name].is_known for name in group.regions) else group._replace(counts=(*group.counts, None))
        for group in groups
    )
