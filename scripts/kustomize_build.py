"""Build kustomize from its Go module: `python scripts/kustomize_build.py` prints the program's path.

There is no wheel that carries kustomize, and the one inside kubectl runs no functions. Once, less than a minute on
two cores with no caches. What is built again when, says `go_build.py`.
"""

from __future__ import annotations

import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))

import go_build
from go_build import BuildError, NoGoError

__all__ = ["BuildError", "NoGoError", "build", "version"]

MODULE = os.path.join(go_build.ROOT, "scripts", "kustomize")
PACKAGE = "sigs.k8s.io/kustomize/kustomize/v5"


def version() -> str:
    """The version of kustomize that the module names, such as `5.8.2`."""
    return go_build.version_in(MODULE, PACKAGE)


def build() -> str:
    """Return the path of `kustomize`, building it first when it is not there."""
    stamps = f"{go_build.STRIPPED} -X sigs.k8s.io/kustomize/api/provenance.version=v{version()}"
    binaries = (go_build.Binary("kustomize", PACKAGE, stamps),)
    time = "a minute from cold, a second with a warm cache"
    module = go_build.Module("kustomize", "kustomize", version(), MODULE, ("go.mod", "go.sum"), binaries, stamps, time)
    return os.path.join(go_build.build(module), "kustomize")


if __name__ == "__main__":
    sys.exit(go_build.main(build))
