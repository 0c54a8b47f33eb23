"""Decisions that only people can make, and that the overlays must state: how regions join, under which names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule
from natsvalues.manifests.settings import configured_names, other_prefix
from natsvalues.overlays.plan import joinings, shares_jetstream
from natsvalues.supercluster.joining import EARLY_JOIN_REMEDY, early_joins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.subject import Subject
    from natsvalues.overlays.folder import RegionFile

STAGES = "run on nats-server 2.11.4, 2.12.8, 2.14.6 and 2.15.1; docs/stages.md"


def _files(subject: Subject) -> dict[str, RegionFile]:
    return subject.overlays.regions if subject.overlays is not None else {}


def _runs_jetstream(subject: Subject, region: str) -> bool:
    """Whether a region may run JetStream: unless its rendering shows that it does not."""
    rendered = [cluster for cluster in subject.clusters if cluster.region == region]
    return not rendered or any(cluster.has_jetstream for cluster in rendered)


@rule(
    "OV001",
    "joins-not-stated",
    "warning",
    "overlays",
    why="When clusters that both ran JetStream join, one of them loses its streams. So a render with JetStream on is "
    "refused until `joins` is set.",
    source=STAGES,
    remedy="Set joins: seed for the one region that may have streams, joins: empty for every other.",
    fails="eu-west: {overlay: {joins: null}}",
    passes="eu-west: {overlay: {joins: empty}}",
)
def joins_not_stated(subject: Subject) -> Iterator[Problem]:
    """A region that shares JetStream does not set `joins`."""
    for name, file in _files(subject).items():
        shares = subject.plans[name].shares_jetstream
        if shares and file.region.joins is None and _runs_jetstream(subject, name):
            yield Problem(f"`{name}` does not set `joins`", (file.positions.where("joins"),), (name,))


@rule(
    "OV002",
    "no-seed",
    "warning",
    "overlays",
    why="A first boot with remotes waits for servers of all regions; the seed elects its leader alone, before the "
    "others join.",
    source=STAGES,
    remedy="Set joins: seed in the region that has streams, or will have them first.",
    fails="us-east: {overlay: {joins: empty}}",
    passes="us-east: {overlay: {joins: seed}}",
)
def no_seed(subject: Subject) -> Iterator[Problem]:
    """All regions have joins: empty, so none may have run JetStream before."""
    files = _files(subject)
    shares = all(plan.shares_jetstream for plan in subject.plans.values())
    if shares and len(files) > 1 and all(file.region.joins == "empty" for file in files.values()):
        where = tuple(file.positions.where("joins") for file in files.values())
        yield Problem("no region has `joins: seed`", where, tuple(files))


@rule(
    "OV003",
    "server-names-not-stated",
    "warning",
    "overlays",
    why="A server name is a JetStream identity. A render with JetStream on is refused until `serverNames` is set.",
    source="run on nats-server 2.12.8 and 2.15.1",
    remedy='Set serverNames: {prefix: ""} for the region that has streams, a prefix of its own for every other.',
    fails="eu-west: {overlay: {serverNames: null}}",
    passes="eu-west: {overlay: {serverNames: {prefix: eu-west-}}}",
)
def server_names_not_stated(subject: Subject) -> Iterator[Problem]:
    """A region does not set `serverNames`."""
    for name, file in _files(subject).items():
        if file.region.server_names is None and _runs_jetstream(subject, name):
            yield Problem(f"`{name}` does not set `serverNames`", (file.positions.where("serverNames"),), (name,))


@rule(
    "OV014",
    "other-server-names",
    "error",
    "overlays",
    why="A server name is a JetStream identity, and the rendering and the overlay state two. A render is refused.",
    source="run on nats-server 2.12.8 and 2.15.1",
    remedy="Set serverNames.prefix to the rendering's, if its servers have streams; else take config.serverNamePrefix "
    "out of the chart's values. Renamed servers lose their streams.",
    fails="us-east: {container: {env: [{name: SERVER_NAME, value: legacy-$(POD_NAME)}]}}",
    passes="""\
us-east:
  container: {env: [{name: SERVER_NAME, value: legacy-$(POD_NAME)}]}
  overlay: {serverNames: {prefix: legacy-}}""",
)
def other_server_names(subject: Subject) -> Iterator[Problem]:
    """A rendering's server names begin with another prefix than the overlay's."""
    for cluster in subject.clusters:
        if cluster.plan is None:
            continue
        pattern = configured_names(cluster.nats, cluster.conf)
        if other_prefix(pattern, cluster.plan.name_prefix):
            prefix = cluster.plan.name_prefix or '""'
            message = f"the rendering names its servers `{pattern}`, and the region has the prefix `{prefix}`"
            where = (cluster.plan.where("serverNames", "prefix"), cluster.at_container("env"))
            yield Problem(message, where, (cluster.region,))


@rule(
    "OV004",
    "system-account-not-stated",
    "warning",
    "overlays",
    why="With jetstream.scope: region the system accounts separate the regions. A render with JetStream on is refused "
    "until `systemAccount` is set.",
    source=STAGES,
    remedy='Set systemAccount: "$SYS" for a region that has streams under the default one, SYS-REGION for a new one.',
    fails="""\
supercluster: {jetstream: {scope: region}}
eu-west: {overlay: {joins: null}}
us-east: {overlay: {joins: null, systemAccount: $SYS}}""",
    passes="""\
supercluster: {jetstream: {scope: region}}
eu-west: {overlay: {joins: null, systemAccount: SYS-eu-west}}
us-east: {overlay: {joins: null, systemAccount: $SYS}}""",
)
def system_account_not_stated(subject: Subject) -> Iterator[Problem]:
    """An independent region does not set `systemAccount`."""
    for name, file in _files(subject).items():
        apart = not subject.plans[name].shares_jetstream
        if apart and file.region.system_account is None and _runs_jetstream(subject, name):
            yield Problem(f"`{name}` does not set `systemAccount`", (file.positions.where("systemAccount"),), (name,))


@rule(
    "OV015",
    "server-too-old",
    "error",
    "overlays",
    why="Servers before 2.2 do not know cluster.name and reject_unknown_cluster, and do not start with them. A render "
    "is refused.",
    source="run on nats-server 2.1.7; server/opts.go of 2.2.0",
    remedy="Run a newer nats-server. If the image's tag is not the server's version, set nats.version in the region.",
    fails="us-east: {container: {image: 'nats:2.1.7-alpine'}}",
    passes="""\
us-east:
  container: {image: 'nats:2.1.7-alpine'}
  overlay: {nats: {version: 2.12.8}}""",
)
def server_too_old(subject: Subject) -> Iterator[Problem]:
    """A region's servers are older than 2.2."""
    for cluster in subject.clusters:
        if cluster.plan is not None and not cluster.version.names_clusters:
            yield Problem(f"server {cluster.version} is too old", (cluster.at_container("image"),), (cluster.region,))


@rule(
    "OV005",
    "joins-before-the-seed",
    "error",
    "overlays",
    why="An empty region starts JetStream together with its remotes and waits for the seed's servers. Without them it "
    "never elects a leader or, before 2.12, elects one alone.",
    source=STAGES,
    remedy=EARLY_JOIN_REMEDY,
    fails="us-east: {overlay: {stage: expose}}",
    passes="us-east: {overlay: {stage: join}}",
)
def joins_before_seed(subject: Subject) -> Iterator[Problem]:
    """A region with joins: empty is in stage join, and the seed (or, without one, every other region) is not."""
    overlays = subject.overlays
    if overlays is None or not shares_jetstream(overlays):
        return
    for early in early_joins(joinings(overlays)):
        names = (early.region, *([early.other.region] if early.other is not None else []))
        where = tuple(overlays.regions[region].positions.where("stage") for region in names)
        yield Problem(early.message, where, names)


@rule(
    "OV016",
    "move-under-way",
    "note",
    "overlays",
    why="`move` holds a region where a step of `natsvalues plan` needs it. It is not yet as its overlay states it.",
    source="docs/plan.md",
    remedy="`natsvalues plan --next` shows the step that comes now; the last one removes the field.",
    fails="us-east: {overlay: {move: {stage: join}}}",
    passes="us-east: {overlay: {stage: join}}",
)
def move_under_way(subject: Subject) -> Iterator[Problem]:
    """A region's overlay has the field `move`."""
    for name, file in subject.overlays.regions.items() if subject.overlays is not None else ():
        if file.region.move is not None:
            yield Problem(f"`{name}` is in the middle of a move", (file.positions.where("move"),), (name,))


RULES = (
    joins_not_stated,
    no_seed,
    server_names_not_stated,
    other_server_names,
    system_account_not_stated,
    joins_before_seed,
    server_too_old,
    move_under_way,
)
