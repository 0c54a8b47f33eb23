"""A rolling restart that states the default system account, with real servers: streams stay whole."""

from __future__ import annotations

import asyncio

import pytest

from natsvalues.manifests.release import Release
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan
from natsvalues.text.natsconf import read, symbolic

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow]


@pytest.mark.parametrize("servers", ["2.10.26", "2.11.10", "2.12.8", "2.14.6", "2.15.1"], indirect=True)
def test_a_stream_stays_whole(servers, real, example_regions, stand_in, tmp_path):
    """From stage local, where no system account is stated, to expose and back."""
    given = example_regions.changed(Release(stand_in.plain), {"conf": {"leafnodes": {"port": 7422}}})
    renderings = {}
    for stage in ("local", "expose"):
        overlays = example_regions.write_overlays({"us-east": {"overlay": {"stage": stage}}}, str(tmp_path / stage))
        renderings[stage] = render(Release(given.text()), plan(overlays, "us-east"))
    stated = ["system_account" in symbolic(read(rendering.nats.conf)) for rendering in renderings.values()]
    assert stated == [False, True]

    async def roll() -> None:
        local, expose = (rendering.release.text() for rendering in renderings.values())
        members = servers.start(local)
        assert await real.formed(servers, local, members)
        await real.fill(members[0], "KEPT", 3)
        for rendering in (expose, local):
            for member in members:
                servers.stop(member)
                servers.start(rendering)
                assert await real.formed(servers, rendering, members)
                assert await real.holds(member, "KEPT") == real.WHOLE

    asyncio.run(roll())
