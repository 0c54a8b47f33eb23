"""moto's server with load balancers in it, and the real `aws` on PATH."""

from __future__ import annotations

import os

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def cloud_tools(load_module):
    """Folder of `aws` and `moto_server`."""
    return load_module(os.path.join(os.path.dirname(TESTS), "scripts", "cloud_tools.py")).fetch()


@pytest.fixture
def aws_on_path(cloud_tools, monkeypatch, tmp_path):
    """The real `aws`, without anything of the caller's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("PATH", cloud_tools, prepend=os.pathsep)
    return monkeypatch


@pytest.fixture
def moto(aws_on_path, cloud_tools, tmp_path, until, load_module):
    """Give what makes load balancers in moto's server; `aws` asks that server while the test runs."""
    with load_module(os.path.join(TESTS, "moto.py")).serving(cloud_tools, str(tmp_path), until) as (variables, make):
        for name, text in variables.items():
            aws_on_path.setenv(name, text)
        yield make
