"""Overlays alone: what a render would refuse, what is a risk, what has no effect."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.lint.rule import Fix, Problem, rule
from natsvalues.manifests.healthz import needs_leader
from natsvalues.manifests.server import ServerVersion
from natsvalues.providers import Inputs, Profile, Shape, load, shape
from natsvalues.text.hosts import is_address
from natsvalues.text.paths import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.lint.subject import Subject
    from natsvalues.overlays.folder import Overlays, RegionFile
    from natsvalues.overlays.plan import Plan
    from natsvalues.text.reading import Positions
NEWEST = ServerVersion(2, 15, 1)
"""A path that waits for a leader on this version waits on every version."""


def _overlays(subject: Subject) -> Overlays:
    assert subject.overlays is not None  # noqa: S101   # the linter runs these rules for overlays only
    return subject.overlays


def _files(subject: Subject) -> Iterator[tuple[str, RegionFile]]:
    yield from _overlays(subject).regions.items()


def _fix(positions: Positions, title: str, *ops: Op) -> Fix:
    return Fix(title, positions.file, positions.lines.get((), 1), ops)


@rule(
    "OV006",
    "provider-refuses",
    "error",
    "overlays",
    why="A render of the region is refused: the load balancer would not work as requested.",
    source="docs/providers.md, from the providers' sources",
    remedy="`natsvalues providers` lists the providers, and with a provider's name prints the fields and options that "
    "it takes, and their values.",
    fails="us-east: {overlay: {loadBalancer: {provider: aws-lbc-ip, scheme: null}}}",
    passes="us-east: {overlay: {loadBalancer: {provider: aws-lbc-ip, scheme: internal}}}",
)
def provider_refuses(subject: Subject) -> Iterator[Problem]:
    """A region names an unknown provider, or inputs that it does not accept; one with a gateway names none."""
    for name, plan in subject.plans.items():
        if plan.load_balancer.provider is None:
            if plan.region.stage == "local":
                continue  # it is chosen when there is a gateway
            message = f"`{name}` names no load balancer provider"
            yield Problem(message, (plan.where("loadBalancer", "provider"),), (name,))
            continue
        shaped = _shaped(plan)
        if isinstance(shaped, str):
            yield Problem(shaped, (plan.where("loadBalancer", "provider"),), (name,))
            continue
        yield from (Problem(text, (plan.where("loadBalancer"),), (name,)) for text in shaped.errors)


@rule(
    "OV007",
    "provider-remarks",
    "note",
    "overlays",
    why="The requested load balancer works differently than it seems, or nobody could verify that it works.",
    source="docs/providers.md, from the providers' sources",
    remedy="Read the remark; then ignore the rule, with the result of your check as the reason.",
    fails="us-east: {overlay: {loadBalancer: {provider: aws-lbc-ip, scheme: internal, externalTrafficPolicy: Local}}}",
    passes="us-east: {overlay: {loadBalancer: {provider: aws-lbc-ip, scheme: internal}}}",
)
def provider_remarks(subject: Subject) -> Iterator[Problem]:
    """The provider has a remark on a region's load balancer."""
    for name, plan in subject.plans.items():
        shaped = _shaped(plan) if plan.load_balancer.provider is not None else ""
        if plan.region.stage != "local" and isinstance(shaped, Shape):
            yield from (Problem(text, (plan.where("loadBalancer"),), (name,)) for text in shaped.warnings)


@cache
def _profile(provider: str) -> Profile:
    return load(provider)


def _shaped(plan: Plan) -> Shape | str:
    """The provider's load balancer for a plan, or why there is none."""
    try:
        profile = _profile(str(plan.load_balancer.provider))
    except NatsvaluesError as error:
        return f"{error.message}: {error.hint}" if error.hint else error.message
    tls = plan.supercluster.gateway.tls is not None
    return shape(profile, Inputs(plan.load_balancer, plan.host, plan.port, tls))


@rule(
    "OV008",
    "probe-kept",
    "warning",
    "overlays",
    why="The chart's startup probe waits for a meta leader; with it a cold start can hang.",
    source="run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1",
    remedy="Set probes.startup: auto (--fix does): the path that needs no leader on the server's version.",
    fails="supercluster: {probes: {startup: keep}}",
    passes="supercluster: {probes: {startup: auto}}",
    fixable=True,
)
def probe_kept(subject: Subject) -> Iterator[Problem]:
    """The overlays keep the chart's startup probe, or set a path that waits for a leader."""
    overlays = _overlays(subject)
    shared = overlays.supercluster.probes
    sources: list[tuple[Any, Positions, tuple[str, ...]]] = [(shared, overlays.positions, tuple(overlays.regions))]
    sources += [(file.region.probes, file.positions, (name,)) for name, file in _files(subject)]
    for probes, positions, regions in sources:
        if probes is None:
            continue
        path = probes.startup
        if path == "keep" or (path != "auto" and needs_leader(path, NEWEST)):
            fix = _fix(positions, "set probes.startup to auto", Op("replace", ("probes", "startup"), "auto"))
            message = f"the startup probe is `{path}`"
            yield Problem(message, (positions.where("probes", "startup"),), regions, fix)


@rule(
    "OV009",
    "one-dns-prefix-chosen",
    "warning",
    "overlays",
    why="external-dns up to 0.21 reads one prefix, from 0.22 on only the other; an upgrade drops the gateway's record.",
    source="external-dns pull request 6424 and source/annotations/annotations.go at its tags",
    remedy="Remove dns.prefixes (--fix does), or ignore this rule and give the version you run as the reason.",
    fails="supercluster: {dns: {prefixes: [external-dns.alpha.kubernetes.io/]}}",
    passes="supercluster: {dns: {prefixes: [external-dns.alpha.kubernetes.io/, external-dns.kubernetes.io/]}}",
    fixable=True,
)
def one_dns_prefix_chosen(subject: Subject) -> Iterator[Problem]:
    """The overlays write DNS annotations for old versions of external-dns only, or for new ones only."""
    overlays = _overlays(subject)
    known = {"external-dns.alpha.kubernetes.io/", "external-dns.kubernetes.io/"}
    sources: list[tuple[Any, Positions, tuple[str, ...]]] = [
        (overlays.supercluster.dns, overlays.positions, tuple(overlays.regions)),
        *((file.region.dns, file.positions, (name,)) for name, file in _files(subject)),
    ]
    for dns, positions, regions in sources:
        if dns is not None and dns.enabled and len(dns.prefixes) == 1 and dns.prefixes[0] in known:
            fix = _fix(positions, "remove dns.prefixes", Op("remove", ("dns", "prefixes")))
            message = f"DNS annotations start with `{dns.prefixes[0]}` only"
            yield Problem(message, (positions.where("dns", "prefixes"),), regions, fix)


@rule(
    "OV010",
    "public-without-tls",
    "note",
    "overlays",
    why="Traffic between regions crosses the internet unencrypted, and no region proves its identity.",
    source="nats.docs, Gateways: tls",
    remedy="Set gateway.tls in the supercluster overlay.",
    fails="us-east: {overlay: {loadBalancer: {scheme: internet-facing}}}",
    passes="""\
us-east: {overlay: {loadBalancer: {scheme: internet-facing}}}
supercluster: {gateway: {tls: {secret: gateway}}}""",
)
def public_without_tls(subject: Subject) -> Iterator[Problem]:
    """A region is reachable from outside, and the gateways have no TLS."""
    if _overlays(subject).supercluster.gateway.tls is not None:
        return
    for name, plan in subject.plans.items():
        if plan.load_balancer.scheme == "internet-facing" and plan.region.stage != "local":
            where = (plan.where("loadBalancer", "scheme"), plan.shared_positions.where("gateway", "tls"))
            yield Problem(f"`{name}` is internet-facing, and gateways have no TLS", where, (name,))


@rule(
    "OV011",
    "unknown-clusters-let-in",
    "warning",
    "overlays",
    why="A cluster that joins by gossip becomes part of the meta group; if its JetStream ran alone, it can erase "
    "the streams of the others.",
    source="run on nats-server 2.12.8 and 2.15.1",
    remedy="Set gateway.rejectUnknownCluster: true (--fix does), or remove it: true is the default.",
    fails="supercluster: {gateway: {rejectUnknownCluster: false}}",
    passes="supercluster: {gateway: {rejectUnknownCluster: true}}",
    fixable=True,
)
def unknown_clusters_let_in(subject: Subject) -> Iterator[Problem]:
    """The supercluster accepts clusters that are not in its overlays."""
    overlays = _overlays(subject)
    if not overlays.supercluster.gateway.reject_unknown_cluster:
        op = Op("replace", ("gateway", "rejectUnknownCluster"), True)  # noqa: FBT003   # the value itself
        fix = _fix(overlays.positions, "set gateway.rejectUnknownCluster to true", op)
        where = (overlays.positions.where("gateway", "rejectUnknownCluster"),)
        yield Problem("gateway.rejectUnknownCluster is false", where, tuple(overlays.regions), fix)


@rule(
    "OV012",
    "field-without-effect",
    "note",
    "overlays",
    why="It looks like a decision, and changes nothing.",
    source="natsvalues/overlays: joins is read in scope supercluster only, DNS annotations are not written for "
    "addresses",
    remedy="Remove the field (--fix does).",
    fails="""\
supercluster: {jetstream: {scope: region}}
eu-west: {overlay: {systemAccount: SYS-eu-west}}
us-east: {overlay: {joins: null, systemAccount: $SYS}}""",
    passes="eu-west: {overlay: {joins: empty}}",
    fixable=True,
)
def field_without_effect(subject: Subject) -> Iterator[Problem]:
    """A region's file has a field that changes nothing."""
    for name, file in _files(subject):
        idle: list[tuple[str, str]] = []
        if file.region.joins is not None and not subject.plans[name].shares_jetstream:
            idle.append(("joins", "in scope `region`"))
        if file.region.dns is not None and is_address(file.region.gateway.host):
            idle.append(("dns", "with an address as gateway.host"))
        for field, why in idle:
            where: tuple[Where, ...] = (file.positions.where(field),)
            fix = _fix(file.positions, f"remove {field}", Op("remove", (field,)))
            yield Problem(f"`{field}` has no effect {why}", where, (name,), fix)


@rule(
    "OV013",
    "patch-without-reason",
    "note",
    "overlays",
    why="A patch stays when its reason is forgotten; `explain` and reports show the reason.",
    source="natsvalues explain",
    remedy="Add `why` to the patch.",
    fails="""\
us-east:
  overlay: {patches: [{target: {kind: StatefulSet}, ops: [{op: add, path: /metadata/labels/a, value: b}]}]}""",
    passes="""\
us-east:
  overlay:
    patches: [{target: {kind: StatefulSet}, why: needed by a, ops: [{op: add, path: /metadata/labels/a, value: b}]}]""",
)
def patch_without_reason(subject: Subject) -> Iterator[Problem]:
    """A patch does not state its reason."""
    for name, file in _files(subject):
        for index, patch in enumerate(file.region.patches):
            if not patch.why:
                where = (file.positions.where("patches", index),)
                yield Problem(f"patch {index + 1} of `{name}` has no `why`", where, (name,))


RULES = (
    provider_refuses,
    provider_remarks,
    probe_kept,
    one_dns_prefix_chosen,
    public_without_tls,
    unknown_clusters_let_in,
    field_without_effect,
    patch_without_reason,
)
