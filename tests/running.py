"""What runs on this machine: processes by a mark, loop devices, and waiting for a condition."""

from __future__ import annotations

import contextlib
import glob
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def processes(*marks: str) -> dict[int, str]:
    """The command lines of the living processes with one of the marks on it or in their environment, by pid."""
    commands = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                command = file.read()
            with open(f"/proc/{pid}/environ", "rb") as file:
                environment = file.read()
            if int(pid) != os.getpid() and any(mark.encode() in command + environment for mark in marks):
                commands[int(pid)] = command.decode().replace("\0", " ")
    return commands


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; whether it came within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def loop_files() -> str:
    """The files behind all loop devices."""
    found = []
    for path in glob.glob("/sys/block/loop*/loop/backing_file"):
        with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:
            found.append(file.read())
    return "".join(found)
