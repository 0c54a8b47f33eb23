"""The clusters of scripts/kubernetes: what tests rely on, and that nothing is left of them."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import signal
import subprocess
import sys
import time

import keeper
import keeping
import pytest
import regions as real

pytestmark = [pytest.mark.kubernetes, pytest.mark.slow, pytest.mark.timeout(600)]
SCRIPT = real.__file__
SECONDS = 120
SERVER = "docker.io/library/nats:2.14.6-alpine"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "server", "labels": {"app": "server"}},
    "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [{
            "name": "server", "image": SERVER, "imagePullPolicy": "Never",
            "args": ["-m", "8222", "--js", "--store_dir", "/data"],
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8222}, "periodSeconds": 1},
            "volumeMounts": [{"name": "store", "mountPath": "/data"}],
        }],
        "volumes": [{"name": "store", "persistentVolumeClaim": {"claimName": "store"}}],
    },
}  # fmt: skip
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "store"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "server", "annotations": {"metallb.io/loadBalancerIPs": "198.18.1.10"}},
    "spec": {"type": "LoadBalancer", "selector": {"app": "server"}, "ports": [{"port": 4222}]},
}


@pytest.fixture(scope="module")
def clusters(built, nats_server):
    """Two regions, with a server in the first one behind a load balancer."""
    started = real.start(["us-east", "eu-west"], real.Names({"server.example.com": "198.18.1.10"}), built)
    try:
        started.load("us-east", SERVER, nats_server("2.14.6"), "/usr/local/bin/nats-server")
        real.kubectl(started, "us-east", "apply", "-f", "-", stdin="\n".join(map(json.dumps, (CLAIM, POD, SERVICE))))
        real.kubectl(started, "us-east", "wait", "--for=condition=Ready", "pod/server", "--timeout=120s")
        yield started
    finally:
        started.leave()


def answer(*words):
    """What a command prints that may fail."""
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS).stdout


def greeting(started, region, address):
    """The first line of a NATS server at an address, asked from a region's node; empty where nobody answers."""
    code = f"import socket; print(socket.create_connection(('{address}', 4222), 3).recv(4096).decode())"
    return answer(*started.on_node(region, sys.executable, "-c", code))


def test_a_load_balancer_is_reached_from_another_region(clusters, until):
    """kube-proxy of one node takes what comes from another one, and sends it to a pod."""
    assert until(lambda: greeting(clusters, "eu-west", "198.18.1.10").startswith("INFO "), SECONDS)
    told = json.loads(real.kubectl(clusters, "us-east", "get", "service", "server", "-o", "json"))
    assert told["status"]["loadBalancer"]["ingress"] == [{"ip": "198.18.1.10", "ipMode": "VIP"}]


def test_nothing_leads_out(clusters):
    """A node reaches no address but those of the regions, and has no name server but the cluster's."""
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 3)"
    done = subprocess.run(
        clusters.on_node("us-east", sys.executable, "-c", code), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout
    links = json.loads(answer(*clusters.on_node("us-east", "ip", "-j", "link")))
    assert {link["ifname"].rstrip("0123456789abcdef") for link in links} <= {"lo", "wan", "cni", "veth"}


def test_a_power_cut_keeps_disks_and_names(clusters, until):
    """The pod is the same one with another run of its container, and its volume has what was written, and no more."""
    before = json.loads(real.kubectl(clusters, "us-east", "get", "pod", "server", "-o", "json"))
    volumes = f"{clusters.folder}/us-east/volumes"
    write = f"cd {volumes}/pvc-*/ && echo early > early && sync -f early && echo late > late"
    answer(*clusters.on_node("us-east", "sh", "-c", write))
    clusters.cut("us-east")
    assert not greeting(clusters, "eu-west", "198.18.1.10")
    clusters.power("us-east")
    clusters.wait("us-east")
    assert until(lambda: greeting(clusters, "eu-west", "198.18.1.10").startswith("INFO "), SECONDS)
    after = json.loads(real.kubectl(clusters, "us-east", "get", "pod", "server", "-o", "json"))
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["containerStatuses"][0]["restartCount"] == 1
    there = answer(*clusters.on_node("us-east", "sh", "-c", f"cd {volumes}/pvc-*/ && cat early; ls")).split()
    assert there[0] == "early"
    assert "late" not in there


# --- what is left ------------------------------------------------------------------------------------------


def left(folder):
    """What is left of a run: processes, control groups, the folder, links."""
    name = os.path.basename(folder)
    groups = glob.glob(f"/sys/fs/cgroup/**/{name}-*", recursive=True)
    with open("/proc/mounts", encoding="utf-8") as file:
        mounts = [line for line in file if name in line]
    processes = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        with contextlib.suppress(OSError), open(path, "rb") as file:
            if name.encode() in file.read():
                processes.append(path)
    return [*groups, *mounts, *processes, *glob.glob(folder)]


def keepers(started):
    """The two processes of the keeper that a process has started, the outer one first; fewer while it starts."""
    with open(f"/proc/{started}/task/{started}/children", encoding="ascii") as file:
        outer = [int(pid) for pid in file.read().split()]
    inner = []
    for pid in outer:
        # One that has ended meanwhile was no keeper: it helped to start.
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            inner += [int(child) for child in file.read().split()]
    return [*outer, *inner]


def folder_of(started):
    """The folder of a run, which the keeper holds a lock in; empty before that."""
    for pid in keepers(started):
        for file in glob.glob(f"/proc/{pid}/fd/*"):
            with contextlib.suppress(OSError):
                if os.path.basename(os.readlink(file)) == keeper.LOCK:
                    return os.path.dirname(os.readlink(file))
    return ""


ENDS = {
    "ctrl-c": (signal.SIGINT, "user"),
    "terminated": (signal.SIGTERM, "user"),
    "killed": (signal.SIGKILL, "user"),
    "killed-while-starting": (signal.SIGKILL, "early"),
    "keeper-killed": (signal.SIGKILL, "keeper"),
    "both-keepers-killed": (signal.SIGKILL, "keepers"),
}


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left(end, built, until):
    """However clusters end: no process, no mount, no control group, no folder."""
    assert built
    number, whom = ENDS[end]
    started = subprocess.Popen(
        [sys.executable, SCRIPT, "start", "one"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert until(lambda: folder_of(started.pid), SECONDS)
        if whom == "early":
            time.sleep(2)
        else:
            assert "up after" in started.stdout.readline()
        folder = folder_of(started.pid)  # at first it may be looking at another run's lock
        pids = keepers(started.pid)
        for pid in {"keeper": pids[1:], "keepers": pids}.get(whom, [started.pid]):
            os.kill(pid, number)
        if whom == "keepers":  # nobody is left to remove what is no process: the next one does
            assert until(lambda: not [path for path in left(folder) if path.startswith("/proc/")], SECONDS), left(
                folder
            )
            real.start(["another"], real.Names(), built).leave()
        assert until(lambda: not left(folder), SECONDS), left(folder)
    finally:
        with contextlib.suppress(OSError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def test_a_node_that_ends_by_itself_is_reported(built):
    """A server that dies takes its node with it, and whoever uses it hears why."""
    started = real.start(["one"], real.Names(), built)
    kubelet = subprocess.run(started.on_node("one", "pkill", "-f", "kubelet"), check=False)
    assert kubelet.returncode == 0
    time.sleep(3)
    with pytest.raises(keeping.KeepingError, match="kubelet ended by itself"):
        started.leave()
