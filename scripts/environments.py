"""Virtual environments beside `.venv`, for programs that natsvalues and its tests do not import.

Each has a lock, scripts/locks/NAME.txt, with the hash of every wheel, and lies under `.tools` ($NATSVALUES_TOOLS).
`python scripts/environments.py NAME PROGRAM` prints the folder of its programs.
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

SECONDS = 600


def programs(name: str, program: str) -> str:
    """Return the folder of an environment's programs, `program` among them, installing it first when it is not there.

    Raises BinaryError when pip cannot install it.
    """
    lock = os.path.join(ROOT, "scripts", "locks", f"{name}.txt")
    os.makedirs(tools(), exist_ok=True)
    with open(lock, "rb") as file:
        key = hashlib.sha256(file.read() + sys.version.encode()).hexdigest()[:12]
    folder = os.path.join(tools(), f"{name}-{key}")
    ready = os.path.join(folder, "ready")
    # An environment cannot be moved into place, since its scripts name its path: so a file says that it is complete,
    # and of two processes the second waits.
    with open(os.path.join(tools(), f".{name}.lock"), "w", encoding="ascii") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        if not (os.path.exists(ready) and os.path.exists(_interpreter(os.path.join(folder, "bin", program)))):
            shutil.rmtree(folder, ignore_errors=True)
            _run(name, [sys.executable, "-m", "venv", "--without-pip", folder])
            pip = [sys.executable, "-m", "pip", "--python", os.path.join(folder, "bin", "python"), "install", "--quiet"]
            _run(name, [*pip, "--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", lock])
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


def _run(name: str, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise BinaryError(f"{name}: no end within {SECONDS} s") from None
    if done.returncode:
        raise BinaryError(f"{name} cannot be installed\n{done.stderr.strip()}")


if __name__ == "__main__":
    try:
        print(programs(*sys.argv[1:3]))
    except BinaryError as error:
        sys.exit(f"environments: {error}")
