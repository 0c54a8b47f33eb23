"""Disks of their own: a power cut takes what was not written, and nothing of them stays, however their user ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

USE = """
import os, sys, time
from natsvalues.outside import disks, processes

disks.require()
with processes.scratch(None) as folder:
    disk = disks.Disk(os.path.join(folder, "disk"), os.path.join(folder, "store"))
    disk.make()
    def write(name, by):
        with open(os.path.join(disk.folder, name), "w") as file:
            file.write("x" * 5000)
            file.flush()
            by(file.fileno())
    write("synced", os.fsync)
    write("early", lambda _: None)
    disk.write_all()
    write("late", lambda _: None)
    if sys.argv[1:] == ["wait"]:
        print(folder, flush=True)
        time.sleep(60)
    disk.stop()
    disk.restore()
    there = sorted(name for name in os.listdir(disk.folder) if name != "lost+found")
    print(*there, *(os.path.getsize(os.path.join(disk.folder, name)) for name in there))
    disk.end()
"""


def using(*words):
    """Start a process that uses a disk."""
    return subprocess.Popen([sys.executable, "-c", USE, *words], stdout=subprocess.PIPE, text=True)


@pytest.mark.usefixtures("with_disks")
def test_what_was_not_written_is_gone_and_the_rest_is_whole():
    """A file that was synced, and one that the kernel was told to write, are there; a later one is not."""
    with using() as process:
        out, _ = process.communicate(timeout=60)

    assert out.split() == ["early", "synced", "5000", "5000"]


@pytest.mark.usefixtures("with_disks")
def test_a_user_that_is_killed_leaves_no_mount_no_loop_device_and_no_file(loop_files):
    """While it is used the disk is on a loop device, and mounted for its user only."""
    with using("wait") as process:
        folder = process.stdout.readline().strip()
        with open("/proc/self/mounts", encoding="utf-8") as file:
            mounts = file.read()
        during = loop_files()
        process.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while os.path.exists(folder) or folder in loop_files():
        assert time.monotonic() < end, (folder, loop_files())
        time.sleep(0.05)

    assert folder in during
    assert folder not in mounts
