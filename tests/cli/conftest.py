"""The overlays of one region, for every test of this folder that hides something in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
