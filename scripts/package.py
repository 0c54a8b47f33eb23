"""Build natsvalues as one file that a bare Python runs: `python scripts/package.py FOLDER [--machine aarch64]`.

The file is a zip archive that Python executes. In it are the wheels that scripts/locks/run.txt names, byte by byte, and
natsvalues' own: for each of PYTHONS and one machine, because the YAML parser is a compiled library (without it
post-rendering takes twenty times as long, and natsvalues has no other). scripts/single_file starts it.
The same checkout and locks give the same bytes. The wheels are downloaded once, and kept in .tools.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

from binaries import DOWNLOAD_SECONDS, ROOT, BinaryError, tools
from locked import OWN, Locked, closure, locked, needed

from natsvalues import __version__

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
STARTERS = os.path.join(ROOT, "scripts", "single_file")
PURE = "-none-any.whl"
START = b'#!/bin/sh\nexec python3 -IS "$0" "$@"\n'
"""How the file starts: without the packages and variables of whoever calls it, which also saves a fifth of the time."""
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip archive can have


def file_name(machine: str) -> str:
    """How the single file for a machine is called."""
    return f"{OWN}-{__version__}-linux-{machine}.pyz"


def build(folder: str, own_wheel: str, machine: str) -> str:
    """Write the single file for a machine into a folder; give its path. Raises BinaryError without the wheels."""
    wheels = {os.path.basename(path): path for path in [own_wheel, *libraries(machine)]}
    contents = {}
    for name, path in sorted(wheels.items()):
        with open(path, "rb") as file:
            contents[f"wheels/{name}"] = file.read()
    digest = hashlib.sha256(b"".join(hashlib.sha256(data).digest() for data in contents.values())).hexdigest()
    facts = {
        "NAME": f"{__version__}-{digest[:16]}",
        "TAGS": " ".join(f"cp{version.replace('.', '')}" for version in PYTHONS),
        "MACHINE": machine,
    }
    for name in ("__main__.py", "unpacking.py"):
        with open(os.path.join(STARTERS, name), encoding="utf-8") as file:
            text = file.read()
        for key, value in facts.items():
            text = text.replace(f"@{key}@", value)
        contents[name] = text.encode()
    path = os.path.join(folder, file_name(machine))
    with open(path, "wb") as file:
        file.write(START)
        with zipfile.ZipFile(file, "w") as archive:  # stored: wheels are compressed
            for name, data in contents.items():
                archive.writestr(zipfile.ZipInfo(name, _DATE), data)
    os.chmod(path, 0o755)  # noqa: S103 - a program
    return path


def libraries(machine: str) -> list[str]:
    """The locked wheels of what natsvalues needs to run on a machine, on every Python. Raises BinaryError."""
    run = locked("run.txt")
    packages = [run[name] for name in sorted(closure(needed(OWN))) if name in run]
    known = hashlib.sha256(repr((packages, PYTHONS, machine)).encode()).hexdigest()[:16]
    folder = os.path.join(tools(), f"wheels-{machine}-{known}")
    if not os.path.isdir(folder):
        os.makedirs(tools(), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=tools(), prefix=".wheels-") as new:
            wheels = os.path.join(new, "wheels")
            first, *others = PYTHONS
            _download(packages, first, machine, wheels)
            compiled = [name.partition("-")[0].replace("_", "-") for name in os.listdir(wheels) if PURE not in name]
            with ThreadPoolExecutor(max_workers=len(others)) as pool:  # the time goes into waiting
                list(
                    pool.map(
                        lambda python: _download([run[name] for name in compiled], python, machine, wheels), others
                    )
                )
            with contextlib.suppress(OSError):  # another process was first
                os.rename(wheels, folder)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def _download(packages: list[Locked], python: str, machine: str, folder: str) -> None:
    """Download the wheels of these packages for one Python, by the hashes of the lock."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as requirements:
        for package in packages:
            hashes = " ".join(f"--hash=sha256:{value}" for value in package.hashes)
            requirements.write(f"{package.name}=={package.version} {hashes}\n")
        requirements.flush()
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
        command += [f"--platform=manylinux2014_{machine}", f"--dest={folder}", f"--requirement={requirements.name}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DOWNLOAD_SECONDS)
    if done.returncode:
        said = done.stderr.strip()
        raise BinaryError(f"scripts/locks/run.txt: pip could not download its wheels for Python {python}\n{said}")


def distributions(folder: str, kinds: tuple[str, ...] = ("wheel",)) -> list[str]:
    """Build natsvalues' own `wheel` or `sdist` into a folder with the locked hatchling; give their paths."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as new:
        options = [word for kind in kinds for word in ("-t", kind)]
        command = [sys.executable, "-m", "hatchling", "build", *options, "-d", new]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names = sorted(os.listdir(new))
        for name in names:
            os.replace(os.path.join(new, name), os.path.join(folder, name))
    return [os.path.join(folder, name) for name in names]


def main() -> int:
    """Build the file; print its path, size and SHA-256."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("folder")
    parser.add_argument("--machine", choices=MACHINES, default=platform.machine())
    given = parser.parse_args()
    os.makedirs(given.folder, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            [wheel] = distributions(scratch)
            path = build(given.folder, wheel, given.machine)
    except BinaryError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    print(f"{path}: {os.path.getsize(path) / 2**20:.1f} MiB, SHA-256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
