"""Stored releases that decompress without end, or have more documents than Helm ever sends."""

from __future__ import annotations

import base64
import gzip
import json
import time

import pytest
import yaml

from natsvalues.manifests.stored import MOST_BYTES, MOST_DOCUMENTS

DOCUMENT = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
BOMBS = {"bytes": " " * (MOST_BYTES + 1), "documents": DOCUMENT * (MOST_DOCUMENTS + 2)}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_release_without_end_is_refused_in_little_time(bomb, here, refused):
    """A file of some hundred KB took a GB of memory, and minutes."""
    release = {"name": "nats", "version": 1, "manifest": BOMBS[bomb]}
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode(), 1))).decode()
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1"}
    secret["metadata"] = {"name": "sh.helm.release.v1.nats.v1"}
    (here / "stored.yaml").write_text(yaml.safe_dump({**secret, "data": {"release": packed}}), encoding="utf-8")
    begun = time.monotonic()

    said = refused("NV-F014", "diff", "stored.yaml", "input.yaml", cwd=here)

    assert " --> stored.yaml:" in said
    assert bomb in said or "MiB" in said
    assert time.monotonic() - begun < 20
