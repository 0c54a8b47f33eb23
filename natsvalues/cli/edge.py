"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.cli.start import leave_on_interrupt, raise_on_interrupt
from natsvalues.cli.state import Run, remember
from natsvalues.cli.streams import write_message
from natsvalues.errors import EXIT_BUG, EXIT_INTERRUPTED, NatsvaluesError, Where
from natsvalues.text.secrets import without_formats

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(
    run: Run, work: Callable[[], int], *, remembered: bool = False, say: Callable[[str], None] = write_message
) -> int:
    """Do the work, report errors on standard error or as `say` does it, and return the exit code.

    Errors of a `remembered` run also go to the state file; bugs of natsvalues always do.
    """
    switched = False
    try:
        switched = raise_on_interrupt()
        _require_directory()
        return work()
    except NatsvaluesError as error:
        if remembered:
            remember(run.failed(error))
        say(f"{without_formats(str(error))}\n")
        return error.exit_code
    except KeyboardInterrupt:
        write_message("interrupted\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_INTERRUPTED  # the reader of our output has ended
    except Exception as error:  # noqa: BLE001   # the edge: anything unforeseen is a bug, reported in one line
        place = remember(run.crashed(error))
        say(
            f"error[NV-X000]: natsvalues met a bug of its own ({type(error).__name__}); nothing was written\n"
            f"help: please report it with {place or 'the command and its input'}\n"
        )
        return EXIT_BUG
    finally:
        if switched:
            leave_on_interrupt()


def _require_directory() -> None:
    """Raise NatsvaluesError (NV-F011) if the working directory was deleted, on which every relative path depends."""
    try:
        os.getcwd()
    except OSError as error:
        raise NatsvaluesError(
            "NV-F011",
            f"the working directory cannot be used: {error.strerror}",
            where=(Where(os.environ.get("PWD", ".")),),
            hint="it was deleted, perhaps by a checkout: change to a directory that exists",
        ) from None
