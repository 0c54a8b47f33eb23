"""What the tests of lint share: renderings of every chart there is, and the examples made of them."""

from __future__ import annotations

import os

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
CLUSTERED = "config.cluster.enabled=true,config.jetstream.enabled=true"
STORED = ("nats-1.2.11", "nats-1.3.16", "nats-2.14.2", "nats-2.14.2-helm4")


@pytest.fixture(scope="session")
def examples(load_module):
    """Return the module that makes what an example describes."""
    return load_module(os.path.join(HERE, "examples.py"))


def text_of(*parts) -> str:
    """A file's text."""
    with open(os.path.join(*parts), encoding="utf-8", newline="") as file:
        return file.read()


@pytest.fixture(scope="session")
def stand_in(examples, binaries, nats_chart):
    """Renderings of the chart in tests/charts, by real helm."""
    import subprocess

    def template(settings):
        command = [binaries.fetch("helm3"), "template", "nats", nats_chart, "--set", settings]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    return examples.Renderings(template(CLUSTERED), template(f"{CLUSTERED},config.gateway.enabled=true"))


@pytest.fixture(scope="session", params=STORED)
def stored(request, examples, rendered):
    """Stored renderings of the upstream chart, one version at a time."""
    folder = os.path.join(rendered, request.param)
    return examples.Renderings(text_of(folder, "ha.yaml"), text_of(folder, "gateway.yaml"))
