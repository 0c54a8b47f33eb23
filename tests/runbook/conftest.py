"""A supercluster in memory that does what the steps of a plan do."""

from __future__ import annotations

import functools
import os
import subprocess

import pytest


@pytest.fixture(scope="session")
def template(helm3, nats_chart):
    """Return a function that renders the chart with some settings."""

    @functools.cache
    def rendered(*settings):
        words = [word for setting in settings for word in ("--set", setting)]
        command = [helm3, "template", "nats", nats_chart, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    return rendered


@pytest.fixture
def world(template, tmp_path, load_module):
    """Return a supercluster of which nothing is installed yet."""
    module = load_module(os.path.join(os.path.dirname(os.path.abspath(__file__)), "world.py"))
    return module.World(tmp_path / "world", template)
