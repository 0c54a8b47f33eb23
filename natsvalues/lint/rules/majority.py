"""Which failures leave JetStream without a leader: of a region, or of one of two servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.groups import groups_of_subject
from natsvalues.lint.rule import Problem, rule
from natsvalues.supercluster.meta_groups import outage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.subject import Subject
    from natsvalues.supercluster.meta_groups import MetaGroup, Outage

WITHOUT_LEADER = (
    "Without a majority of its servers a meta group has no leader: no stream or consumer can be created, changed or "
    "listed (error 10008), and /healthz answers 503. Streams of which a majority of the replicas is left still take "
    "and deliver messages. "
)
SOURCE = "run on nats-server 2.10.26, 2.11.10, 2.12.8, 2.14.6 and 2.15.1"


@rule(
    "JS013",
    "two-servers",
    "warning",
    "regions",
    why=WITHOUT_LEADER + "Of two servers neither may fail, so JetStream fails more often than with one, and every "
    "restart of a pod interrupts it.",
    source=SOURCE + "; nats-server issue 4876",
    remedy="Use three servers (config.cluster.replicas: 3 in the chart's values).",
    fails="""\
supercluster: {jetstream: {scope: region}}
statefulSet: {spec: {replicas: 2}}
us-east: {overlay: {joins: null, systemAccount: SYS-us}}
eu-west: {overlay: {joins: null, systemAccount: SYS-eu}}""",
    passes="statefulSet: {spec: {replicas: 2}}",
)
def two_servers(subject: Subject) -> Iterator[Problem]:
    """A meta group has two servers, both in one region."""
    for group, failure in _outages(subject):
        if len(group.regions) == 1:
            yield Problem(failure.message, _places(subject, group.regions), group.regions)


@rule(
    "JS014",
    "one-region-ends-majority",
    "warning",
    "regions",
    why=WITHOUT_LEADER + "The servers of all regions of a meta group count together: of two regions the larger one may "
    "not fail, and with equal numbers neither may. (A note where one region alone is larger than all others together.)",
    source=SOURCE + "; nats-server issue 4502",
    remedy="Join a third region with JetStream: beside two equal ones a single server is enough. Or give each region a "
    "JetStream of its own (jetstream.scope: region), before there are streams. Where two regions are what you want, "
    "ignore this rule.",
    fails="supercluster: {jetstream: {scope: supercluster}}",
    passes="""\
supercluster: {jetstream: {scope: region}}
us-east: {overlay: {joins: null, systemAccount: SYS-us}}
eu-west: {overlay: {joins: null, systemAccount: SYS-eu}}""",
)
def one_region_ends_majority(subject: Subject) -> Iterator[Problem]:
    """The remaining regions of a meta group have no majority of its servers if one region fails."""
    for group, failure in _outages(subject):
        if len(group.regions) > 1:
            scope = (subject.overlays.positions.where("jetstream", "scope"),) if subject.overlays is not None else ()
            yield Problem(
                f"{failure.message}; {failure.remedy}",
                (*scope, *_places(subject, failure.regions)),
                (*failure.regions, *(name for name in group.regions if name not in failure.regions)),
                severity=None if len(failure.regions) > 1 else "note",
            )


def _outages(subject: Subject) -> Iterator[tuple[MetaGroup, Outage]]:
    for group in groups_of_subject(subject):
        failure = outage(group)
        if failure is not None:
            yield group, failure


def _places(subject: Subject, regions: tuple[str, ...]) -> tuple[Where, ...]:
    """Where the number of servers of these regions is stated."""
    rendered = {cluster.region: cluster for cluster in subject.clusters}
    return tuple(
        rendered[name].at(rendered[name].nats.statefulset, "spec", "replicas")
        if name in rendered
        else subject.plans[name].positions.where("servers")
        for name in regions
    )


RULES = (two_servers, one_region_ends_majority)
