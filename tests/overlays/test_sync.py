"""`jetstream.sync`: real servers of every version do what the overlays say, and the pods restart for it."""

from __future__ import annotations

import os

import pytest

from natsvalues.manifests.settings import DEFAULT_SYNC, sync_interval
from natsvalues.manifests.stamps import RESTART_DIGEST

pytestmark = pytest.mark.helm
VERSIONS = ("2.10.26", "2.11.4", "2.11.10", "2.12.8", "2.14.2", "2.14.6", "2.15.1")
SECOND = 10**9


@pytest.mark.nats
@pytest.mark.parametrize("version", VERSIONS)
def test_servers_write_when_the_overlays_say(version, world):
    """As /varz shows it; where they say nothing, every two minutes."""
    shown = {}
    for given in (None, "1m30s", "always"):
        result = world.rendered(world.given(), supercluster={"jetstream": {"scope": "supercluster", "sync": given}})
        config = world.shown(result.nats, version)["jetstream"]["config"]
        shown[given] = (config["sync_interval"] // SECOND, config.get("sync_always", False))

    assert shown == {None: (120, False), "1m30s": (90, False), "always": (120, True)}
    assert DEFAULT_SYNC == "2m"


@pytest.mark.nats
@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_the_word_in_capitals_is_the_same_word(version, world):
    """As a rendering may have it: lint and diff say nothing else of it than the server does."""
    result = world.rendered(world.given(conf={"jetstream": {"sync": "Always"}}))

    assert world.shown(result.nats, version)["jetstream"]["config"]["sync_always"] is True
    assert sync_interval(world.conf_of(result)) == "always"


def test_pods_restart_for_it(world):
    """No reload applies it (docs/reload.md), in either spelling."""

    def digest(conf, sync=None):
        jetstream = {"scope": "supercluster", "sync": sync}
        result = world.rendered(world.given(conf={"jetstream": conf}), supercluster={"jetstream": jetstream})
        return result.nats.statefulset.value["spec"]["template"]["metadata"]["annotations"][RESTART_DIGEST]

    digests = [digest({}), digest({}, "10s"), digest({}, "always"), digest({"sync": "1m"}), digest({"sync": "5m"})]

    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("wrong", ["never", "Always", "0s", "10", 10, "1.5s", "-1s", "10 s", ""])
def test_any_other_text_is_an_error_with_its_place(wrong, world):
    """The line, the field, and what it may be."""
    error = world.refused(world.given(), "us-east", "supercluster", (), sync=wrong)

    assert error.code == "NV-O001"
    assert os.path.basename(error.where[0].file) == "us-east.yaml"
    assert error.where[0].field == "sync"
