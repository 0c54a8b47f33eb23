"""A stream that moves between regions of real servers: its new region's servers alone are members of its group."""

import os
import sys

import pytest

from natsvalues.manifests.server import parse_version

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "scripts")


@pytest.mark.nats
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("version", ["2.12.8", "2.15.1"])
def test_a_stream_moved_as_a_plan_moves_it_can_do_without_a_server(version, nats_server, load_module, monkeypatch):
    """With one replica on the way where servers keep old members: without that 2.12.8 acknowledges nothing."""
    monkeypatch.setattr(sys, "path", [SCRIPTS, *sys.path])
    module = load_module(os.path.join(SCRIPTS, "moved_streams.py"))
    is_lowered = parse_version(version).keeps_old_members
    result = module.run(nats_server(version), is_lowered=is_lowered)
    assert is_lowered == (version == "2.12.8")
    assert result.sizes == (3, 3, 3)
    assert result.acknowledged > 0
    assert result.lost == 0
