"""However a test run ends, in its midst: no process of it is left, and no busy port."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SECONDS = 60
"""How long anything may take on a busy machine; seconds on a quiet one."""
ENDS = {
    "ctrl-c": (signal.SIGINT, "group", ()),
    "terminated": (signal.SIGTERM, "run", ()),
    "killed-with-workers": (signal.SIGKILL, "run", ("-n", "2")),
    "ctrl-c-with-workers": (signal.SIGINT, "group", ("-n", "2")),
    "keeper-killed": (signal.SIGKILL, "keeper", ()),
}


def parent(pid):
    """The parent's pid."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


def is_free(port):
    """Whether a server could listen there now; closed connections may linger, as they may for every server."""
    with contextlib.suppress(OSError), socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        return True
    return False


@pytest.fixture
def running(cluster, processes, request, tmp_path, until):
    """A test run in the midst of an install: its process, its cluster, the keeper's pid, a mark on all of it."""
    assert cluster  # the servers are built
    base = tmp_path / "run"
    mark = f"NATSVALUES_TEST_MARK={base}"
    test = os.path.join(HERE, "test_lifecycle.py")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST_", "CI"))}
    started = subprocess.Popen(
        [sys.executable, "-m", "pytest", test, "-q", f"--basetemp={base}", "-p", "no:cacheprovider", *request.param],
        cwd=ROOT, env=environment | {"NATSVALUES_TEST_MARK": str(base)}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told = base / "cluster.json"
        assert until(lambda: told.exists() and told.read_text().endswith("}"), SECONDS)
        found = json.loads(told.read_text())
        assert until(lambda: any("helm" in command for command in processes(str(base)).values()), SECONDS)
        servers = [pid for pid, command in processes(found["folder"]).items() if "kube-apiserver" in command]
        yield started, found, parent(servers[0]), mark
    finally:
        with contextlib.suppress(OSError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        shutil.rmtree(json.loads((base / "cluster.json").read_text())["folder"], ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("end", "running"), [(end, ENDS[end][2]) for end in ENDS], ids=list(ENDS), indirect=["running"]
)
def test_an_ended_run_leaves_no_process_and_no_busy_port(end, processes, running, until):
    """Interrupted, terminated or killed, alone or with workers; and if the keeper is killed, its servers go with it."""
    started, found, keeper, mark = running
    number, whom, _ = ENDS[end]
    if whom == "group":
        os.killpg(started.pid, number)
    else:
        os.kill(keeper if whom == "keeper" else started.pid, number)
    assert until(lambda: not processes(found["folder"]), SECONDS), processes(found["folder"])
    assert until(lambda: is_free(found["port"]), SECONDS)
    if whom == "keeper":
        os.kill(started.pid, signal.SIGINT)
    assert until(lambda: started.poll() is not None, SECONDS)
    assert until(lambda: not processes(mark), SECONDS), processes(mark)
    assert until(lambda: not os.path.exists(f"/proc/{keeper}"), SECONDS)
    assert not os.path.exists(found["folder"]) or whom == "keeper"
