"""Which regions boot from other renderings, so that a warm-up has a meta leader soon."""

import asyncio

import pytest

from natsvalues.rehearsal import loopback_stage
from natsvalues.rehearsal.booting import booting
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.run import Order, rehearse
from natsvalues.rehearsal.stage import Step

pytestmark = pytest.mark.helm
TWO = ("us-east", "eu-west")


@pytest.fixture
def ours(cases, renderer, tmp_path):
    """The post-rendered regions: `ours("region", "2.14.2")`."""

    def make(scope, version):
        cases.write_overlays(str(tmp_path), TWO, scope)
        texts = cases.ours(renderer, version, str(tmp_path))
        return {region: read_rendering(texts[region], region) for region in TWO}

    return make


@pytest.mark.parametrize(
    ("scope", "version", "expected"),
    [
        ("supercluster", "2.14.2", {"us-east"}),
        ("supercluster", "2.11.10", set()),
        ("region", "2.14.2", set(TWO)),
        ("region", "2.11.10", set(TWO)),
    ],
)
def test_whoever_boots_first_has_no_remotes_and_accepts_the_others(ours, scope, version, expected):
    """One of a shared meta group, unless its servers elect before all vote; every one with a group of its own."""
    renderings = ours(scope, version)
    boot = booting(renderings)

    assert set(boot) == expected
    for region, item in boot.items():
        rendered = renderings[region]
        assert (item.state.remotes, bool(rendered.state.remotes)) == ((), True)
        assert item.state.rejects_unknown == (scope == "region")
        (name,) = (name for name, text in rendered.files.items() if item.files[name] != text)
        assert "gateways" in rendered.files[name]
        assert "gateways" not in item.files[name]


@pytest.mark.nats
@pytest.mark.slow
@pytest.mark.timeout(200)
def test_who_does_not_boot_in_the_quick_way_boots_in_the_slow_one(ours, tools, monkeypatch):
    """With empty stores again: here nobody has the time for the quick one."""
    monkeypatch.setenv("NATSVALUES_TOOLS", tools["NATSVALUES_TOOLS"])
    monkeypatch.setattr(loopback_stage, "_BOOT", 0.1)

    outcome = asyncio.run(rehearse(Order("cold-restart", (Step("", ours("supercluster", "2.14.2")),))))

    assert (outcome.word, list(outcome.times)) == ("converged", ["warm-up", "cold restart of all regions"])
    assert [fate.fate for fate in outcome.streams] == ["kept", "kept"]
    assert "to warm up, load balancers send to all pods, whatever the manifests say" in outcome.notes
