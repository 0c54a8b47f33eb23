"""Real servers on loopback, for every test of this folder that keeps messages in them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="module")
def real(load_module):
    """Return the module that runs servers."""
    return load_module(os.path.join(os.path.dirname(os.path.abspath(__file__)), "servers_on_loopback.py"))


@pytest.fixture
def servers(real, nats_server, tmp_path, request):
    """The servers of one version; every one of them is stopped and reaped, whatever happens."""
    running = real.Servers(nats_server(request.param), str(tmp_path))
    yield running
    running.end()
