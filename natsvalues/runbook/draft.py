"""A plan in the making: the steps so far, and what the regions are once they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.settings import POD
from natsvalues.overlays.model import Move
from natsvalues.overlays.plan import plans, seed_of, shares_jetstream
from natsvalues.records import NamedTuple
from natsvalues.runbook.checking import Backup
from natsvalues.runbook.place import Place
from natsvalues.runbook.records import proven, proven_between
from natsvalues.runbook.step import Edit, Refused, Step
from natsvalues.supercluster.joining import Joining, upgrade_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from natsvalues.manifests.server import ServerVersion
    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.model import Region
    from natsvalues.runbook.step import Moves
    from natsvalues.runbook.stores import Stored
    from natsvalues.supercluster.region_state import RegionState

USUAL = 3
"""How many servers a region has if neither its overlay nor its release says it."""


Backups = dict[str, dict[str, Backup]]
"""The streams in the backups of each region, by their names."""


class Now(NamedTuple):
    """A region after the steps so far. `servers` is how many it has, `names` the pattern of their names."""

    stage: str
    servers: int
    account: str
    names: str
    is_clustered: bool
    has_data: bool
    ran: bool
    """Whether JetStream ran here, with or without streams."""
    remotes: frozenset[str] = frozenset()
    version: ServerVersion | None = None
    """The version of its servers; None where it is not installed."""


class Draft:
    """The steps so far. `places` are where the regions are, `backups` the streams in each region's backups.

    `rendered` are the regions as the chart renders them with the new values; only those that were rendered.
    """

    def __init__(
        self,
        overlays: Overlays,
        places: dict[str, Place],
        backups: Backups,
        rendered: Mapping[str, RegionState],
        *,
        needs_proof: bool = True,
    ) -> None:
        self.rendered = rendered
        self._needs_proof = needs_proof
        self.goal: dict[str, Region] = {name: file.goal for name, file in overlays.regions.items()}
        self.overlays = overlays._replace(
            regions={name: file._replace(region=file.goal) for name, file in overlays.regions.items()}
        )
        self.places = {name: places.get(name) or Place(name, "") for name in self.goal}
        self.leaving = {name: place for name, place in places.items() if name not in self.goal and place.state}
        self.plans = plans(self.overlays)
        self.is_shared = shares_jetstream(self.overlays)
        self.seed = seed_of(self.overlays)
        self.now = {name: self._start(name) for name in self.goal} | {
            name: _starting(place, USUAL, "", "") for name, place in self.leaving.items()
        }
        self.was_moving: Moves = {name: file.region.move for name, file in overlays.regions.items()}
        self.written: Moves = dict(self.was_moving)
        self.moves: Moves = {name: self._held(name) for name in self.goal}
        self.steps: list[Step] = []
        self.refused: list[Refused] = []
        self.to_restore: dict[str, tuple[str, ...]] = {}
        self.unsure: dict[str, tuple[str, ...]] = {}
        """Streams of each region's backup that are not there, and that may have been deleted after their restore."""
        self.backups = backups

    @property
    def order(self) -> list[str]:
        """The regions of the overlays in the order of their upgrades."""
        return upgrade_order(
            Joining(name, goal.joins if self.is_shared else None, self.now[name].stage)
            for name, goal in self.goal.items()
        )

    # --- what is -------------------------------------------------------------------------------------------

    def _start(self, name: str) -> Now:
        goal = self.goal[name]
        now = _starting(self.places[name], goal.servers or USUAL, self.account(name), self.names(name))
        others = [other for other, wanted in self.goal.items() if other != name and wanted.stage == "join"]
        alone = goal.stage == "join" and now.stage == "expose" and not others
        return now._replace(stage="join") if alone else now  # it has no remotes, and is to have none

    def _held(self, name: str) -> Move | None:
        """The `move` that keeps a region where it is, so that no other region dials it too early."""
        stage = self.now[name].stage
        return self.at_stage(name, "local" if stage == "absent" else stage)

    def at_stage(self, name: str, stage: str) -> Move | None:
        """The `move` for a stage: none if that is where the region goes."""
        return None if stage == self.goal[name].stage else Move(stage=stage)  # type: ignore[arg-type]  # one of them

    def names(self, name: str) -> str:
        """The pattern of the servers' names that the overlays want."""
        return f"{self.plans[name].name_prefix}{POD}"

    def account(self, name: str) -> str:
        """The system account that the overlays want; empty if they leave it to the chart's values.

        A region that natsvalues gave an account of its own, for scope `region`, gets the default one in the other.
        """
        if not self.is_shared:
            return self.goal[name].system_account or ""
        state, was_own = self.places[name].state, bool(self.places[name].stamp)
        return "$SYS" if state is not None and was_own else ""

    def place(self, name: str) -> Place:
        """Where a region was seen, one that leaves among them."""
        return self.places.get(name) or self.leaving[name]

    def has_jetstream(self, name: str) -> bool:
        """Whether the region is to run JetStream: in scope `supercluster` its overlay then says how it joins."""
        return not self.is_shared or self.goal[name].joins is not None

    def is_under_way(self, name: str, loss: str) -> bool:
        """Whether the overlay's file says that a step which loses this was begun, and no later step was."""
        move = self.was_moving.get(name)
        return move is not None and loss in move.allow

    def joined(self) -> list[str]:
        """The regions in stage `join`, in the order of their upgrades; those that leave come last."""
        return [name for name in (*self.order, *self.leaving) if self.now[name].stage == "join"]

    def group(self, name: str) -> int:
        """How many servers the meta group of a region has."""
        if not self.is_shared or self.now[name].stage != "join":
            return self.now[name].servers
        return sum(self.now[other].servers for other in self.joined())

    def streams(self, name: str, which: Callable[[Stored], bool] = lambda _stream: True) -> tuple[str, ...]:
        """The streams of a region as `ACCOUNT/NAME`; empty if its servers were not asked."""
        place = self.place(name)
        stores = place.stores.of(place.cluster) if place.stores is not None else ()
        return tuple(f"{stream.account}/{stream.name}" for stream in stores if which(stream))

    def is_backed_up(self, name: str) -> bool:
        """Whether the region's servers were asked, and every stream that they list is in a backup."""
        place, kept = self.place(name), self.backups.get(name, {})
        if place.stores is None:
            return False
        return all(stream.name in kept and kept[stream.name].is_of(stream) for stream in place.stores.of(place.cluster))

    def servers(self, name: str) -> list[str]:
        """The names of a region's servers, from the last to the first."""
        place = self.place(name)
        nats = place.state.nats.name if place.state is not None else "nats"
        pattern = self.now[name].names
        return [pattern.replace(POD, f"{nats}-{number}") for number in reversed(range(self.now[name].servers))]

    # --- what is done ----------------------------------------------------------------------------------------

    def becomes(self, name: str, **fields: Any) -> None:
        """The region is different after the next step."""
        self.now[name] = self.now[name]._replace(**fields)

    def add(self, step: Step, moves: Moves | None = None) -> None:
        """Add a step; `moves` are the overlays' `move` fields that change with it."""
        self.moves = self.moves | (moves or {})
        edits = tuple(
            Edit(name, self.overlays.regions[name].positions.file, move)
            for name, move in self.moves.items()
            if move != self.written.get(name)
        )
        self.written |= self.moves
        number = sum(known.region == step.region and known.way == step.way for known in self.steps) + 1
        name = f"{step.region}/{step.way}" + (f"-{number}" if number > 1 else "")
        self.steps.append(step._replace(id=name, moves=dict(self.moves), edits=edits))

    def refuse(self, region: str, way: str, reason: str, remedy: str) -> None:
        """There is no way that is known to lose nothing."""
        self.refused.append(Refused(region, way, reason, remedy))

    def is_proven(self, region: str, way: str) -> bool:
        """Whether a way was run on the region's server version; if not, the plan is refused."""
        version = self.now[region].version
        if version is None or not self._needs_proof:
            return True
        missing = proven(way, version)
        if missing:
            self.refuse(region, way, *missing)
        return not missing

    def is_proven_between(self, region: str, way: str, old: ServerVersion, new: ServerVersion) -> bool:
        """Whether a way was run from one server version to the other; if not, the plan is refused."""
        missing = proven_between(way, old, new) if self._needs_proof else None
        if missing:
            self.refuse(region, way, *missing)
        return not missing


def _starting(place: Place, servers: int, account: str, names: str) -> Now:
    state = place.state
    if state is None:
        return Now("absent", servers, account, names, is_clustered=True, has_data=False, ran=False)
    return Now(
        place.stage,
        place.servers,
        (place.stored or state).account,
        (place.stored or state).server_names or names,
        state.is_clustered or not state.has_jetstream,
        place.has_data,
        place.stored is not None,
        frozenset(remote.name for remote in state.remotes),
        state.version,
    )
