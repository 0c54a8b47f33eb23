"""`natsvalues doctor --watch`: the nine items as they change; redrawn in a terminal, else a line for each change."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from natsvalues.cli.streams import write_output
from natsvalues.errors import EXIT_GATE, EXIT_OK
from natsvalues.report.doctor_text import changed_lines, doctor_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.doctor.examination import Examination

_CLEAR = "\x1b[H\x1b[2J"


def watch(look: Callable[[], Examination], every: float, looks: int, fail_on: str) -> int:
    """Look every so many seconds, `looks` times (0: until Ctrl-C). The exit code is that of the last look."""
    is_live = sys.stdout.isatty()
    before: Examination | None = None
    number = 0
    while True:
        begun = time.monotonic()
        now = look()
        write_output(_CLEAR + doctor_text(now) if is_live else "".join(changed_lines(before, now)))
        sys.stdout.flush()
        before, number = now, number + 1
        if looks and number >= looks:
            return EXIT_GATE if now.fails(fail_on) else EXIT_OK
        time.sleep(max(every - (time.monotonic() - begun), 0))
