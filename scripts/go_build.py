"""Build a program from its Go modules, once: the result lies in `.tools/<name>-<version>-<key>/` ($NATSVALUES_TOOLS).

The key is over all that decides it: the module's files, the Go version, the flags. Other Go settings of the
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
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SECONDS = 3600  # minutes on a quiet machine; on a busy one it may take its time
FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly")
BUILDING = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOENV": "off", "GOWORK": "off", "GOTOOLCHAIN": "local"}
FROM_USER = ("GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOPROXY", "GONOSUMDB", "GOPRIVATE", "GOINSECURE")
OLDEST = (1, 26)
STRIPPED = "-s -w"


class BuildError(Exception):
    """Binaries that cannot be built; the message says why and what to do instead."""


class NoGoError(BuildError):
    """There is no Go, or one that is too old for what is built."""


class Binary(NamedTuple):
    """A program to build: its file's name, its package, the linker's flags."""

    name: str
    package: str
    linked: str = STRIPPED


class Module(NamedTuple):
    """A Go module of ours that names what to build.

    `name` begins the folder's name, `title` is for people; `sources` are the files that decide, `stamps` what the
    linker gets the version, and `time` says how long a build takes. `links` are more names of the first binary.
    """

    name: str
    title: str
    version: str
    folder: str
    sources: tuple[str, ...]
    binaries: tuple[Binary, ...]
    stamps: str
    time: str
    links: tuple[str, ...] = ()


def version_in(folder: str, module: str) -> str:
    """The version in which `folder`/go.mod names a module, without its `v`."""
    with open(os.path.join(folder, "go.mod"), encoding="utf-8") as file:
        match = re.search(rf"^\t{re.escape(module)} v(\S+)", file.read(), re.MULTILINE)
    if match is None:
        raise BuildError(f"{folder}/go.mod names no {module}")
    return match[1]


def build(module: Module) -> str:
    """Return the folder of the binaries, building them first when they are not there."""
    go, environment = find_go(module)
    folder = place(module, go, environment)
    if os.path.isdir(folder):
        return folder
    os.makedirs(tools(), exist_ok=True)
    # The kernel drops the lock with the process, so that a killed build leaves nothing to clean up but its folder.
    with open(os.path.join(tools(), f".{module.name}.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            _build_into(folder, module, go, environment)
    return folder


def place(module: Module, go: str, environment: dict[str, str]) -> str:
    """The folder where the binaries are, or will be."""
    return os.path.join(tools(), f"{module.name}-{module.version}-{key(module, go, environment)}")


def tools() -> str:
    """The folder of everything that was built."""
    return os.path.abspath(os.environ.get("NATSVALUES_TOOLS") or os.path.join(ROOT, ".tools"))


def find_go(module: Module) -> tuple[str, dict[str, str]]:
    """The Go on PATH, and the environment it builds in."""
    built = f"{module.title} {module.version} is built with Go {'.'.join(map(str, OLDEST))}"
    go = shutil.which("go")
    if go is None:
        raise NoGoError(f"no `go` on PATH; {built} or newer")
    output = subprocess.run(
        [go, "env", "-json", "GOVERSION", *FROM_USER],
        capture_output=True, text=True, check=False, timeout=60, cwd=module.folder,
        env=os.environ | {"GOTOOLCHAIN": "local"},
    )  # fmt: skip
    if output.returncode:
        raise NoGoError(f"`go env` failed: {output.stderr.strip()}")
    settings = json.loads(output.stdout)
    numbers = re.match(r"go(\d+)\.(\d+)", settings["GOVERSION"])
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        raise NoGoError(f"{settings['GOVERSION']} is too old: {built}")
    kept = {name: os.environ[name] for name in os.environ if name in ("PATH", "HOME", "TMPDIR") or _is_proxy(name)}
    return go, kept | {name: settings[name] for name in FROM_USER if settings[name]} | BUILDING


def _is_proxy(name: str) -> bool:
    return name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR")


def key(module: Module, go: str, environment: dict[str, str]) -> str:
    """A digest of all that decides the binaries."""
    digest = hashlib.sha256()
    version = subprocess.run(
        [go, "version"], capture_output=True, check=True, timeout=60, env=environment, cwd=module.folder
    )
    digest.update(version.stdout)
    digest.update(json.dumps([FLAGS, BUILDING, module.stamps, module.binaries, module.links]).encode())
    for name in module.sources:
        with open(os.path.join(module.folder, name), "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:12]


def _build_into(folder: str, module: Module, go: str, environment: dict[str, str]) -> None:
    """Put the binaries in place in one rename: whoever sees the folder sees whole binaries."""
    for left in glob.glob(os.path.join(tools(), f".new-{module.name}-*")):  # by a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    made = tempfile.mkdtemp(dir=tools(), prefix=f".new-{module.name}-")
    try:
        _say(f"building {module.title} {module.version}: {module.time}")
        for binary in module.binaries:
            start = time.monotonic()
            target = os.path.join(made, binary.name)
            command = [go, "build", *FLAGS, "-ldflags", binary.linked, "-o", target, binary.package]
            _run(command, module.folder, environment)
            _say(f"{binary.name} built in {time.monotonic() - start:.0f} s")
        for link in module.links:
            os.symlink(module.binaries[0].name, os.path.join(made, link))
        os.chmod(made, 0o755)  # noqa: S103 - mkdtemp keeps others out
        os.rename(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _say(words: str) -> None:
    print(f"go: {words}", file=sys.stderr, flush=True)


def _run(command: list[str], folder: str, environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, check=False, timeout=SECONDS,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"`{' '.join(command[:2])}` took longer than {SECONDS} s") from error
    if done.returncode:
        raise BuildError(f"`{' '.join(command[:2])}` failed:\n{done.stderr.strip()[-2000:]}")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed run does not go on compiling


def main(build: Callable[[], str]) -> int:
    """Print the folder, or say why there is none."""
    try:
        print(build())
    except BuildError as error:
        _say(str(error))
        return 1
    return 0
