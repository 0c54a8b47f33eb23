"""DNS of their own for programs that we start: another `/etc/resolv.conf` for each, and port 53 on loopback.

Each program gets a mount namespace, where its file is mounted over `/etc/resolv.conf`: others do not see that, and it
ends with the program. Whoever may mount nothing, or not have port 53, gets the rights in a user namespace: then this
process enters one, with a network of its own that has loopback only. It cannot leave it, so whatever is to be fetched
must be there before. A user needs unprivileged user namespaces for that, which some distributions restrict.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.outside.name_server import PORT
from natsvalues.outside.processes import LIBC

if TYPE_CHECKING:
    from collections.abc import Callable

_RESOLVER = "/etc/resolv.conf"
_TRIED = "127.1.0.53"
_NEWNS, _NEWUSER, _NEWNET = 0x00020000, 0x10000000, 0x40000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_SET_FLAGS, _UP = 0x8914, 0x1  # SIOCSIFFLAGS, IFF_UP


def require() -> None:
    """Make it possible in this process. Raises NatsvaluesError (NV-R043) where it is not, with the reason."""
    if LIBC is None:
        raise _impossible("it is not Linux")
    if not _fault():
        return
    try:
        _enter()
    except OSError as error:
        raise _impossible(f"a user namespace: {error.strerror}") from None
    fault = _fault()
    if fault:
        raise _impossible(fault)


def with_resolver(file: str) -> Callable[[], None]:
    """What a new process does before it becomes a program, so that it reads this file as its `/etc/resolv.conf`.

    Raises OSError there.
    """

    def mount() -> None:
        if LIBC is None:
            return
        _must(LIBC.unshare(_NEWNS))
        _must(LIBC.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None))
        _must(LIBC.mount(os.fsencode(file), _RESOLVER.encode(), None, _BIND, None))

    return mount


def _fault() -> str:
    """Why it is not possible now; empty if it is."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
            held.bind((_TRIED, PORT))
    except OSError as error:
        return f"port {PORT} on loopback: {error.strerror}"
    program = shutil.which("true", path=os.defpath) or "true"
    try:
        subprocess.run([program], preexec_fn=with_resolver(_RESOLVER), check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return f"mounting a file over {_RESOLVER}"
    return ""


def _enter() -> None:
    """Enter a user namespace as the same user, and a network namespace where only loopback is. Raises OSError."""
    user, group = os.getuid(), os.getgid()
    if LIBC is not None:
        _must(LIBC.unshare(_NEWUSER | _NEWNET))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        fcntl.ioctl(held, _SET_FLAGS, struct.pack("16sh", b"lo", _UP))


def _must(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _impossible(reason: str) -> NatsvaluesError:
    return NatsvaluesError(
        "NV-R043", f"this machine cannot give servers a DNS of their own: {reason}",
        hint="run it as root on Linux (a container needs --privileged), or where users may have namespaces\n"
        "(sysctl kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu); without --dns every name is true at once",
    )  # fmt: skip
