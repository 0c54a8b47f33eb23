"""One generated case: the chart's values, overlays, a server version, and the way in which it is delivered."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from starts.knobs import CHART, base
from starts.own_words import OWN
from starts.regions import Written, overlays
from starts.setup import Setup

VERSIONS = ("2.10.26", "2.11.4", "2.11.10", "2.12.8", "2.14.2", "2.14.6", "2.15.1")
WAYS = ("post-render", "values", "krm", "command")
FIRST = "first boot"
KNOBS = {knob.name: knob for knob in (*CHART, *OWN)}


class Case(NamedTuple):
    """`knobs` are those that were turned; `start` is `first boot` or `from the stage before`."""

    name: str
    setup: Setup
    knobs: tuple[str, ...]
    overlays: Written
    way: str
    start: str

    @property
    def version(self) -> str:
        """The server's version."""
        return self.setup.version

    @property
    def excuses(self) -> dict[str, str]:
        """The error codes that this case asks for, and by what."""
        return self.setup.excuses | self.overlays.excuses


def case(seed: int, number: int, only: tuple[str, ...] | None = None) -> Case:
    """Case `number` of a seed, always the same. `only` leaves out all other knobs, which changes nothing else."""
    name = f"{seed}/{number}"
    rng = _rng(name, "case")
    setup = Setup(rng.choice(VERSIONS))
    base(setup, rng)
    calm = rng.random() < 0.25  # a quarter turns few knobs, as most people do
    turned = [
        knob
        for knob in KNOBS.values()
        if _rng(name, f"odds of {knob.name}").random() < knob.odds * (0.35 if calm else 1)
    ]
    knobs = [knob for knob in turned if only is None or knob.name in only]
    for knob in knobs:
        knob.turn(setup, _rng(name, knob.name))
    way = rng.choices(WAYS, (74, 12, 8, 6))[0]
    start = rng.choice((FIRST, "from the stage before"))
    return Case(name, setup, tuple(knob.name for knob in knobs), overlays(setup, _rng(name, "overlays")), way, start)


def _rng(name: str, part: str) -> Random:
    """A source of its own for each part, so that leaving out one changes no other."""
    return Random(f"{name} {part}")  # noqa: S311   # cases are to be repeated, not secret
