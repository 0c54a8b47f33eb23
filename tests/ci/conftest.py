"""What the tests of the integrations share: a repository of a user, with a chart, values and overlays."""

from __future__ import annotations

import os
import shutil

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def root() -> str:
    """Folder of the checkout."""
    return ROOT


@pytest.fixture
def repository(tmp_path, nats_chart):
    """Chart, values for each region, and the overlays of the checkout; `charts/nats` is our own small chart."""
    home = tmp_path / "repository"
    shutil.copytree(os.path.join(ROOT, "charts", "overlays"), home / "charts" / "overlays")
    shutil.copytree(nats_chart, home / "charts" / "nats")
    (home / "values").mkdir()
    for region in ("us-east", "eu-west", "ap-south"):
        text = (
            "config: {cluster: {enabled: true}, jetstream: {enabled: true}}\n"
            "podTemplate: {topologySpreadConstraints: {topology.kubernetes.io/zone: {maxSkew: 1}}}\n"
        )
        (home / "values" / f"{region}.yaml").write_text(text, encoding="utf-8")
    return home


@pytest.fixture
def code_blocks():
    """Give the blocks of a language in docs/ci.md: `code_blocks("yaml")`."""
    import re

    with open(os.path.join(ROOT, "docs", "ci.md"), encoding="utf-8") as file:
        text = file.read()
    return lambda language: re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
