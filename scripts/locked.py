"""What scripts/locks has, and which of it a package needs."""

from __future__ import annotations

import os
import re
from importlib import metadata
from typing import NamedTuple

from binaries import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = os.path.join(ROOT, "scripts", "locks")
OWN = "natsvalues"
_ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;]+).*\n((?:\s+--hash=sha256:[0-9a-f]{64}.*\n)+)", re.MULTILINE)


class Locked(NamedTuple):
    """One package of a lock; `hashes` are the SHA-256 of its files."""

    name: str
    version: str
    hashes: tuple[str, ...]


def locked(name: str) -> dict[str, Locked]:
    """The packages of scripts/locks/NAME by their normalized names."""
    with open(os.path.join(LOCKS, name), encoding="utf-8") as file:
        entries = _ENTRY.findall(file.read())
    return {
        canonicalize_name(package): Locked(package, version, tuple(re.findall(r"sha256:(\w+)", hashes)))
        for package, version, hashes in entries
    }


def needed(package: str, extra: str = "") -> set[str]:
    """The installed packages that a package needs directly here, of its extra those that only the extra adds."""
    try:
        requirements = map(Requirement, metadata.requires(package) or ())
    except metadata.PackageNotFoundError:
        return set()
    return {
        canonicalize_name(item.name)
        for item in requirements
        if item.marker is None or item.marker.evaluate({"extra": extra})
    }


def closure(packages: set[str]) -> set[str]:
    """These packages and everything that they need."""
    known: set[str] = set()
    while packages:
        known |= packages
        packages = {name for package in packages for name in needed(package)} - known
    return known
