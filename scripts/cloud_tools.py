"""Install the tools with which AWS is tested: `python scripts/cloud_tools.py` prints the folder of their programs.

They are the real `aws`, and `moto_server`, which answers as AWS does on loopback. Both come from wheels, pinned with
their hashes in scripts/locks/clouds.txt, into a virtual environment of their own under `.tools` ($NATSVALUES_TOOLS):
natsvalues does not depend on them. It takes about a minute, once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))

from binaries import ROOT, BinaryError, tools

LOCK = os.path.join(ROOT, "scripts", "locks", "clouds.txt")
SECONDS = 600


def fetch() -> str:
    """Return the folder of `aws` and `moto_server`, installing them first when they are not there."""
    os.makedirs(tools(), exist_ok=True)
    with open(LOCK, "rb") as file:
        key = hashlib.sha256(file.read() + sys.version.encode()).hexdigest()[:12]
    folder = os.path.join(tools(), f"clouds-{key}")
    ready = os.path.join(folder, "ready")
    # An environment cannot be moved into place, since its scripts name its path: so a file says that it is complete,
    # and of two processes the second waits.
    with open(os.path.join(tools(), ".clouds.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (os.path.exists(ready) and os.path.exists(_interpreter(os.path.join(folder, "bin", "aws")))):
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", "--without-pip", folder])
            pip = [sys.executable, "-m", "pip", "--python", os.path.join(folder, "bin", "python"), "install", "--quiet"]
            _run([*pip, "--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", LOCK])
            with open(ready, "w", encoding="ascii"):
                pass
    return os.path.join(folder, "bin")


def _interpreter(script: str) -> str:
    """The interpreter that a script names: another one where `.tools` was reached by another path before."""
    try:
        with open(script, encoding="utf-8") as file:
            return file.readline().removeprefix("#!").strip()
    except OSError:
        return ""


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise BinaryError(f"aws and moto: no end within {SECONDS} s") from None
    if done.returncode:
        raise BinaryError(f"aws and moto cannot be installed\n{done.stderr.strip()}")


if __name__ == "__main__":
    try:
        print(fetch())
    except BinaryError as error:
        sys.exit(f"cloud_tools: {error}")
