"""A post-renderer's messages, which helm keeps to itself: written where helm writes its own.

facts (run with 3.19.0 and 4.3.1): Helm 3 shows a post-renderer's standard error if it fails, and drops it
if it succeeds. Helm 4 drops it always, and says `plugin "natsvalues" exited with error`; it sets HELM_PLUGIN_NAME for
its plugins.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys

from natsvalues.cli.streams import write_message
from natsvalues.outside.calling import Caller, calling_helm

TERMINAL = "/dev/tty"
_FLAGS = os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0)  # Windows has not all
_PLUGIN = "natsvalues"


def write_error(text: str) -> None:
    """Write to standard error, and if Helm 4 called, where helm writes: a terminal, or a pipe such as a job's log."""
    write_message(text)
    if os.environ.get("HELM_PLUGIN_NAME") == _PLUGIN:
        _write(text, pipes=True)


def write_warning(text: str) -> None:
    """Write to standard error, and if a helm called that has a terminal, there: who reads a pipe did not ask for it."""
    write_message(text)
    _write(text, pipes=False)


def _write(text: str, *, pipes: bool) -> None:
    """Write to the standard error of the helm above us; to the terminal where no such helm can be seen.

    A file stays as it is: helm writes into it at its own place, and would overwrite this.
    """
    if sys.stderr.isatty():
        return
    caller = calling_helm()
    if caller is None and os.environ.get("HELM_PLUGIN_NAME") != _PLUGIN:
        return  # a pipe, whose standard error is the user's own
    with contextlib.suppress(OSError):
        file = os.open(_place(caller), _FLAGS)
        try:
            if os.isatty(file) or (pipes and stat.S_ISFIFO(os.fstat(file).st_mode)):
                os.write(file, text.encode())
        finally:
            os.close(file)


def _place(caller: Caller | None) -> str:
    return f"/proc/{caller.process}/fd/2" if caller is not None else TERMINAL
