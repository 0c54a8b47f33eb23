"""Control groups of a node's own, below the caller's, so that limits above stay in force (version 1 only)."""

from __future__ import annotations

import contextlib
import os
import time

ROOT = "/sys/fs/cgroup"
NEEDED = ("cpu", "memory", "pids", "devices", "freezer")
_SECONDS = 10


def hierarchies() -> dict[str, str]:
    """By the hierarchy's folder, such as `cpu,cpuacct`, the path of this process in it; none of version 2."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        rows = [line.rstrip("\n").split(":", 2) for line in file]
    named = {controllers.removeprefix("name="): path for _, controllers, path in rows if controllers}
    return {name: path for name, path in named.items() if os.path.isdir(os.path.join(ROOT, name))}


def create(name: str) -> None:
    """Create a group of this name in each hierarchy."""
    for group in _groups(name):
        os.makedirs(group, exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):  # a group of that hierarchy without them admits no process
            above = os.path.join(os.path.dirname(group), setting)
            if os.path.exists(above):
                with open(above, encoding="ascii") as file:
                    _write(os.path.join(group, setting), file.read())


def _groups(name: str) -> list[str]:
    """The folder of a group in each hierarchy."""
    return [os.path.join(ROOT, hierarchy) + f"{path.rstrip('/')}/{name}" for hierarchy, path in hierarchies().items()]


def enter(name: str) -> None:
    """Put this process into the groups of this name."""
    for group in _groups(name):
        _write(os.path.join(group, "cgroup.procs"), str(os.getpid()))


def remove(name: str) -> None:
    """Remove the groups of this name with all below them, once their processes are gone, which were killed before."""
    groups = _groups(name)
    end = time.monotonic() + _SECONDS
    while any(map(os.path.isdir, groups)) and time.monotonic() < end:
        for group in groups:
            for folder, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):  # not empty yet
                    os.rmdir(folder)
        time.sleep(0.05)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
