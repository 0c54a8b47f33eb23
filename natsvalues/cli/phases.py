"""How long the parts of a run took."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Phases:
    """Seconds by the name of each part; a part that comes again adds up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Add the time inside to a part."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def line(self) -> str:
        """One line: `time: read 0.12 s, compare 0.02 s`."""
        return "time: " + ", ".join(f"{name} {seconds:.3f} s" for name, seconds in self.seconds.items()) + "\n"
