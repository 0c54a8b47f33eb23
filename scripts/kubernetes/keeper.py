"""Keep the nodes of some regions while they have users: started by regions.py (see keeping.py).

One process makes the nodes, a second one waits for its end, however it ends, and removes what the kernel does not
remove with the last process: control groups and the folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [os.path.dirname(HERE), os.path.dirname(os.path.dirname(HERE))]

import cgroups  # noqa: E402 - scripts are no package
from keeping import SOCKET, KeepingError, dies_with_parent, until_all_left  # noqa: E402 - same
from node import API_PORT, KUBERNETES, Settings, token  # noqa: E402 - same

from natsvalues.errors import NatsvaluesError  # noqa: E402 - same
from natsvalues.outside import disks  # noqa: E402 - same
from natsvalues.outside.disks import Disk  # noqa: E402 - same

OPERATOR = f"{KUBERNETES}.254"
"""The address of whoever works with the clusters: in the network between them, and in no other."""
FOLDER = "/tmp"  # noqa: S108 - a socket's path may have 107 characters only, and mkdtemp keeps others out
PREFIX = "natsvalues-regions-"
LOCK = "lock"
HOLDERS = "holders.json"
"""In the folder: the processes that hold the network between the regions (`network`), and each node (`nodes`)."""
_NAMESPACES = ("--mount", "--net", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--kill-child", "--mount-proc")
_SECONDS = 120


class Nodes:
    """The nodes of all regions, and the network between them."""

    def __init__(self, folder: str, regions: list[str], binaries: str) -> None:
        self.folder = folder
        numbers = {region: number for number, region in enumerate(regions, 1)}
        self.settings = {key: Settings(key, numbers, os.path.join(folder, key), binaries) for key in regions}
        self.disks = {key: Disk(item.path("volumes.ext4"), item.volumes) for key, item in self.settings.items()}
        """The volumes of each node, mounted here, and so in the node's own namespace, which begins as a copy."""
        self.network = 0
        self._link: subprocess.Popen[bytes] | None = None
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Make the network between the regions, in a namespace that holds nothing else, and start all nodes."""
        self._link = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], preexec_fn=dies_with_parent)  # noqa: PLW1509 - one thread
        self.network = self._link.pid
        _until(lambda: _is_apart(self.network), "the network between the regions")
        self._in_network("link", "set", "lo", "up")
        self._in_network("link", "add", "wan", "type", "bridge")
        self._in_network("link", "set", "wan", "up")
        self._in_network("addr", "add", f"{OPERATOR}/24", "dev", "wan")
        for region, settings in self.settings.items():
            number = settings.number
            self._in_network("route", "add", f"198.18.{number}.0/24", "via", settings.address)
            os.makedirs(settings.path("etc"))
            os.makedirs(settings.path("log"))
            words = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"]
            subprocess.run([*words, settings.path("etc", "accounts.key")], check=True, capture_output=True)
            _write(settings.path("etc", "tokens.csv"), f'{secrets.token_hex(16)},admin,admin,"system:masters"\n')
            _write(settings.kubeconfig, _kubeconfig([settings]))
            self.disks[region].make()
            self.power(region)
        for region in self.settings:
            self.wait(region)
        _write(os.path.join(self.folder, "kubeconfig"), _kubeconfig(list(self.settings.values())))

    def power(self, region: str) -> None:
        """Start a region's node, from what its disks hold."""
        settings = self.settings[region]
        with contextlib.suppress(FileNotFoundError):
            os.remove(settings.path("serving"))
        group = _group(self.folder, region)
        cgroups.create(group)

        def prepare() -> None:
            dies_with_parent()
            cgroups.enter(group)

        with open(settings.path("log", "node.log"), "ab") as log:
            self._nodes[region] = subprocess.Popen(
                ["unshare", *_NAMESPACES, sys.executable, os.path.join(HERE, "node.py"), json.dumps(settings)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=prepare,  # noqa: PLW1509 - one thread
            )  # fmt: skip
        _until(lambda: self.first(region) and _is_apart(self.first(region)), f"the namespaces of {region}")
        link = f"region{settings.number}"
        self._in_network("link", "add", link, "type", "veth", "peer", "name", "wan0", "netns", str(self.first(region)))
        self._in_network("link", "set", link, "master", "wan", "up")
        holders = {region: self.first(region) for region in self._nodes}
        _write(os.path.join(self.folder, HOLDERS), json.dumps({"network": self.network, "nodes": holders}))

    def wait(self, region: str) -> None:
        """Wait until a node's servers have started."""
        serving = self.settings[region].path("serving")
        _until(lambda: os.path.exists(serving) or self._nodes[region].poll() is not None, f"the node of {region}")

    def first(self, region: str) -> int:
        """The process that holds a node's namespaces; 0 while there is none."""
        unshare = self._nodes[region].pid
        children = f"/proc/{unshare}/task/{unshare}/children"
        with contextlib.suppress(OSError, IndexError), open(children, encoding="ascii") as file:
            return int(file.read().split()[0])
        return 0

    def refuse_dead(self) -> None:
        """Raise KeepingError if a node has ended by itself."""
        for region, node in self._nodes.items():
            if node.poll() is not None:
                raise KeepingError(f"the node of {region} ended by itself:\n{self._log(region)}")

    def close(self) -> None:
        """End everything."""
        for region in list(self._nodes):
            self._end(region)
        if self._link is not None:
            self._link.kill()
            self._link.wait()

    def cut(self, region: str) -> None:
        """End everything on a node at once, as a power cut does.

        What was not yet on the disk of its volumes is gone; the rest of the node, which is not what is tested, stays.
        """
        self._end(region, self.disks[region])
        self.disks[region].restore()

    def _end(self, region: str, volumes: Disk | None = None) -> None:
        first = self.first(region)
        if first:
            os.kill(first, signal.SIGKILL)  # the kernel ends the rest of its namespace, and then `unshare` ends
        if volumes is not None:
            volumes.stop()
        node = self._nodes.pop(region)
        try:
            node.wait(_SECONDS)
        finally:
            node.kill()
        cgroups.remove(_group(self.folder, region))

    def _in_network(self, *words: str) -> None:
        subprocess.run(["nsenter", "-t", str(self.network), "--net", "ip", *words], check=True, capture_output=True)

    def _log(self, region: str) -> str:
        tails = []
        folder = self.settings[region].path("log")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as log:
                tails += [f"--- {name}", *log.read().splitlines()[-8:]]
        return "\n".join(tails)


def _group(folder: str, region: str) -> str:
    """The name of a node's control groups."""
    return f"{os.path.basename(folder)}-{region}"


def _kubeconfig(regions: list[Settings]) -> str:
    """A kubeconfig (JSON is YAML) with a context for each region, of its name."""
    url = {item.region: f"https://{item.address}:{API_PORT}" for item in regions}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": item.region, "cluster": {"server": url[item.region], "certificate-authority": item.authority}}
                for item in regions
            ],
            "users": [{"name": item.region, "user": {"token": token(item)}} for item in regions],
            "contexts": [{"name": region, "context": {"cluster": region, "user": region}} for region in url],
            "current-context": regions[0].region,
        }
    )


def _is_apart(pid: int) -> bool:
    """Whether a process has a network namespace of its own by now."""
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")
    return False


def _until(holds, what: str) -> None:  # noqa: ANN001 - a function of no arguments
    end = time.monotonic() + _SECONDS
    while not holds():
        if time.monotonic() > end:
            raise KeepingError(f"{what} did not come up within {_SECONDS} s")
        time.sleep(0.02)


def _write(path: str, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)


def keep(folder: str, regions: list[str], binaries: str, first: socket.socket) -> None:
    """Start the nodes, serve users until none is left, end the nodes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(NatsvaluesError):  # the first disk says why not
        disks.require()
    nodes, users = Nodes(folder, regions, binaries), [first]

    def answer(line: bytes) -> bytes:
        word, region = line.decode().split()
        {"cut": nodes.cut, "power": nodes.power, "wait": nodes.wait}[word](region)
        return b"done\n"

    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(folder, SOCKET))
            listener.listen()
            nodes.start()
            nodes.refuse_dead()
            first.sendall(json.dumps({"folder": folder}).encode() + b"\n")
            until_all_left(listener, users, nodes.refuse_dead, answer)
    except (KeepingError, NatsvaluesError, subprocess.CalledProcessError) as error:
        with contextlib.suppress(OSError):
            for user in users:
                user.sendall(f"{error}\n".encode())
    finally:
        nodes.close()
        for user in users:
            user.close()


def _remove(folder: str, regions: list[str]) -> None:
    for region in regions:
        cgroups.remove(_group(folder, region))
    shutil.rmtree(folder, ignore_errors=True)


def _remove_left() -> None:
    """Remove what is left where both processes of a keeper were killed: no process, but a folder and empty groups."""
    for folder in glob.glob(os.path.join(FOLDER, f"{PREFIX}*")):
        with contextlib.suppress(OSError), open(os.path.join(folder, LOCK), encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(folder, json.load(lock))


def main(regions: list[str], binaries: str, first: socket.socket) -> None:
    """Fork into the keeper and the one that removes what is left of it."""
    _remove_left()
    folder = tempfile.mkdtemp(prefix=PREFIX, dir=FOLDER)
    with open(os.path.join(folder, LOCK), "x", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until both processes have ended
        json.dump(regions, lock)
        lock.flush()
        keeper = os.fork()
        if keeper == 0:
            keep(folder, regions, binaries, first)
            sys.exit(0)
        first.close()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda received, _: os.kill(keeper, received))
        os.waitpid(keeper, 0)
        _remove(folder, regions)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2], socket.socket(fileno=int(sys.argv[3])))
