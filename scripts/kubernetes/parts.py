"""What a node needs: the servers of Kubernetes, CoreDNS and the reloader from Go modules, the rest from Debian.

`python scripts/kubernetes/parts.py` installs and builds all of it, and prints the folders. Nothing to do where it is
there: seconds. From nothing it takes ten minutes on two cores.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.dirname(HERE))

import cgroups  # noqa: E402 - scripts are no package
import cluster_build  # noqa: E402 - same
import go_build  # noqa: E402 - same

PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "openssl": "openssl",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}
"""Debian's packages, by a program of each."""
_RELOADER = "github.com/nats-io/nack/cmd/nats-server-config-reloader"


class NoNodeError(Exception):
    """A machine that can run no node; the message says why."""


class Parts(NamedTuple):
    """Folders of programs."""

    servers: str
    dns: str
    reloader: str


def require() -> None:
    """Raise NoNodeError unless this machine can run nodes, once PACKAGES are installed."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoNodeError("a node needs root on Linux: mounts, networks and control groups of its own")
    missing = [name for name in cgroups.NEEDED if not any(name in key.split(",") for key in cgroups.hierarchies())]
    if missing:
        raise NoNodeError(f"control groups of version 1 are needed, and there is none for: {', '.join(missing)}")
    with open("/proc/filesystems", encoding="ascii") as file:
        if "overlay" not in file.read().split():
            raise NoNodeError("the kernel has no overlayfs")
    tried = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False)
    if tried.returncode:
        raise NoNodeError(f"no namespaces: {tried.stderr.decode().strip()}")


def install() -> None:
    """Install what is missing of PACKAGES, and say so."""
    os.makedirs(go_build.tools(), exist_ok=True)
    with open(os.path.join(go_build.tools(), ".packages.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several test workers the first one does it
        missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
        if missing:
            _install(missing)


def _install(missing: list[str]) -> None:
    if shutil.which("apt-get") is None:
        raise NoNodeError(f"these Debian packages are needed, and there is no apt-get: {', '.join(missing)}")
    print(f"kubernetes: installing from Debian: {', '.join(missing)}", file=sys.stderr, flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", *words], capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise NoNodeError(f"apt-get {words[0]} failed:\n{done.stderr.strip()[-2000:]}")


def build() -> Parts:
    """Install and build everything. Raises NoNodeError, or go_build.BuildError."""
    require()
    install()
    dns, reloader = os.path.join(HERE, "dns"), os.path.join(HERE, "reloader")
    modules = (
        go_build.Module(
            "coredns", "CoreDNS", go_build.version_in(dns, "github.com/coredns/coredns"), dns,
            ("go.mod", "go.sum", "main.go"), (go_build.Binary("coredns", "."),), "", "a minute",
        ),
        go_build.Module(
            "reloader", "the reloader", go_build.version_in(reloader, "github.com/nats-io/nack"), reloader,
            ("go.mod", "go.sum"), (go_build.Binary("nats-server-config-reloader", _RELOADER),), "", "seconds",
        ),
    )  # fmt: skip
    return Parts(cluster_build.build(), *map(go_build.build, modules))


if __name__ == "__main__":
    try:
        print(*build(), sep="\n")
    except (NoNodeError, go_build.BuildError) as error:
        sys.exit(f"kubernetes: {error}")
