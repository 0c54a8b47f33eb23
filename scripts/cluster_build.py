"""Build kube-apiserver and etcd from Go modules: `python scripts/cluster_build.py` prints their folder.

There is no wheel that carries an API server, so the tests build one: once, about six minutes on two cores
with no caches, seconds with Go's own. The result lies in `.tools/kubernetes-<key>/` (or $NATSVALUES_TOOLS), and
the key is over all that decides it: the module's files, the Go version, the flags. Other Go settings of the
user's reach the download only (proxy, caches), never the result.
"""

from __future__ import annotations

import ctypes
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODULE = os.path.join(ROOT, "scripts", "kubernetes")
SOURCES = ("go.mod", "go.sum", "main.go", "etcd/main.go")
SECONDS = 3600  # minutes on a quiet machine; on a busy one it may take its time
FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly")
BUILDING = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOENV": "off", "GOWORK": "off", "GOTOOLCHAIN": "local"}
FROM_USER = ("GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOPROXY", "GONOSUMDB", "GOPRIVATE", "GOINSECURE")
OLDEST = (1, 26)


class BuildError(Exception):
    """Binaries that cannot be built; the message says why and what to do instead."""


class NoGoError(BuildError):
    """There is no Go, or one that is too old for this Kubernetes."""


def version() -> str:
    """The Kubernetes version that the module names, such as `1.37.2`."""
    with open(os.path.join(MODULE, "go.mod"), encoding="utf-8") as file:
        found = re.search(r"^\tk8s\.io/kubernetes v(\S+)$", file.read(), re.MULTILINE)
    if found is None:
        raise BuildError(f"{MODULE}/go.mod names no k8s.io/kubernetes")
    return found[1]


def build() -> str:
    """Return the folder of `kube-apiserver` and `etcd`, building them first when they are not there."""
    go, environment = _go()
    folder = os.path.join(_tools(), f"kubernetes-{version()}-{_key(go, environment)}")
    if os.path.isdir(folder):
        return folder
    os.makedirs(_tools(), exist_ok=True)
    # The kernel drops the lock with the process, so that a killed build leaves nothing to clean up but its folder.
    with open(os.path.join(_tools(), ".kubernetes.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            _build_into(folder, go, environment)
    return folder


def _tools() -> str:
    return os.path.abspath(os.environ.get("NATSVALUES_TOOLS") or os.path.join(ROOT, ".tools"))


def _go() -> tuple[str, dict[str, str]]:
    """The Go on PATH, and the environment it builds in."""
    go = shutil.which("go")
    if go is None:
        raise NoGoError(
            f"no `go` on PATH; Kubernetes {version()} is built with Go {'.'.join(map(str, OLDEST))} or newer"
        )
    asked = subprocess.run(
        [go, "env", "-json", "GOVERSION", *FROM_USER],
        capture_output=True, text=True, check=False, timeout=60, cwd=MODULE, env=os.environ | {"GOTOOLCHAIN": "local"},
    )  # fmt: skip
    if asked.returncode:
        raise NoGoError(f"`go env` failed: {asked.stderr.strip()}")
    told = json.loads(asked.stdout)
    numbers = re.match(r"go(\d+)\.(\d+)", told["GOVERSION"])
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        raise NoGoError(
            f"{told['GOVERSION']} is too old: Kubernetes {version()} is built with Go {'.'.join(map(str, OLDEST))}"
        )
    kept = {name: os.environ[name] for name in os.environ if name in ("PATH", "HOME", "TMPDIR") or _is_proxy(name)}
    return go, kept | {name: told[name] for name in FROM_USER if told[name]} | BUILDING


def _is_proxy(name: str) -> bool:
    return name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR")


def _key(go: str, environment: dict[str, str]) -> str:
    """A digest of all that decides the binaries."""
    digest = hashlib.sha256()
    told = subprocess.run([go, "version"], capture_output=True, check=True, timeout=60, env=environment, cwd=MODULE)
    digest.update(told.stdout)
    digest.update(json.dumps([FLAGS, BUILDING, _stamps()]).encode())
    for name in SOURCES:
        with open(os.path.join(MODULE, name), "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:12]


def _stamps() -> str:
    """The linker's flags: charts ask the server for its version, so it has to have one."""
    major, minor, _ = version().split(".", 2)
    named = {"gitVersion": f"v{version()}", "gitMajor": major, "gitMinor": minor}
    return " ".join(["-s -w", *(f"-X k8s.io/component-base/version.{name}={text}" for name, text in named.items())])


def _build_into(folder: str, go: str, environment: dict[str, str]) -> None:
    """Put both binaries in place in one rename: whoever sees the folder sees whole binaries."""
    for left in glob.glob(os.path.join(_tools(), ".new-kubernetes-*")):  # by a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    made = tempfile.mkdtemp(dir=_tools(), prefix=".new-kubernetes-")
    try:
        print(
            f"cluster: building Kubernetes {version()}: minutes from cold, seconds with a warm cache", file=sys.stderr
        )
        for name, package, linked in (("kube-apiserver", ".", _stamps()), ("etcd", "./etcd", "-s -w")):
            start = time.monotonic()
            _run([go, "build", *FLAGS, "-ldflags", linked, "-o", os.path.join(made, name), package], environment)
            print(f"cluster: {name} built in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        os.chmod(made, 0o755)  # noqa: S103 - mkdtemp keeps others out
        os.rename(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _run(command: list[str], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command, cwd=MODULE, env=environment, stderr=subprocess.PIPE, text=True, check=False, timeout=SECONDS,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"`{' '.join(command[:2])}` took longer than {SECONDS} s") from error
    if done.returncode:
        raise BuildError(f"`{' '.join(command[:2])}` failed:\n{done.stderr.strip()[-2000:]}")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed run does not go on compiling


def main() -> int:
    """Print the folder, or say why there is none."""
    try:
        print(build())
    except BuildError as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
