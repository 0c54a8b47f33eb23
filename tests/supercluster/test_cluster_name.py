"""A new `cluster.name` for a region that has streams, on real servers: they stay, and what they then need."""

from __future__ import annotations

import asyncio
import re
import time

import pytest

from natsvalues.diff.changes import About
from natsvalues.diff.impact import judge
from natsvalues.diff.releases import Comparison
from natsvalues.diff.sides import Side
from natsvalues.manifests.release import Release
from natsvalues.supercluster.region_state import Decision

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow, pytest.mark.timeout(300)]
CLUSTER = "config.jetstream.enabled=true,config.cluster.enabled=true"
NO_PEERS, MOVING = 10005, 10124


@pytest.fixture
def rendered(run, helm3, nats_chart):
    """Return a function that renders the chart with a name for the cluster."""
    return lambda name: (
        run(helm3, "template", "nats", nats_chart, "--set", f"{CLUSTER},config.cluster.merge.name={name}").stdout
    )


def impact_of(before, after):
    """The impact of the change of `cluster.name`, as `diff` reports it."""
    comparison = Comparison(Side(About("old"), Release(before)), Side(About("new"), Release(after)))
    objects, _ = judge(comparison, Decision())
    return [change.impact for item in objects for change in item.changes if change.path == ("cluster", "name")]


@pytest.mark.parametrize("servers", ["2.12.8", "2.15.1"], indirect=True)
def test_streams_stay_and_grow_once_they_are_placed(real, servers, rendered):
    """Restarted one by one. The first one alone has no leader, which a probe that waits for one never gets over."""
    before, after = rendered("nats"), rendered("us-east")

    async def walk():
        members = servers.start(before)
        assert await real.formed(servers, before, members)
        await real.fill(members[0], "THREE", 3)
        await real.fill(members[0], "ONE")
        for number, member in enumerate(members):
            servers.stop(member)
            servers.start(after)
            assert await real.until(lambda at=member: real.meta_size(at) > 0)
            if number == 0:
                await asyncio.sleep(4)
                assert [real.status(item) for item in members] == [503, 200, 200]
        assert await real.until(lambda: all(real.status(item) == 200 for item in members))
        for name in ("THREE", "ONE"):
            assert await real.holds(members[0], name) == real.WHOLE

        config = (await real.api(members[0], "STREAM.INFO.ONE"))["config"]
        refused = await real.api(members[0], "STREAM.UPDATE.ONE", {**config, "num_replicas": 3})
        assert refused["error"]["err_code"] == NO_PEERS
        placed = {**config, "placement": {"cluster": "us-east"}}
        assert "error" not in await real.api(members[0], "STREAM.UPDATE.ONE", placed)
        assert await real.holds(members[0], "ONE") == real.WHOLE
        end = time.monotonic() + real.SECONDS
        while "error" in (grown := await real.api(members[0], "STREAM.UPDATE.ONE", {**placed, "num_replicas": 3})):
            assert grown["error"]["err_code"] in (NO_PEERS, MOVING), grown  # on 2.12.8 either, until it has moved
            assert time.monotonic() < end, grown
            await asyncio.sleep(0.5)
        assert await real.until(lambda: all("ONE" in servers.streams_on_disk(item) for item in members))

    asyncio.run(walk())
    rolled = re.sub(r"/healthz(?!\?)", "/healthz?js-server-only=true", after)
    waiting = after.replace("failureThreshold: 90", "failureThreshold: 91")
    assert waiting != after
    assert [impact.level for impact in impact_of(before, rolled)] == ["restart"]
    assert [(impact.level, impact.id) for impact in impact_of(before, waiting)] == [("outage", "DI006")]
