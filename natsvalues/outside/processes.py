"""Programs that never outlive natsvalues: each in its own session, killed with us, reaped; output read by line.

On Linux the kernel kills a child with the thread that started it (PR_SET_PDEATHSIG), also when we are killed
ourselves; the main thread starts all of them. A scratch folder is removed by a process that waits for our end.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_PR_SET_PDEATHSIG = 1
_LONGEST_LINE = 64 * 1024
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_KEEPER = """
import ctypes, os, shutil, sys, time
sys.stdin.read()
for _ in range(50):
    if os.path.exists("/proc/self/mounts"):  # power cuts: what is mounted below the folder cannot be removed
        for line in open("/proc/self/mounts", "rb"):
            place = line.split()[1].decode("unicode_escape").encode("latin-1")
            if place.startswith(os.fsencode(sys.argv[1]) + b"/"): ctypes.CDLL(None).umount2(place, 2)
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    if not os.path.exists(sys.argv[1]): break
    time.sleep(0.1)
"""


class Program:
    """One running program. `code` is its exit code once it has ended, negative for a signal."""

    def __init__(self, process: subprocess.Popen[bytes], heard: Callable[[str], None]) -> None:
        self.pid = process.pid
        self.code: int | None = None
        self._process = process
        self._ended = asyncio.Event()
        self._reading = asyncio.create_task(self._read(heard))
        self._exit = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._exit, self._reap)

    async def _read(self, heard: Callable[[str], None]) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout or sys.stdin
        )
        rest = b""
        try:
            while data := await reader.read(
                _LONGEST_LINE
            ):  # always continue reading: a full pipe would stop the program
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    heard(line.decode("utf-8", "replace"))
                rest = rest[:_LONGEST_LINE]
            if rest:
                heard(rest.decode("utf-8", "replace"))
        finally:
            transport.close()

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._exit)
        os.close(self._exit)
        self.code = self._process.wait()
        self._ended.set()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to a program that still runs."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def ended(self, seconds: float | None = None) -> bool:
        """Wait until the program has ended and is reaped; false if the time passes first."""
        try:
            async with asyncio.timeout(seconds):  # not wait_for, which up to 3.11 may lose a cancellation
                await self._ended.wait()
        except TimeoutError:
            return False
        await asyncio.wait([self._reading], timeout=1)  # its last output
        return True

    async def kill(self) -> None:
        """End it at once, and reap it."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        await self._ended.wait()
        self._reading.cancel()

    def kill_now(self) -> None:
        """End and reap it without an event loop, for an emergency exit."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.code = self._process.wait()


def start(
    command: Sequence[str],
    env: Mapping[str, str],
    folder: str,
    heard: Callable[[str], None],
    prepare: Callable[[], None] | None = None,
) -> Program:
    """Start a program in `folder` with exactly this environment; `heard` gets each line of its output.

    The new process calls `prepare` before it becomes the program.

    Needs a running event loop. Raises NatsvaluesError for a program that cannot be started.
    """
    parent = os.getpid()

    def die_with_us() -> None:
        if LIBC is not None:
            LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)  # natsvalues ended before the kernel could register it
        if prepare is not None:
            prepare()

    try:
        process = subprocess.Popen(
            command, env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=die_with_us,  # noqa: PLW1509   # no other thread runs here: the event loop is the only one
        )  # fmt: skip
    except OSError as error:
        raise NatsvaluesError(
            "NV-R020", f"the program cannot be started: {error.strerror}", where=(Where(command[0]),),
            hint="is it for this machine, and executable?",
        ) from None  # fmt: skip
    return Program(process, heard)


@contextlib.contextmanager
def scratch(kept: str | None) -> Iterator[str]:
    """A folder for one rehearsal: `kept` if given, else one that is removed afterwards, however natsvalues ends."""
    if kept is not None:
        os.makedirs(kept, exist_ok=True)
        yield os.path.abspath(kept)
        return
    folder = tempfile.mkdtemp(prefix="natsvalues-rehearsal-")
    keeper = subprocess.Popen(  # in a session of its own, so that Ctrl-C at a terminal does not reach it
        [sys.executable, "-S", "-E", "-c", _KEEPER, folder], stdin=subprocess.PIPE, start_new_session=True, cwd="/",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        keeper.communicate()
