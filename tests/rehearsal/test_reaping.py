"""A rehearsal that is interrupted, terminated or killed in the middle leaves no process and no file."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow, pytest.mark.timeout(120)]
SECONDS = 30


def servers_below(folder) -> list[str]:
    """The command lines of all processes that name something below the folder, zombies of ours included."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            line = file.read().decode("utf-8", "replace")
            if folder in line:
                found.append(line)
    return found


def until(told, what):
    """Wait until `told()` is true."""
    end = time.monotonic() + SECONDS
    while not told():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.fixture
def running(isolated_env, tools, our_folder, tmp_path, scenario, request):
    """Start a rehearsal of two regions whose scratch folders are the test's own; it runs six servers when given."""
    if scenario == "power-cut":
        request.getfixturevalue("with_disks")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    folder = our_folder("2.14.2", "us-east", "eu-west")
    process = subprocess.Popen(
        ["natsvalues", "rehearse", folder, "--scenario", scenario],
        env=isolated_env | tools | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        until(lambda: sum("nats.conf" in line for line in servers_below(str(scratch))) == 6, "six servers")
        yield process, scratch
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize(
    ("scenario", "number", "code"),
    [
        ("cold-restart", signal.SIGINT, 130),
        ("cold-restart", signal.SIGTERM, 130),
        ("cold-restart", signal.SIGKILL, -signal.SIGKILL),
        ("power-cut", signal.SIGTERM, 130),
        ("power-cut", signal.SIGKILL, -signal.SIGKILL),
    ],
    ids=["interrupted", "terminated", "killed", "disks-terminated", "disks-killed"],
)
def test_nothing_is_left(running, loop_files, number, code):
    """Servers are gone at once, disks with their loop devices and the scratch folder soon after; nothing is printed."""
    process, scratch = running

    process.send_signal(number)
    out, err = process.communicate(timeout=SECONDS)

    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    until(lambda: not servers_below(str(scratch)), servers_below(str(scratch)))
    until(lambda: not os.listdir(scratch), os.listdir(scratch))
    until(lambda: str(scratch) not in loop_files(), loop_files())


def test_a_rehearsal_that_ends_leaves_nothing(our_folder, rehearse, tmp_path, isolated_env):
    """A first install of one region, kept nowhere: its temporary folder is empty, no server runs."""
    done = rehearse(our_folder("2.14.2", "us-east", stages={"us-east": "local"}), "first-install")

    assert done.code == 0, done.told()
    assert os.listdir(isolated_env["TMPDIR"]) == []
    assert servers_below(str(tmp_path)) == []


def test_what_is_kept_can_be_looked_at(our_folder, rehearse, tmp_path):
    """With --keep the configurations and stores stay, each server's below its region."""
    kept = tmp_path / "kept"

    done = rehearse(our_folder("2.14.2", "us-east", stages={"us-east": "local"}), "first-install", "--keep", str(kept))

    assert done.code == 0, done.told()
    conf = kept / "first-install" / "us-east" / "0" / "etc" / "nats-config" / "nats.conf"
    assert f'"store_dir": "{kept}/first-install/us-east/0/data"' in conf.read_text(encoding="utf-8")
    assert (kept / "first-install" / "us-east" / "0" / "data" / "jetstream").is_dir()
