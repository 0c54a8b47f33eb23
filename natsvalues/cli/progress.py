"""The live display of running rehearsals: a few lines of a terminal, redrawn in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from natsvalues.report.timeline_text import SIGNS

if TYPE_CHECKING:
    from natsvalues.rehearsal.any_world import AnyWorld

_WIDTH = 110


class Progress:
    """One line for each scenario; its pods as signs, its meta leaders, what its load balancers send to."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._lines: dict[str, str] = {}
        self._drawn = 0

    def show(self, scenario: str, world: AnyWorld) -> None:
        """Draw the present state of a scenario."""
        if not self._live:
            return
        now = world.now()
        signs = " ".join(
            region + " " + "".join(SIGNS.get(pod.state, "?") for pod in now.of(region)) for region in now.renderings
        )
        leaders = sorted({pod.view.leader for pod in now.pods if pod.view.leader})
        balancers = " ".join(f"{len(item.backends)}/{item.candidates}" for item in now.balancers)
        phase = next((event.text for event in reversed(world.timeline.events) if event.kind == "phase"), "")
        status = f"{phase} | {signs} | leader {', '.join(leaders) or 'none'} | lb {balancers}"
        self._lines[scenario] = f"{now.seconds:5.1f} s {scenario}: {status}"
        self._draw()

    def done(self, scenario: str, word: str) -> None:
        """A scenario has ended."""
        self._lines[scenario] = f"        {scenario}: {word}"
        if self._live:
            self._draw()

    def clear(self) -> None:
        """Erase what was drawn."""
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _draw(self) -> None:
        self.clear()
        for line in self._lines.values():
            self._stream.write(line[:_WIDTH] + "\n")
        self._drawn = len(self._lines)
        self._stream.flush()
