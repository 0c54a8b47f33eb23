"""What the fault tests share: overlays and a rendering to spoil, and what every fault must end in."""

from __future__ import annotations

import os
import shutil

import pytest

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden", "stage-join-empty")


@pytest.fixture
def here(tmp_path):
    """Return a folder with `overlays` and `input.yaml`, which the test may spoil."""
    shutil.copytree(os.path.join(GOLDEN, "overlays"), tmp_path / "overlays")
    shutil.copy(os.path.join(GOLDEN, "input.yaml"), tmp_path / "input.yaml")
    return tmp_path


@pytest.fixture(scope="session")
def rendering():
    """Return the text of the rendering."""
    with open(os.path.join(GOLDEN, "input.yaml"), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def refused(run):
    """Run a command that must be refused with a code, in our own words, and return what it says."""

    def call(code, *words, **how):
        done = run("natsvalues", *words, timeout=30, **how)
        assert done.returncode == 1, done.stderr
        assert done.stdout == ""
        assert done.stderr.startswith(f"error[{code}]: "), done.stderr
        assert "Traceback" not in done.stderr
        assert "\nhelp: " in done.stderr
        return done.stderr

    return call
