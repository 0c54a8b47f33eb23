"""Real charts' renderings, stored where a clone has them, installed through natsvalues on a real API server."""

from __future__ import annotations

import os
import re

import pytest
import yaml

pytestmark = [pytest.mark.helm, pytest.mark.slow]

CASES = ("default", "full", "gateway", "gateway-handmade", "gateway-tls", "ha")
FOLDERS = {
    "nats-1.2.11": CASES,
    "nats-1.3.16": CASES,
    "nats-2.14.2": CASES,
    "umbrella": ("one", "two"),
}
REGIONS = ("us-east", "eu-west", "ap-south")
STAGES = ("local", "expose", "join")


@pytest.fixture
def replayed(foreign_kinds, install, namespace, overlays, rendered, replay_chart, tmp_path):
    """Install a stored rendering: `replayed(major, "nats-2.14.2", "full", "us-east", "join")`."""
    assert "PodMonitor" in foreign_kinds

    def call(major, release, case, region, stage):
        with open(os.path.join(rendered, release, f"{case}.yaml"), encoding="utf-8") as file:
            text = re.sub(r"(?m)^  namespace: \S+$", f"  namespace: {namespace}", file.read())
        (tmp_path / "rendering.yaml").write_text(text)
        changes = {name: {"nats": {"name": "plat-bus"}} for name in REGIONS} if case == "two" else None
        chart = replay_chart(tmp_path / "rendering.yaml")
        install(major, "nats", chart=chart, values="", region=region, overlays=overlays(stage, changes))

    return call


@pytest.mark.parametrize("major", [3, 4], ids=["helm3", "helm4"])
@pytest.mark.parametrize("release", FOLDERS)
def test_every_stored_rendering_goes_from_stage_to_stage(helm, major, namespace, release, replayed):
    """Each in some region: installed, upgraded to the next stage, and what is live is what Helm has stored."""
    for number, case in enumerate(FOLDERS[release], start=major + list(FOLDERS).index(release)):
        region, stage = REGIONS[number % 3], number // 3 % 2
        region = "eu-west" if case == "gateway-handmade" else region  # its server names have that prefix
        for at in (stage, stage + 1):
            replayed(major, release, case, region, STAGES[at])
        stored = list(yaml.safe_load_all(helm(major, "get", "manifest", "nats").stdout))
        assert any("natsvalues.io/region" in item["metadata"].get("annotations", {}) for item in stored)
        for item in stored:
            if item["kind"] == "PodMonitor":
                continue
            live = namespace.get(item["kind"], item["metadata"]["name"])
            assert stated(item, live), (case, item["kind"], item["metadata"]["name"])
        helm(major, "uninstall", "nats")
        assert namespace.versions() == {}, case


def stated(wanted, found):
    """Whether all that a manifest states is so in the live object."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            stated(item, found.get(key))
            for key, item in wanted.items()
            if key not in ("creationTimestamp", "stringData")
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(wanted) == len(found) and all(map(stated, wanted, found))
    return wanted is None or wanted == found or str(wanted) == str(found)
