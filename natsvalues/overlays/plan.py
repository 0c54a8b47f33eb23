"""What one region needs, worked out from all overlays together: defaults, its remotes, its place among them.

Advertised addresses and remote urls are made here, from the same fields of the same files, so they cannot
drift apart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.checks import check, per_pod
from natsvalues.overlays.model import Dns, Lint, Probes, Region, Supercluster
from natsvalues.providers.load_balancer import LoadBalancer
from natsvalues.records import NamedTuple
from natsvalues.supercluster.joining import EARLY_JOIN_REMEDY, Joining, early_joins
from natsvalues.text.digests import digest
from natsvalues.text.hosts import POD, endpoint
from natsvalues.text.reading import spelled

if TYPE_CHECKING:
    from natsvalues.errors import Where
    from natsvalues.overlays.folder import Overlays, RegionFile
    from natsvalues.overlays.model import Dns, Probes, Region, Supercluster
    from natsvalues.supercluster.region_state import Decision
    from natsvalues.text.reading import Positions

_STARTS_ALONE = (
    "Its JetStream would start without the others: it elects no leader, or one of its own, and then streams are lost "
    "when the regions connect."
)


class Remote(NamedTuple):
    """Another region's gateway as this region dials it."""

    name: str
    urls: tuple[str, ...]


class Plan(NamedTuple):
    """Everything the transforms need to know of one region."""

    supercluster: Supercluster
    region: Region
    positions: Positions
    shared_positions: Positions
    load_balancer: LoadBalancer
    probes: Probes
    dns: Dns
    host: str
    port: int
    remotes: tuple[Remote, ...]
    known: tuple[str, ...]
    seed: str = ""
    """The region that may have streams before the others join, where they share JetStream; empty if none is stated."""
    remote_servers: tuple[int | None, ...] = ()
    """How many servers each of the remotes has; None if its file does not state it."""
    accepted: str = ""
    """The stamp of the losses from the prior release that the user accepts; empty without any."""

    def where(self, *path: str | int) -> Where:
        """The place of a field that both kinds of file have: the region's own, else the supercluster's."""
        here = path in self.positions.lines or path not in self.shared_positions.lines
        return (self.positions if here else self.shared_positions).where(*path)

    @property
    def name_prefix(self) -> str:
        """What the servers' names begin with: as the region states it, else `REGION-`."""
        stated = self.region.server_names
        return f"{self.region.name}-" if stated is None else stated.prefix

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits of the effective overlay, without `lint`, which changes no rendering.

        Equal plans have equal digests, whatever the order of their annotations, labels and options.
        """
        supercluster, region = self.supercluster._replace(lint=Lint()), self.region._replace(lint=Lint())
        values = plain_values((supercluster, region, self.load_balancer, self.probes, self.dns, self.remotes))
        if region.move is None:
            del values[1]["move"]  # or the digests of all releases would differ from those of earlier versions
        text = json.dumps(values, sort_keys=True, separators=(",", ":"))
        return digest(text, 12)

    @property
    def sync(self) -> str | None:
        """When messages are written to the disks: `always` or a duration; None leaves it as the rendering has it."""
        return self.region.sync or self.supercluster.jetstream.sync

    @property
    def decision(self) -> Decision:
        """What the overlays decide about JetStream across regions."""
        from natsvalues.supercluster.region_state import Decision  # post-rendering alone does not need it

        return Decision(self.supercluster.jetstream.scope, self.region.joins or "", self.seed)

    @property
    def shares_jetstream(self) -> bool:
        """Whether the regions form one meta group."""
        return self.supercluster.jetstream.scope == "supercluster"

    @property
    def waits_to_join(self) -> bool:
        """Whether JetStream must stay out until the remotes come: an empty region that has not joined yet."""
        return self.shares_jetstream and self.region.joins == "empty" and self.region.stage != "join"


def plain_values(item: Any) -> Any:
    """Classes of the model as mappings with the names of the YAML fields, tuples as lists, keys as strings."""
    if hasattr(item, "_asdict"):
        return {spelled(name): plain_values(value) for name, value in item._asdict().items()}
    if isinstance(item, dict):
        return {str(key): plain_values(value) for key, value in item.items()}
    return [plain_values(value) for value in item] if isinstance(item, (tuple, list)) else item


def plan(overlays: Overlays, name: str) -> Plan:
    """The plan of one region.

    Raises with every contradiction between the files, whichever region it is in, and if this region joins too early.
    """
    file = overlays.region(name)
    check(overlays)
    _refuse_early_join(overlays, file)
    return _plan(overlays, file, _joined(overlays))


def _refuse_early_join(overlays: Overlays, file: RegionFile) -> None:
    """Its JetStream would start alone: without a leader, or with one whose meta log erases the seed's streams."""
    for early in early_joins(joinings(overlays)) if shares_jetstream(overlays) else ():
        if early.region == file.region.name:
            from textwrap import wrap  # an error only

            other = [overlays.regions[early.other.region].positions.where("stage")] if early.other is not None else []
            raise NatsvaluesError(
                "NV-O022",
                early.message,
                where=(file.positions.where("stage"), *other),
                hint="\n".join(wrap(f"{_STARTS_ALONE} {EARLY_JOIN_REMEDY}", 100)),
            )


def plans(overlays: Overlays) -> dict[str, Plan]:
    """The plan of each region, by its name. Raises with every contradiction between the files."""
    check(overlays)
    joined = _joined(overlays)
    return {name: _plan(overlays, file, joined) for name, file in overlays.regions.items()}


def joinings(overlays: Overlays) -> list[Joining]:
    """How each region joins, and its stage."""
    regions = [file.region for file in overlays.regions.values()]
    return [Joining(region.name, region.joins, region.stage) for region in regions]


def shares_jetstream(overlays: Overlays) -> bool:
    """Whether the regions form one meta group."""
    return overlays.supercluster.jetstream.scope == "supercluster"


def seed_of(overlays: Overlays) -> str:
    """The name of the region that joins as the seed; empty without one, and where regions do not share JetStream."""
    listed = joinings(overlays) if shares_jetstream(overlays) else []
    return next((region.region for region in listed if region.joins == "seed"), "")


def _joined(overlays: Overlays) -> tuple[Remote, ...]:
    """Every region in stage join, as the others dial it."""
    regions = [file.region for file in overlays.regions.values()]
    return tuple(
        Remote(region.name, _urls(overlays.supercluster, region)) for region in regions if region.stage == "join"
    )


def _plan(overlays: Overlays, file: RegionFile, joined: tuple[Remote, ...]) -> Plan:
    region = file.region
    shared = overlays.supercluster
    remotes = tuple(remote for remote in joined if remote.name != region.name)
    return Plan(
        supercluster=shared,
        region=region,
        positions=file.positions,
        shared_positions=overlays.positions,
        load_balancer=_merged(shared.load_balancer, region.load_balancer),
        probes=region.probes or shared.probes,
        dns=region.dns or shared.dns,
        host=region.gateway.host,
        port=region.gateway.port or shared.gateway.port,
        remotes=remotes,
        known=tuple(overlays.regions),
        seed=seed_of(overlays),
        remote_servers=tuple(overlays.regions[remote.name].region.servers for remote in remotes),
    )


def _merged(default: LoadBalancer, own: LoadBalancer) -> LoadBalancer:
    """Each field the region's own if given, else the default; annotations, labels and options add up."""
    fields: dict[str, Any] = {}
    for name, mine, theirs in zip(LoadBalancer._fields, own, default, strict=True):
        if isinstance(mine, dict) or isinstance(theirs, dict):
            fields[name] = {**_table(theirs), **_table(mine)}
        else:
            fields[name] = theirs if mine is None or mine == () else mine
    return LoadBalancer(**fields)


def _table(value: Any) -> dict[str, str]:
    return value if isinstance(value, dict) else {}


def _urls(shared: Supercluster, other: Region) -> tuple[str, ...]:
    """One url for a region's load balancer; with a load balancer for each pod, one url for each."""
    port = other.gateway.port or shared.gateway.port
    if not per_pod(shared, other):
        return ("nats://" + endpoint(other.gateway.host, port),)
    pods = [f"{other.nats.name}-{ordinal}" for ordinal in range(other.servers or 0)]
    return tuple("nats://" + endpoint(other.gateway.host.replace(POD, pod), port) for pod in pods)
