"""Read /proc on Linux: memory of processes, and which process holds the other end of a connection."""

from __future__ import annotations

import os
import resource
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.outside.forwarder import Endpoint

_INODE = 9  # the field of /proc/net/tcp
_UTIME = 11  # the field of /proc/PID/stat, counted behind the name; stime follows
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def memory(pids: Iterable[int]) -> int:
    """Resident bytes of these processes together; those that have ended count nothing."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                total += int(file.read().split()[1]) * _PAGE
        except (OSError, IndexError, ValueError):
            continue
    return total


def cpu_seconds(pid: int) -> float | None:
    """CPU seconds of a process so far; None once it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(") ")[2].split()
    except OSError:
        return None
    return (int(fields[_UTIME]) + int(fields[_UTIME + 1])) / _TICKS


def own_seconds() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def holder(dialler: Endpoint, pids: Iterable[int]) -> int | None:
    """Which of these processes dialled from this endpoint; None if none of them did."""
    link = _socket_of(dialler)
    if link is None:
        return None
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        try:
            if any(os.readlink(f"{folder}/{name}") == link for name in os.listdir(folder)):
                return pid
        except OSError:
            continue  # it ended, or closed a file meanwhile
    return None


def _socket_of(local: Endpoint) -> str | None:
    """The socket at this local endpoint, spelled as the links under /proc/PID/fd spell it."""
    number = struct.unpack("<I", socket.inet_aton(local.address))[0]
    wanted = f"{number:08X}:{local.port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as lines:
        for line in lines:
            fields = line.split()
            if fields[1] == wanted:
                return f"socket:[{fields[_INODE]}]"
    return None
