"""Keep servers while somebody uses them: a keeper process, and its users as connections to its socket.

The kernel also reports users that were killed, and with the keeper it kills the keeper's own children; so nothing has
to be cleaned up by whoever dies. A user may ask something with a line; the keeper answers with a line.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

START_SECONDS = 60
STOP_SECONDS = 20
READY = b"ready\n"
SOCKET = "users"
_LIBC = ctypes.CDLL(None)
_keepers: list[subprocess.Popen[bytes]] = []
"""Our children; held because they may outlive our use of them."""


class KeepingError(Exception):
    """Servers that did not come up or did not stay up; the message has the end of their logs."""


def begin(program: str, *words: str, seconds: float = 2 * START_SECONDS) -> tuple[bytes, socket.socket]:
    """Start a keeper, as its first user. Returns the line it says once everything runs, and the connection."""
    mine, keepers = socket.socketpair()
    with keepers:
        keeper = subprocess.Popen(
            [sys.executable, program, *words, str(keepers.fileno())],
            pass_fds=[keepers.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the users; their end is what the keeper waits for
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
    _keepers.append(keeper)
    mine.settimeout(seconds)
    reply = line(mine)
    if not reply.startswith(b"{"):
        raise KeepingError(reply.decode(errors="replace") + _rest(mine).decode(errors="replace"))
    return reply, mine


def join(folder: str) -> socket.socket:
    """Become a user of the keeper of a folder. Raises OSError when it is gone."""
    with contextlib.ExitStack() as undo:
        user = undo.enter_context(socket.socket(socket.AF_UNIX))
        user.settimeout(STOP_SECONDS)
        user.connect(os.path.join(folder, SOCKET))
        welcome = line(user)
        undo.pop_all()
    if welcome != READY:
        user.close()
        raise ConnectionError("the servers are about to stop")
    return user


def leave(user: socket.socket) -> None:
    """Stop being a user; the last one waits until all has ended. Raises KeepingError if a server died before."""
    with user:
        user.settimeout(STOP_SECONDS)
        user.shutdown(socket.SHUT_WR)
        reply = _rest(user)
    if reply:
        raise KeepingError(reply.decode(errors="replace"))


def line(connection: socket.socket) -> bytes:
    """The next line; shorter, perhaps empty, if the other side has gone."""
    read = b""
    while not read.endswith(b"\n"):
        piece = connection.recv(1)  # no more: what follows is for others to read
        if not piece:
            break
        read += piece
    return read


def _rest(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def dies_with_parent() -> None:
    """For `preexec_fn`: the kernel kills the child with the thread that started it."""
    _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def until_all_left(
    listener: socket.socket,
    users: list[socket.socket],
    check: Callable[[], None],
    answer: Callable[[bytes], bytes] | None = None,
) -> None:
    """Serve users until the last one leaves, who waits for the end; `check` is called at least once a second."""
    with selectors.DefaultSelector() as selector:
        for connection in (listener, *users):
            selector.register(connection, selectors.EVENT_READ)
        while users:
            for ready, _ in selector.select(timeout=1):
                if ready.fileobj is listener:
                    user, _ = listener.accept()
                    with contextlib.suppress(OSError):
                        user.sendall(READY)
                    users.append(user)
                    selector.register(user, selectors.EVENT_READ)
                    continue
                [user] = [user for user in users if user is ready.fileobj]
                if _is_served(user, answer):
                    continue
                selector.unregister(user)
                if len(users) == 1:
                    return
                user.close()
                users.remove(user)
            check()


def _is_served(user: socket.socket, answer: Callable[[bytes], bytes] | None) -> bool:
    """Whether the user is still there, once what it asked has its answer."""
    try:
        said = line(user)
        if said and answer is not None:
            user.sendall(answer(said))
    except OSError:
        return False
    return bool(said)
