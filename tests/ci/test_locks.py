"""scripts/locks: whatever pyproject.toml asks for is there, in a version that it allows, and with a hash."""

from __future__ import annotations

import os
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir)
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;]+)", re.MULTILINE)
GROUPS = {"run.txt": ("build",), "dev.txt": ("build", "rehearse", "dev")}


def locked(name):
    """The text of a lock."""
    with open(os.path.join(ROOT, "scripts", "locks", name), encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("name", GROUPS)
def test_a_lock_has_what_is_asked_for(name):
    """After a change of pyproject.toml `scripts/lock` writes them again."""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)["project"]
    wanted = [*project["dependencies"]]
    wanted += [item for group in GROUPS[name] for item in project["optional-dependencies"][group]]
    versions = {canonicalize_name(found[1]): found[2] for found in ENTRY.finditer(locked(name))}

    for requirement in map(Requirement, wanted):
        if requirement.name != project["name"]:
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


@pytest.mark.parametrize("name", GROUPS)
def test_every_entry_has_a_hash_and_no_entry_a_place(name):
    """With these pip refuses a file with another hash, whoever serves it."""
    text = locked(name)
    entries = re.split(r"\n(?=\S)", text.strip())

    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_both_locks_have_the_same_versions():
    """What the tests ran with is what the action installs."""
    run, dev = (dict(ENTRY.findall(locked(name))) for name in ("run.txt", "dev.txt"))

    assert run.items() <= dev.items()
