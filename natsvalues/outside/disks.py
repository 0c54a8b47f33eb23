"""File systems of their own for stores, whose power can be cut: ext4 in a file, on a loop device.

Processes that are killed lose nothing, because the kernel keeps what they wrote. After a power cut only that is there
which the kernel had sent to the disk. So a cut stops the file system as it is (EXT4_IOC_SHUTDOWN without flushing its
log: nothing is sent any more), the file is copied as it is at that moment, and the copy is mounted. What the device has
accepted counts as written: a disk that forgets its own cache could lose more of what nobody had flushed.

All of it is in a mount namespace of our own: the kernel ends its mounts with the last process in it, and with a mount
its loop device, also if we are killed. It needs root, or CAP_SYS_ADMIN and loop devices.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.outside.processes import LIBC

if TYPE_CHECKING:
    from collections.abc import Iterator

BYTES = 1024**3
"""The size of a file system; its file takes only what is written."""
_CLONE_NEWNS = 0x00020000
_SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN, `_IOR('X', 125, __u32)` of the kernel's fs/ext4/ext4.h."""
_WITHOUT_FLUSHING_THE_LOG = 2
_SECONDS = 60
_private = False
"""Whether this process has a mount namespace of its own already."""


def require() -> None:
    """Enter a mount namespace of our own, and try a disk. Raises NatsvaluesError (NV-R041) where that is not possible.

    The process stays in the namespace, as do programs that its main thread starts from now on.
    """
    global _private  # noqa: PLW0603   # a fact about the process
    if not _private:
        if LIBC is None:
            raise _impossible("it is not Linux")
        if LIBC.unshare(_CLONE_NEWNS):
            raise _impossible(f"a mount namespace: {os.strerror(ctypes.get_errno())}")
        _run("mount", "--make-rprivate", "/")
        _private = True
    with tempfile.TemporaryDirectory(prefix="natsvalues-disk-") as folder:
        disk = Disk(os.path.join(folder, "file"), os.path.join(folder, "mounted"))
        disk.make()
        disk.end()


class Disk:
    """One file system, in `file`, mounted on `folder`. The caller has entered a mount namespace of its own."""

    def __init__(self, file: str, folder: str) -> None:
        self.file = file
        self.folder = folder
        self._is_mounted = False

    def make(self) -> None:
        """Make it, empty, and mount it; its folder need not be there. Raises NatsvaluesError (NV-R041)."""
        self.end()
        os.makedirs(os.path.dirname(self.file), exist_ok=True)
        with open(self.file, "wb") as file:
            file.truncate(BYTES)
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1", self.file)
        self._mount()

    def write_all(self) -> None:
        """Send to the disk what the kernel still holds."""
        with self._opened() as number:
            if LIBC is None or LIBC.syncfs(number):
                raise OSError(ctypes.get_errno(), "syncfs", self.folder)

    def stop(self) -> None:
        """Send nothing to the disk any more, at once and for good. Whoever uses it must have ended, or gets errors."""
        with self._opened() as number:
            fcntl.ioctl(number, _SHUTDOWN, _WITHOUT_FLUSHING_THE_LOG.to_bytes(4, "little"))

    def restore(self) -> None:
        """Mount what was on the stopped disk. All who used it must have ended. Raises NatsvaluesError (NV-R041)."""
        copy = f"{self.file}.cut"
        _run("cp", "--sparse=always", self.file, copy)  # before the old one is unmounted, which might write
        self.end()
        os.replace(copy, self.file)
        self._mount()

    def end(self) -> None:
        """Unmount it, which frees its loop device; the file stays."""
        if self._is_mounted:
            _run("umount", "--lazy", self.folder)
            self._is_mounted = False

    def _mount(self) -> None:
        os.makedirs(self.folder, exist_ok=True)
        _run("mount", "-t", "ext4", "-o", "loop,noinit_itable", self.file, self.folder)
        self._is_mounted = True

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        number = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield number
        finally:
            os.close(number)


def _run(*command: str) -> None:
    """Run a program of the system. Raises NatsvaluesError (NV-R041) with what it said."""
    program = shutil.which(command[0], path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if program is None:
        raise _impossible(f"{command[0]} is not installed")
    done = subprocess.run(
        (program, *command[1:]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=_SECONDS, check=False, text=True, errors="replace",
    )  # fmt: skip
    if done.returncode:
        raise _impossible(f"{command[0]}: {(done.stdout.strip().splitlines() or ['no reason given'])[0]}")


def _impossible(reason: str) -> NatsvaluesError:
    return NatsvaluesError(
        "NV-R041", f"this machine cannot give stores file systems whose power can be cut: {reason}",
        hint="run it as root on Linux with mkfs.ext4 and loop devices (a container needs --privileged)",
    )  # fmt: skip
