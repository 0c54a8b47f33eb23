"""The configurations of `scripts/configurations`, for every test of the table."""

from __future__ import annotations

import os

import pytest

SAMPLES = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "scripts", "configurations", "samples.py")


@pytest.fixture(scope="session")
def samples(load_module):
    """The module that makes a configuration for each key."""
    return load_module(SAMPLES)
