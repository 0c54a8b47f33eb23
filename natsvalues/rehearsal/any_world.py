"""Where a rehearsal's supercluster runs: what stages, the ledger of messages, and reports need to know of any place."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.timeline import ITSELF, Timeline

if TYPE_CHECKING:
    from natsvalues.outside.server_binary import Binary
    from natsvalues.rehearsal.login import User
    from natsvalues.rehearsal.moving import Move
    from natsvalues.rehearsal.outcome import Site
    from natsvalues.rehearsal.rendering import Rendering
    from natsvalues.rehearsal.snapshot import Snapshot, View


class Access(NamedTuple):
    """Who a client of a region's servers is; `tls`: certificate, key and authority, where it needs them."""

    user: User
    tls: tuple[str, str, str] | None


class AnyWorld(ABC):
    """The regions of one rehearsal, by the keys of their renderings, and what has happened there so far.

    `fresh`: nothing has run there yet, so stores are empty. `sites`: the clusters of a rehearsal on real ones.
    """

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.timeline = Timeline()
        self.renderings: dict[str, Rendering] = {}
        self.versions: dict[str, str] = {}
        self.programs: dict[str, Binary] = {}
        self.moves: dict[str, tuple[Move, ...]] = {}
        self.notes: list[str] = []
        self.sites: dict[str, Site] = {}
        self.fresh = True
        self.memory = 0
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the rehearsal began."""
        return time.monotonic() - self._began

    def tell(self, kind: str, subject: str, text: str) -> None:
        """Add an event to the timeline."""
        self.timeline.tell(self.seconds, kind, subject, text)

    def tell_view(self, pod: str, view: View) -> None:
        """Add what a server reports to the timeline."""
        itself = f" {ITSELF}" if view.leader and view.leader == view.name else ""
        self.tell("leader", pod, (view.leader or "none") + itself)
        self.tell("group", pod, str(view.size))
        self.tell("links", pod, ", ".join(sorted(view.outbound)) or "none")

    def phase(self, text: str) -> None:
        """Start a phase of the scenario."""
        self.tell("phase", "scenario", text)

    def note(self, text: str) -> None:
        """Add a note to the report, once."""
        if text not in self.notes:
            self.notes.append(text)

    async def open(self) -> None:  # noqa: B027   # only some worlds need it
        """Start what is needed before anything else. Raises NatsvaluesError."""

    @property
    @abstractmethod
    def cpu(self) -> float:
        """CPU seconds of all servers, as of the last poll; 0 where that is unknown."""

    @abstractmethod
    def now(self) -> Snapshot:
        """A snapshot of the regions that run. Raises the error of whatever cannot be run or watched."""

    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """The addresses of the load balancers, by their names in reports."""

    @abstractmethod
    def access(self, region: str, account: str = "") -> Access | str:
        """How a client connects to a region's servers, in an account if one is given; why not, if it cannot."""

    @abstractmethod
    async def listeners(self, region: str) -> tuple[str, ...]:
        """Where the region's servers accept clients now, as `host:port`: those of ready pods if there are any."""

    @abstractmethod
    def serves(self, region: str, listener: str) -> bool:
        """Whether the server behind a listener still accepts clients: it was not stopped meanwhile."""

    @abstractmethod
    async def close(self) -> None:
        """End everything that was started, in whatever state it is."""

    @abstractmethod
    def kill_now(self) -> None:
        """End every process without an event loop."""
