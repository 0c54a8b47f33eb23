"""Ask for known vulnerabilities of all that scripts/locks names: `python scripts/audit.py` prints one line.

pip-audit asks the package registry about each package. The exit code is 1 only if one has a known vulnerability: a
registry that does not answer, as a mirror may not, is reported and fails nothing. Programs in Go are not covered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "locks")
LOCKS = [os.path.join(FOLDER, name) for name in ("dev.txt", "clouds.txt", "site.txt")]  # run.txt is a part of dev.txt
SECONDS = 30


def ask() -> list[dict[str, Any]]:
    """What pip-audit says of each package. Raises OSError if it says nothing."""
    # One lock after the other: pip-audit refuses a package that two of them have in different versions.
    packages = {(item["name"], item.get("version")): item for lock in LOCKS for item in _of_lock(lock)}
    return list(packages.values())


def _of_lock(lock: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
    try:
        done = subprocess.run(
            [*command, "--format=json", "--progress-spinner=off", "--timeout=10"],
            capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise OSError(f"no answer within {SECONDS} s") from None
    try:
        return list(json.loads(done.stdout)["dependencies"])
    except ValueError:
        raise OSError((done.stderr.strip().splitlines() or ["no reason given"])[-1]) from None


def summary(packages: list[dict[str, Any]]) -> tuple[list[str], int]:
    """The lines to print, and the exit code."""
    faults = [
        f"audit: {item['name']} {item['version']}: {fault['id']}, fixed in "
        f"{', '.join(fault['fix_versions']) or 'no version'}; scripts/lock takes newer versions"
        for item in packages
        for fault in item.get("vulns", ())
    ]
    if faults:
        return faults, 1
    unanswered = [item["skip_reason"] for item in packages if "skip_reason" in item]
    checked = f"{len(packages) - len(unanswered)} of {len(packages)} packages"
    if len(unanswered) == len(packages):
        return [f"audit: nothing was checked: {next(iter(unanswered), 'the lock is empty')}"], 0
    return [f"audit: no known vulnerability in {checked}" + (f"; {unanswered[0]}" if unanswered else "")], 0


def main() -> int:
    """Print the summary."""
    try:
        lines, code = summary(ask())
    except OSError as error:
        lines, code = [f"audit: nothing was checked: {error}"], 0
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
