"""A few fixed walks of releases on real servers: nothing is lost unsaid. scripts/check_keeps.py has the random ones."""

import asyncio
import os
import sys

import pytest

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "scripts")
pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def walk(load_module, renderer, nats_server, binaries, monkeypatch):
    """Run a walk: `walk("one region", "2.14.6", (3, 3), "us-east upgrade", …)`; its record."""
    monkeypatch.setattr(sys, "path", [SCRIPTS, *sys.path])
    module = load_module(os.path.join(SCRIPTS, "walks", "walk.py"))
    monkeypatch.setenv("NATSVALUES_TOOLS", binaries.tools())

    def run(start, version, sizes, *commands, versions=()):
        for wanted in (version, *versions):
            nats_server(wanted)
        plan = module.Plan("fixed", 0, start, module.Beginning(version, sizes, named=True), commands)
        return asyncio.run(module.walk(plan, renderer))

    return run


def words(record):
    """What became of each command that was asked about."""
    return [step["word"] for step in record["steps"] if step["word"] != "committed"]


def test_a_region_with_streams_becomes_a_supercluster_and_is_upgraded(walk):
    """The documented way from one region, then a rolling update, then a power failure."""
    record = walk(
        "one region",
        "2.12.8",
        (3, 1),
        "us-east edit stage=expose",
        "us-east upgrade",
        "eu-west edit stage=join version=2.12.8 replicas=1 names=yes",
        "us-east edit stage=join",
        "us-east upgrade",
        "eu-west upgrade",
        "us-east edit version=2.14.6",
        "us-east upgrade",
        "- kill",
        versions=("2.14.6",),
    )
    assert record["result"] == "kept", record
    assert set(words(record)) == {"done"}
    assert len(record["fates"]) >= 3


def test_independent_regions_join_and_one_is_rolled_back(walk):
    """A rollback out of the supercluster, and more servers."""
    record = walk("region scope", "2.15.1", (3, 3), "eu-west rollback 1", "us-east edit replicas=5", "us-east upgrade")
    assert record["result"] == "kept", record
    assert words(record)[-2:] == ["done", "done"]


def test_a_loss_that_was_announced_and_accepted_is_seen(walk):
    """The walk itself sees a loss: another store directory, although `--prior` refuses it."""
    record = walk("one region", "2.14.6", (3, 3), "us-east edit store=below", "us-east upgrade allow")
    assert record["result"] == "announced, lost", record
    assert record["steps"][-1]["errors"] == ("NV-P001",)
