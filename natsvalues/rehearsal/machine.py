"""What only this machine is to blame for: it ends the rehearsal with an error, and is no verdict on a supercluster."""

from __future__ import annotations

import errno
import re

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.outside.loopback import is_free

# facts: nats-server 2.14.2 says "listen tcp 127.5.1.1:4222: bind: address already in use" and ends; of a full disk it
# says "no space left on device" (both run, the latter on a tmpfs of 300 KB).
_TAKEN = re.compile(r"listen tcp (\S+):(\d+): bind: address already in use")
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def fault_in(line: str, folder: str) -> NatsvaluesError | None:
    """The error for a log line of a server whose store is in `folder`; None if it does not speak of a full disk."""
    return full_disk(folder) if _FULL.search(line) else None


def port_taken(line: str) -> NatsvaluesError | None:
    """The error for the last words of a server that has ended, if another program has its port; None otherwise.

    A server that wants a port twice finds it taken, too; but not any more when it has ended.
    """
    match = _TAKEN.search(line)
    if match is None or is_free(match[1], int(match[2])):
        return None
    return taken(match[1], int(match[2]))


def taken(address: str, port: int) -> NatsvaluesError:
    """The error for a port that another program has."""
    return NatsvaluesError(
        "NV-R032",
        f"another program on this machine listens on port {port}",
        where=(Where(f"{address}:{port}"),),
        hint=f"one that listens on all addresses takes the port on each of them: end it (ss -ltnp 'sport = :{port}')",
    )


def full_disk(folder: str) -> NatsvaluesError:
    """The error for a disk on which nothing more can be written."""
    return NatsvaluesError(
        "NV-R033",
        "there is no space left for the servers' files",
        where=(Where(folder),),
        hint="free some space; TMPDIR, or --keep FOLDER, sets another place",
    )


def of_system(error: OSError, folder: str) -> NatsvaluesError | None:
    """The error for a call of the operating system that failed; None if it is nothing known."""
    return full_disk(str(error.filename or folder)) if error.errno in _NO_SPACE else None
