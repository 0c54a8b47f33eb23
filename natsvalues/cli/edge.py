"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from natsvalues.cli.state import Run, remember
from natsvalues.errors import EXIT_BUG, EXIT_INTERRUPTED, NatsvaluesError
from natsvalues.text.secrets import without_formats

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(run: Run, work: Callable[[], int], *, remembered: bool = False) -> int:
    """Do the work, report errors on standard error, and return the exit code.

    Errors of a `remembered` run also go to the state file; bugs of natsvalues always do.
    """
    try:
        return work()
    except NatsvaluesError as error:
        if remembered:
            remember(run.failed(error))
        sys.stderr.write(f"{without_formats(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has ended: write nothing more, and keep Python from trying at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001   # the edge: anything unforeseen is a bug, reported in one line
        place = remember(run.crashed(error))
        sys.stderr.write(
            f"error[NV-X000]: natsvalues met a bug of its own ({type(error).__name__}); nothing was written\n"
            f"help: please report it with {place or 'the command and its input'}\n"
        )
        return EXIT_BUG
