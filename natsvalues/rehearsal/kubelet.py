"""How a kubelet evaluates a container's probes: a state machine without a clock.

facts: readiness and liveness probes run only once the startup probe has succeeded; readiness starts as failed,
liveness as succeeded; a result counts after its threshold of equal answers in a row; a failed startup or liveness
probe restarts the container, after a delay that doubles from 10 s to 300 s (Kubernetes documentation and
pkg/kubelet/prober). A probe's ticks begin with the pod, before the container runs, and one that comes before
initialDelaySeconds is left out; readiness is asked at once when the startup probe has succeeded (seen on 1.37).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.manifests.probes import Kind, Probe

FIRST_DELAY, LONGEST_DELAY = 10.0, 300.0
LEAD = 2.0
"""Seconds by which the ticks begin before the container; on Kubernetes 1.37 startup probes showed 1 to 7."""
_SLACK = 1e-6  # of a period: a clock that wakes a moment early is at its tick


class Run(NamedTuple):
    """Consecutive equal results, and the probe's state so far (None: none yet)."""

    answer: bool = False
    length: int = 0
    result: bool | None = None


class Container(NamedTuple):
    """The probes of one container since its start, and their results."""

    probes: tuple[Probe, ...]
    runs: tuple[Run, ...]
    restarts: int = 0

    def probe(self, kind: Kind) -> Probe | None:
        """The probe of this kind, if the container has one."""
        return next((probe for probe in self.probes if probe.kind == kind), None)

    def result(self, kind: Kind) -> bool | None:
        """The state of the probe of this kind; None before its first result, or without such a probe."""
        results = (run.result for probe, run in zip(self.probes, self.runs, strict=True) if probe.kind == kind)
        return next(results, None)

    @property
    def started(self) -> bool:
        """Whether the startup probe has succeeded, or there is none."""
        return self.probe("startup") is None or self.result("startup") is True

    @property
    def ready(self) -> bool:
        """Whether the container counts as ready."""
        return self.started and (self.probe("readiness") is None or self.result("readiness") is True)

    def asks(self, kind: Kind) -> bool:
        """Whether a kubelet runs this probe now."""
        if self.probe(kind) is None:
            return False
        return not self.started if kind == "startup" else self.started


def fresh(probes: tuple[Probe, ...], restarts: int = 0) -> Container:
    """A container that has just started."""
    return Container(probes, (Run(),) * len(probes), restarts)


def answered(container: Container, kind: Kind, *, well: bool) -> tuple[Container, bool]:
    """The container after a probe's result, and whether it must be restarted."""
    runs = []
    restart = False
    for probe, old in zip(container.probes, container.runs, strict=True):
        if probe.kind != kind:
            runs.append(old)
            continue
        length = old.length + 1 if old.length and old.answer == well else 1
        settled = length >= (probe.success if well else probe.failure)
        runs.append(Run(well, length, well if settled else old.result))
        restart = settled and not well and kind != "readiness"
    return container._replace(runs=tuple(runs)), restart


def until_tick(probe: Probe, age: float, elapsed: float) -> float:
    """Seconds until the probe is asked next, `age` after its ticks began and `elapsed` after the container started."""
    next_one = math.floor(age / probe.period + _SLACK) + 1
    allowed = math.ceil((probe.initial_delay - elapsed + age) / probe.period - _SLACK)
    return max(next_one, allowed) * probe.period - age


def restart_delay(restarts: int) -> float:
    """Seconds before the restart with this number, counted from 0: at once, then 10, 20, 40 … 300."""
    return 0.0 if restarts == 0 else min(FIRST_DELAY * 2 ** (restarts - 1), LONGEST_DELAY)
