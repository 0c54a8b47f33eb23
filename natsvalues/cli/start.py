"""What holds from the first moment of a run: an interrupt ends it silently, and the standard streams are open."""

from __future__ import annotations

import os
import signal
import sys

from natsvalues.errors import EXIT_INTERRUPTED


def leave(*_details: object) -> None:
    """End at once: nothing has begun yet, or everything is done, so there is nothing to say and nothing to end."""
    os._exit(EXIT_INTERRUPTED)


def leave_on_interrupt() -> None:
    """Until work begins, and again when it has ended, an interrupt is no KeyboardInterrupt, and prints no traceback.

    An interrupt that is ignored, as under nohup, stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


def raise_on_interrupt() -> bool:
    """From now on an interrupt raises KeyboardInterrupt: work has programs to end and files to remove.

    Returns whether it did not before.
    """
    if signal.getsignal(signal.SIGINT) is not leave:
        return False
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return True


def open_streams() -> None:
    """Put a stream that fails in the place of each closed standard stream.

    Otherwise the next file that is opened would take its number, and what is written to the stream would go there.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is this one. Open for the opposite, it fails as a closed one does.
            os.open(os.devnull, os.O_WRONLY if mode == "r" else os.O_RDONLY)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  # for the whole run
