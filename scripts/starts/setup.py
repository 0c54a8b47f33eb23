"""What a case is made of: the chart's values, and what its knobs say about them, for the judgement of a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Option = dict[str, Any]
"""Values by dotted path; a path that ends in `+` appends to a list."""


class Setup:
    """The chart's values while knobs turn them. `excuses` are error codes that a knob asks for, by the knob's name."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.values: dict[str, Any] = {}
        self.excuses: dict[str, str] = {}
        self.replicas = 1
        self.clustered = False
        self.jetstream = False

    def write(self, option: Option) -> None:
        """Write values; mappings are merged, lists appended to, `VERSION` in a text is the server's version."""
        for path, value in option.items():
            *folders, last = path.removesuffix("+").split(".")
            here = self.values
            for folder in folders:
                here = here.setdefault(folder, {})
            text = value.replace("VERSION", self.version) if isinstance(value, str) else value
            here[last] = [*here.get(last, []), *text] if path.endswith("+") else _merged(here.get(last), text)

    def excuse(self, knob: str, *codes: str) -> None:
        """This knob makes these refusals right."""
        self.excuses |= dict.fromkeys(codes, knob)


def _merged(present: Any, new: Any) -> Any:
    if not isinstance(present, dict) or not isinstance(new, dict):
        return new
    return {**present, **{key: _merged(present.get(key), value) for key, value in new.items()}}


class Knob(NamedTuple):
    """One thing that people write: its name, how often it is turned, and what it writes."""

    name: str
    odds: float
    turn: Callable[[Setup, Random], None]


def one_of(name: str, odds: float, *options: Option, codes: tuple[str, ...] = ()) -> Knob:
    """A knob that writes one of several options; `codes` are the refusals that it makes right."""

    def turn(setup: Setup, rng: Random) -> None:
        setup.write(rng.choice(options))
        setup.excuse(name, *codes)

    return Knob(name, odds, turn)


def some_of(name: str, odds: float, *options: Option) -> Knob:
    """A knob that writes one to three of several options."""

    def turn(setup: Setup, rng: Random) -> None:
        for option in rng.sample(options, rng.choice((1, 1, 2, 3))):
            setup.write(option)

    return Knob(name, odds, turn)
