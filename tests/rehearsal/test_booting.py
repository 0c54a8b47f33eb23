"""Which regions boot from other renderings, so that a warm-up has a meta leader soon."""

import pytest

from natsvalues.rehearsal.booting import booting
from natsvalues.rehearsal.reading import read_rendering

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
