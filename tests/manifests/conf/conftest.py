"""The configurations of `scripts/configurations`, for every test of the table."""

from __future__ import annotations

import os
import sys

import pytest

SCRIPTS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "scripts")


@pytest.fixture(scope="session")
def samples():
    """The module that makes a configuration for each key."""
    sys.path.insert(0, SCRIPTS)
    try:
        from configurations import samples
    finally:
        sys.path.remove(SCRIPTS)
    return samples
