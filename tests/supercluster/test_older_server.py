"""An older server on the store of a newer one: what `diff` says of it (DI316) is what real servers do."""

from __future__ import annotations

import asyncio

import pytest

pytestmark = [pytest.mark.nats, pytest.mark.helm, pytest.mark.slow, pytest.mark.timeout(240)]
OFFLINE = 10194
"""The API's error code of a stream that is offline."""


@pytest.mark.parametrize(
    ("newer", "older", "is_offline"),
    [("2.14.6", "2.11.10", True), ("2.14.6", "2.10.26", False), ("2.15.1", "2.14.6", False)],
)
def test_a_stream_with_a_newer_feature_waits_for_the_newer_server(
    real, run, helm3, nats_chart, nats_server, tmp_path, newer, older, is_offline
):
    """A stream of default features stays whole on the older one, and both are whole when the newer one is back."""
    alone = run(helm3, "template", "nats", nats_chart, "--set", "config.jetstream.enabled=true").stdout
    servers = real.Servers(nats_server(newer), str(tmp_path))

    async def started(version):
        servers.stop()
        servers.program = nats_server(version)
        (address,) = servers.start(alone)
        assert await real.until(lambda: real.status(address) == 200)
        return address

    async def walk():
        address = await started(newer)
        await real.fill(address, "PLAIN")
        await real.fill(address, "ATOMIC")
        config = (await real.api(address, "STREAM.INFO.ATOMIC"))["config"] | {"allow_atomic": True}
        assert "error" not in await real.api(address, "STREAM.UPDATE.ATOMIC", config)

        address = await started(older)
        assert await real.holds(address, "PLAIN") == real.WHOLE
        atomic = await real.api(address, "STREAM.INFO.ATOMIC")
        assert atomic.get("error", {}).get("err_code") == (OFFLINE if is_offline else None)

        address = await started(newer)
        for name in ("PLAIN", "ATOMIC"):
            assert await real.holds(address, name) == real.WHOLE

    try:
        asyncio.run(walk())
    finally:
        servers.end()
