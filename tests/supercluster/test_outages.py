"""Which failure of one region, or of one server, leaves JetStream without a leader: as judged, and on real servers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

import nats
import nats.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.supercluster.meta_groups import MetaGroup, groups_of, outage

ASKED = os.environ.get("NATSVALUES_OUTAGE_VERSIONS", "").split()
"""Versions to run every case on, half a minute each; without any, the three cases that matter, on one version."""
VERSIONS = ASKED or ["2.14.6"]
FAILURES = [((3, 3), 1), ((3, 3, 1), 1), ((2,), 1)]
MORE_FAILURES = [((1, 1), 2), ((2, 1), 1), ((2, 1), 2), ((1, 1, 1), 3), ((3,), 1)]
CLUSTER = "config.jetstream.enabled=true,config.cluster.enabled=true"
GATEWAY = "config.gateway.enabled=true,config.cluster.merge.name=nats,config.gateway.merge.name=nats"
UNAVAILABLE = 10008
COUNTS = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def group(*counts: int | None) -> MetaGroup:
    """Regions `region-1`, `region-2` … of so many servers."""
    return MetaGroup("$SYS", tuple(f"region-{number}" for number in range(1, len(counts) + 1)), counts)


@given(COUNTS)
def test_what_is_left_without_a_region_is_no_majority(counts):
    """Of several regions these and no others; of one region its servers count, and only two of them are too few."""
    total = sum(counts)
    found = outage(group(*counts))
    if len(counts) == 1:
        assert (found is not None) == (total == 2)
        return
    needed = [f"region-{number}" for number, count in enumerate(counts, 1) if total - count < total // 2 + 1]
    assert list(found.regions if found is not None else ()) == needed


@given(COUNTS.filter(lambda counts: len(counts) > 1))
def test_what_the_remedy_names_is_enough_and_one_less_is_not(counts):
    """With so many more servers in a third region, or in the smallest of the others, any one region may fail."""
    found = outage(group(*counts))
    if found is None:
        return
    word = found.remedy.split()[1]
    more = 1 if word == "one" else int(word)
    for added, is_enough in ((more, True), (more - 1, False)):
        grown = sorted(counts)
        if len(counts) == 2:
            grown += [added] if added else []
        else:
            grown[0] += added
        assert (outage(group(*grown)) is None) == is_enough, grown


def test_the_sentences():
    """As lint, topology and explain print them."""
    said = {counts: outage(group(*counts)) for counts in ((2,), (3, 3), (1, 1), (3, 1), (5, 1, 1))}
    apart = "in scope `region` each region has a leader of its own"
    none = "fails, JetStream has no leader in any region:"

    assert {counts: (found.message, found.remedy) for counts, found in said.items()} == {
        (2,): (
            "if one of the two servers of `region-1` fails, JetStream has no leader: 1 of 2 servers is no majority",
            "with three servers one may fail",
        ),
        (3, 3): (
            f"if `region-1` or `region-2` {none} 3 of 6 servers are no majority",
            f"with one more JetStream server in a third region any one region may fail; {apart}",
        ),
        (1, 1): (
            f"if `region-1` or `region-2` {none} 1 of 2 servers is no majority",
            f"with one more JetStream server in a third region any one region may fail; {apart}",
        ),
        (3, 1): (
            f"if `region-1` {none} 1 of 4 servers is no majority",
            f"with 3 more JetStream servers in a third region any one region may fail; {apart}",
        ),
        (5, 1, 1): (
            f"if `region-1` {none} 2 of 7 servers are no majority",
            f"with 4 more JetStream servers in the other regions any one region may fail; {apart}",
        ),
    }


@pytest.mark.parametrize(
    "counts", [(), (0,), (1,), (3,), (4,), (3, None, 3), (None,), (0, 0), (3, 3, 1), (3, 3, 3), (1, 1, 1)]
)
def test_what_tolerates_a_failure_or_is_not_known_is_not_reported(counts):
    """Nor regions that others may be connected to."""
    assert outage(group(*counts)) is None
    assert outage(MetaGroup("$SYS", ("a", "b"), (3, 3, None))) is None


def test_of_two_regions_one_is_needed_whatever_their_numbers():
    """Where an overlay does not state `servers`."""
    found = outage(group(3, None))

    assert found is not None
    assert found.regions == ("region-1", "region-2")
    assert found.message.startswith("if `region-1` or `region-2`, whichever has more servers (either, if they have as ")
    assert found.message.endswith(
        "fails, JetStream has no leader in any region: the servers that remain are no majority"
    )
    assert found.remedy.startswith("with enough JetStream servers in a third region any one region may fail;")


# --- on real servers ----------------------------------------------------------------------------------------


@pytest.fixture
def rendered(run, helm3, nats_chart):
    """Return a function that renders a region of so many servers, with a gateway or without."""

    def template(count, *, gateway):
        settings = f"{CLUSTER},config.cluster.replicas={count}" + (f",{GATEWAY}" if gateway else "")
        return run(helm3, "template", "nats", nats_chart, "--set", settings, check=True).stdout

    return template


def others(number, counts) -> tuple[int, ...]:
    """The regions that a region dials: all but itself."""
    return tuple(other for other in range(1, len(counts) + 1) if other != number)


async def joined(real, servers, rendered, counts) -> dict[int, list[str]]:
    """The addresses of regions of so many servers, when all are members: the first one starts alone before."""
    numbers = range(1, len(counts) + 1)
    renderings = {number: rendered(counts[number - 1], gateway=len(counts) > 1) for number in numbers}
    if len(counts) > 1 and counts[0] > 1:
        first = servers.start(renderings[1])
        assert await real.until(lambda: all(real.status(address) == 200 for address in first))
        servers.stop()

    def start():
        return {number: servers.start(renderings[number], number, others(number, counts)) for number in numbers}

    def is_whole():
        everyone = [address for addresses in regions.values() for address in addresses]
        sizes = {real.meta_size(address) for address in everyone}
        return sizes == {sum(counts)} and all(real.status(address) == 200 for address in everyone)

    regions = start()
    if not await real.until(is_whole, 30):  # 2.10.26: some servers count all of them only after a restart
        servers.stop()
        start()
        assert await real.until(is_whole)
    return regions


async def creates(real, address, seconds) -> bool:
    """Whether the API creates a stream all that time; false as soon as it says that JetStream is unavailable."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        request = {"name": f"NEW-{number}", "subjects": [f"new.{number}"], "num_replicas": 1}
        with contextlib.suppress(nats.errors.TimeoutError):
            answer = await real.api(address, f"STREAM.CREATE.NEW-{number}", request)
            if answer.get("error", {}).get("err_code") == UNAVAILABLE:
                return False
        await asyncio.sleep(1)
    return True


async def stored(address, stream) -> bool:
    """Whether a stream takes one more message."""
    connection = await nats.connect(f"nats://{address}:4222", allow_reconnect=False)
    try:
        return b'"seq"' in (await connection.request(stream, b"message", timeout=10)).data
    except (nats.errors.NoRespondersError, nats.errors.TimeoutError):  # its leader does not know yet that it is alone
        return False
    finally:
        await connection.close()


@pytest.mark.nats
@pytest.mark.helm
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("servers", VERSIONS, indirect=True)
@pytest.mark.parametrize(("counts", "failing"), [*FAILURES, *(MORE_FAILURES if ASKED else [])], ids=str)
def test_without_a_majority_nothing_can_be_created_until_the_others_return(real, servers, rendered, counts, failing):
    """A region fails, or one server of a region that is alone; what is left says what was judged before."""
    found = outage(group(*counts))
    stops = found is not None and f"region-{failing}" in found.regions

    async def walk():
        regions = await joined(real, servers, rendered, counts)
        stream = f"S{failing % len(counts) + 1}"  # in the region after the one that fails
        home = regions[failing % len(counts) + 1]
        await real.fill(home[0], stream, replicas=min(len(home), 3))
        failed = regions[failing] if len(counts) > 1 else home[-1:]
        left = next(address for address in home if address not in failed)
        servers.stop(*failed)
        assert await creates(real, left, 40) != stops
        assert await real.until(lambda: real.status(left) == (503 if stops else 200), 20)
        assert await stored(left, stream) == (counts != (2,))
        if stops:
            again = rendered(counts[failing - 1], gateway=len(counts) > 1)
            servers.start(again, failing, others(failing, counts))
            assert await real.until(lambda: real.status(left) == 200)
            assert await real.until(lambda: bool(real.leader_of(left)))

    asyncio.run(walk())


@pytest.mark.helm
def test_rendered_regions_are_counted_with_their_servers(real, rendered):
    """Both of a region's servers, from its StatefulSet."""
    (two,) = groups_of([real.state_of(rendered(2, gateway=False))])

    assert (two.counts, outage(two) is not None) == ((2,), True)
