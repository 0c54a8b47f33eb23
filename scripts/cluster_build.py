"""Build the servers of Kubernetes from Go modules: `python scripts/cluster_build.py` prints their folder.

No wheel carries them, so the tests build them: once, about nine minutes on two cores with no caches, seconds with
Go's own. What is built again when, says `go_build.py`.
"""

from __future__ import annotations

import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))

import go_build
from go_build import BuildError, NoGoError

__all__ = ["BuildError", "NoGoError", "build", "version"]

MODULE = os.path.join(go_build.ROOT, "scripts", "kubernetes")
SOURCES = ("go.mod", "go.sum", "main.go", "pause/main.go")
SERVERS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet")


def version() -> str:
    """The Kubernetes version that the module names, such as `1.37.2`."""
    return go_build.version_in(MODULE, "k8s.io/kubernetes")


def build() -> str:
    """Return the folder of SERVERS (one program of six names) and of `pause`, building them if they are not there."""
    return go_build.build(_module())


def _module() -> go_build.Module:
    stamps = _stamps()
    binaries = (go_build.Binary("kube", ".", stamps), go_build.Binary("pause", "./pause"))
    time = "minutes from cold, seconds with a warm cache"
    return go_build.Module("kubernetes", "Kubernetes", version(), MODULE, SOURCES, binaries, stamps, time, SERVERS)


def _go() -> tuple[str, dict[str, str]]:
    return go_build.find_go(_module())


def _key(go: str, environment: dict[str, str]) -> str:
    return go_build.key(_module(), go, environment)


def _stamps() -> str:
    """The linker's flags: charts ask the server for its version, so it has to have one."""
    major, minor, _ = version().split(".", 2)
    named = {"gitVersion": f"v{version()}", "gitMajor": major, "gitMinor": minor}
    stamps = (f"-X k8s.io/component-base/version.{name}={text}" for name, text in named.items())
    return " ".join([go_build.STRIPPED, *stamps])


if __name__ == "__main__":
    sys.exit(go_build.main(build))
