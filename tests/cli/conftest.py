"""The overlays of one region, in which tests of this folder hide something; and those of the checkout."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = """\
kind: Supercluster
name: s
jetstream: {scope: supercluster}
loadBalancer: {provider: generic}
gateway: {authorization: {user: g, password: {secret: gate, key: k}}}
"""
REGION: dict[str, Any] = {
    "kind": "Region",
    "name": "us-east",
    "stage": "join",
    "joins": "seed",
    "gateway": {"host": "us.example.com"},
    "serverNames": {"prefix": ""},
}


@pytest.fixture
def overlays(tmp_path):
    """Return a function that writes the overlays of a region with these fields to `overlays`."""

    def write(**fields):
        (tmp_path / "overlays").mkdir(exist_ok=True)
        (tmp_path / "overlays" / "supercluster.yaml").write_text(SHARED)
        (tmp_path / "overlays" / "us-east.yaml").write_text(json.dumps({**REGION, **fields}))

    return write


@pytest.fixture
def home(tmp_path):
    """A repository: charts/overlays of the checkout, nothing else."""
    shutil.copytree(os.path.join(ROOT, "charts", "overlays"), tmp_path / "charts" / "overlays")
    return tmp_path
