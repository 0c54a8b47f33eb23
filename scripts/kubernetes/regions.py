"""Real Kubernetes clusters of one node each, one for each region, joined by a network of their own.

    python scripts/kubernetes/regions.py start us-east eu-west    # builds if need be, and runs until Ctrl-C
    python scripts/kubernetes/regions.py operator kubectl --context eu-west get pods -A
    python scripts/kubernetes/regions.py node us-east ctr -n k8s.io images list
    python scripts/kubernetes/regions.py cut us-east              # everything on its node is gone, but its disks
    python scripts/kubernetes/regions.py power us-east

The operator's commands run in the network between the nodes, where their API servers are; nothing leads out of it.
keeper.py ends everything with its last user, who may be killed. $NATSVALUES_REGIONS names the folder of those that are
meant, if several run.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.dirname(HERE)]

import go_build  # noqa: E402 - scripts are no package
import keeping  # noqa: E402 - same
import parts  # noqa: E402 - same
from images import write_image  # noqa: E402 - same
from keeper import FOLDER, HOLDERS, PREFIX  # noqa: E402 - same
from node import PAUSE  # noqa: E402 - same

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

KEEPER = os.path.join(HERE, "keeper.py")
START_SECONDS = 300
TTL = 30
"""Seconds that CoreDNS keeps an answer, and that there is none, as in the add-on of the Kubernetes repository."""
_ENTER = ("--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup")


class Regions:
    """Running clusters, and one user of theirs."""

    def __init__(self, folder: str, user: socket.socket) -> None:
        self.folder = folder
        self._user = user
        self._images: set[tuple[str, str]] = set()

    @property
    def kubeconfig(self) -> str:
        """File of a kubeconfig with a context for each region, of its name."""
        return os.path.join(self.folder, "kubeconfig")

    def operator(self, *words: str) -> list[str]:
        """The command that runs these words where the API servers can be reached."""
        return ["nsenter", "-t", str(self._holders()["network"]), "--net", "--", *words]

    def on_node(self, region: str, *words: str) -> list[str]:
        """The command that runs these words on a region's node."""
        return ["nsenter", "-t", str(self._holders()["nodes"][region]), *_ENTER, "--", *words]

    def _holders(self) -> dict[str, Any]:
        with open(os.path.join(self.folder, HOLDERS), encoding="ascii") as file:
            holders: dict[str, Any] = json.load(file)
        return holders

    def cut(self, region: str) -> None:
        """Cut the power of a region's node."""
        self._ask("cut", region)

    def power(self, region: str) -> None:
        """Give a region's node its power again: its servers start, and then its pods."""
        self._ask("power", region)

    def wait(self, region: str) -> None:
        """Wait until the servers of a region's node have started."""
        self._ask("wait", region)

    def _ask(self, word: str, region: str) -> None:
        self._user.sendall(f"{word} {region}\n".encode())
        reply = keeping.line(self._user)
        if reply != b"done\n":
            raise keeping.KeepingError(reply.decode(errors="replace") or "the keeper of the regions has ended")

    def load(self, region: str, image: str, program: str, target: str) -> None:
        """Bring an image of a local program to a node, once."""
        if (region, image) in self._images:
            return
        path = os.path.join(self.folder, "image.tar")
        write_image(path, image, program, target)
        command = self.on_node(region, "ctr", "-n", "k8s.io", "images", "import", path)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        os.remove(path)
        if done.returncode:
            raise keeping.KeepingError(f"{region}: no image {image}: {done.stderr}")
        self._images.add((region, image))

    def leave(self) -> None:
        """Stop using them; the last user waits until everything has ended."""
        keeping.leave(self._user)


class Names(NamedTuple):
    """What DNS knows besides the cluster: addresses by name; and for how many seconds an answer is kept."""

    hosts: Mapping[str, str] = {}
    ttl: int = TTL

    def corefile(self) -> str:
        """CoreDNS's configuration: that of the add-on in the Kubernetes repository, with these names."""
        hosts = "".join(f"           {address} {name}\n" for name, address in self.hosts.items())
        return (
            ".:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n"
            "    kubernetes cluster.local in-addr.arpa ip6.arpa {\n       pods insecure\n"
            f"       fallthrough in-addr.arpa ip6.arpa\n       ttl {self.ttl}\n    }}\n"
            f"    hosts {{\n{hosts}       ttl 60\n       fallthrough\n    }}\n    cache 30\n    reload\n}}\n"
        )


def start(names: Sequence[str], dns: Names, built: parts.Parts) -> Regions:
    """Start clusters of these names, and return once their nodes are Ready and their DNS servers answer."""
    reply, user = keeping.begin(KEEPER, json.dumps(list(names)), built.servers, seconds=START_SECONDS)
    user.settimeout(START_SECONDS)
    regions = Regions(json.loads(reply)["folder"], user)
    with contextlib.ExitStack() as undo:
        undo.callback(regions.leave)
        for name in names:
            regions.load(name, PAUSE, os.path.join(built.servers, "pause"), "/pause")
            regions.load(name, "registry.k8s.io/coredns/coredns:built", os.path.join(built.dns, "coredns"), "/coredns")
            configure(regions, name, dns)
        for name in names:
            kubectl(regions, name, "wait", "--for=condition=Ready", f"node/{name}", "--timeout=180s")
            kubectl(regions, name, "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=180s")
        undo.pop_all()
    return regions


def configure(regions: Regions, region: str, dns: Names) -> None:
    """Give a region its DNS server, or another configuration of it."""
    meta = {"name": "coredns", "namespace": "kube-system"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"Corefile": dns.corefile()}}
    kubectl(regions, region, "apply", "-f", "-", stdin=json.dumps(config))
    kubectl(regions, region, "apply", "-f", os.path.join(HERE, "dns.yaml"))


def kubectl(regions: Regions, region: str, *words: str, stdin: str = "") -> str:
    """What kubectl prints. Raises KeepingError if it fails."""
    import binaries

    command = regions.operator(binaries.fetch("kubectl"), f"--kubeconfig={regions.kubeconfig}", f"--context={region}")
    done = subprocess.run([*command, *words], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise keeping.KeepingError(f"{region}: kubectl {words[0]} failed: {done.stderr}")
    return done.stdout


def running() -> Regions:
    """The clusters that run, as one more user of theirs."""
    folder = os.environ.get("NATSVALUES_REGIONS") or next(iter(glob.glob(f"{FOLDER}/{PREFIX}*")), "")
    try:
        return Regions(folder, keeping.join(folder))
    except OSError:
        raise keeping.KeepingError("no regions run here: start them first") from None


def _start(names: list[str]) -> int:
    begun = time.monotonic()
    regions = start(names, Names(), parts.build())
    print(f"up after {time.monotonic() - begun:.0f} s, in {regions.folder}; Ctrl-C ends them", flush=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    finally:
        regions.leave()
    return 0


def _run(regions: Regions, command: list[str]) -> int:
    environment = os.environ | {"KUBECONFIG": regions.kubeconfig}
    return subprocess.run(command, env=environment, check=False).returncode


def main(words: list[str]) -> int:
    """Do what a person asks."""
    match words:
        case ["start", _, *_]:
            return _start(words[1:])
        case ["operator", _, *_]:
            regions = running()
            return _run(regions, regions.operator(*words[1:]))
        case ["node", region, _, *_]:
            regions = running()
            return _run(regions, regions.on_node(region, *words[2:]))
        case ["cut", region]:
            running().cut(region)
            return 0
        case ["power", region]:
            running().power(region)
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (keeping.KeepingError, parts.NoNodeError, go_build.BuildError) as error:
        sys.exit(f"regions: {error}")
