"""The result of a rehearsal: plain values for all reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.rehearsal.moving import Move
    from natsvalues.rehearsal.timeline import Event

Verdict = Literal["converged", "stuck"]


class Cause(NamedTuple):
    """One link of a chain: who waits, for what, and the evidence; `closes` is the index it leads back to."""

    subject: str
    waits_for: str
    seen: str
    closes: int | None = None


class Group(NamedTuple):
    """A meta group as reported by its servers at the end."""

    leader: str
    size: int
    regions: dict[str, int]
    domains: tuple[str, ...] = ()


class StreamFate(NamedTuple):
    """One stream: acknowledged messages before, and messages in it afterwards; or one `consumer` of it.

    `does not fit`: it could never be made, because of its account, its login, limits or the number of servers.
    """

    name: str
    region: str
    acknowledged: int
    found: int
    lost: int
    fate: Literal[
        "kept", "lost messages", "lost acknowledgements", "gone", "not current", "not placeable", "does not fit"
    ]
    seen: str = ""
    consumer: str = ""


class PodFate(NamedTuple):
    """One pod at the end; `ready_after`: seconds from the beginning of the last phase, if it became ready in it."""

    name: str
    region: str
    address: str
    version: str
    ready: bool
    restarts: int
    ready_after: float | None


class Program(NamedTuple):
    """A server's program that ran: where it lies, and what is known of it (`outside/server_binary.py`)."""

    path: str
    version: str
    is_fetched: bool
    is_known: bool


class Cost(NamedTuple):
    """Resources used: wall and CPU seconds, and the peak resident bytes of all servers together.

    `own_cpu` is that of natsvalues itself, with everything else that the same command did meanwhile.
    """

    wall: float
    server_cpu: float
    own_cpu: float
    memory: int


class Site(NamedTuple):
    """The release of a region on a real cluster: kube context, namespace, name of the release, its deployed revision.

    `revision` is that before the rehearsal, `then` that after it; None where there was none, or helm did not say.
    """

    context: str
    namespace: str
    release: str
    revision: int | None = None
    then: int | None = None

    @property
    def key(self) -> str:
        """Context and namespace, as consent names them."""
        return f"{self.context}/{self.namespace}"


class StepDone(NamedTuple):
    """A step of a plan that was made, and the seconds that it took, with the checks around it."""

    id: str
    way: str
    region: str
    title: str
    seconds: float


class Noticed(NamedTuple):
    """A finding of lint: its rule, how severe it is, what the rule looks for, and in which regions it does."""

    rule: str
    severity: str
    title: str
    regions: tuple[str, ...]


class Outcome(NamedTuple):
    """One scenario's result; `sites` are the clusters of a rehearsal on real ones.

    `steps` are those of a plan, `gap` the most seconds in which one of its streams acknowledged nothing.
    `untested`: some stream did not fit, so nothing is known of it. `findings` are lint's of what was rehearsed.
    """

    scenario: str
    verdict: Verdict
    lossy: bool
    phase: str
    seconds: float | None
    pods: tuple[PodFate, ...]
    groups: tuple[Group, ...]
    streams: tuple[StreamFate, ...]
    causes: tuple[Cause, ...]
    remedy: str
    notes: tuple[str, ...]
    moves: dict[str, tuple[Move, ...]]
    balancers: dict[str, str]
    versions: dict[str, str]
    programs: tuple[Program, ...]
    renderings: dict[str, str]
    scale: float
    cost: Cost
    events: tuple[Event, ...]
    times: dict[str, float]
    sites: dict[str, Site] = {}  # noqa: RUF012   # never changed
    steps: tuple[StepDone, ...] = ()
    gap: float = 0.0
    untested: bool = False
    findings: tuple[Noticed, ...] = ()

    @property
    def well(self) -> bool:
        """Whether it converged and nothing was lost."""
        return self.verdict == "converged" and not self.lossy

    @property
    def word(self) -> str:
        """`converged`, `stuck`, `lossy` or `untested`: what `--expect` compares with."""
        worst = {"stuck": self.verdict == "stuck", "lossy": self.lossy, "untested": self.untested, "converged": True}
        return next(word for word, holds in worst.items() if holds)
