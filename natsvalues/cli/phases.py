"""How long the parts of a run take: afterwards, and while a person waits for one."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 2.0
_EVERY = 1.0
_ERASE = "\r\x1b[2K"


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


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show one line of what goes on inside and for how many seconds, from the third on; it is erased at the end.

    In a pipe, a log and CI there is none.
    """
    if not _wanted():
        yield
        return
    import threading  # for a terminal only

    ended = threading.Event()

    def show() -> None:
        start = time.monotonic()
        shown = False
        while not ended.wait(_EVERY if shown else PATIENCE):
            shown = True
            _draw(f"{_ERASE}{what} … {time.monotonic() - start:.0f} s")
        if shown:
            _draw(_ERASE)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _wanted() -> bool:
    """Whether standard error is a terminal on which a line can be erased, in front of a person."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def _draw(text: str) -> None:
    with contextlib.suppress(OSError, UnicodeError):
        sys.stderr.write(text)
        sys.stderr.flush()
