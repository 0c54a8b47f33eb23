"""What a change does to the next cold start, and to streams when regions join: on the release of our chart."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.helm

CONF = "ConfigMap/nats-config nats.conf:"
SERVER = "StatefulSet/nats spec.template.spec.containers[name=nats]."


def test_joining_with_state_is_a_loss_unless_the_overlays_say_otherwise(objects, tell):
    """JetStream ran without remotes, and gets some: lost in the shared case, safe for the seed and in scope region."""
    alone = objects.copy()
    alone.conf(("remove", "gateway.gateways", None))
    place = CONF + "gateway.gateways"

    objects.restart()
    assert tell(alone, objects).impact(place).level == "data-loss"
    assert tell(alone, objects, "supercluster", "empty").impact(place).level == "data-loss"
    assert tell(alone, objects, "supercluster", "seed").impact(place).level == "restart"
    assert tell(alone, objects, "region").impact(place).level == "restart"
    for side in (alone, objects):
        side.conf(("add", "accounts", {"SYS-A": {}}), ("add", "system_account", "SYS-A"))
    assert tell(alone, objects).impact(place).level == "restart"


def test_an_empty_region_joins_without_loss(objects, tell):
    """JetStream that comes together with the remotes never ran alone."""
    before = objects.copy()
    before.conf(("remove", "gateway.gateways", None), ("remove", "jetstream", None))

    assert "data-loss" not in tell(before, objects).levels.values()


def test_a_probe_that_waits_is_a_deadlock_only_where_nothing_else_ends_it(objects, tell):
    """Either cure ends the deadlock: a Service that sends to pods that are not ready, or a probe without a leader."""
    waits = objects.copy()
    waits.container["startupProbe"]["httpGet"]["path"] = "/healthz"
    place = SERVER + "startupProbe.httpGet.path"

    assert tell(objects, waits).impact(place).level == "restart"
    for side in (objects, waits):
        side["Service", "nats-gateway"]["spec"].pop("publishNotReadyAddresses")
    judged = tell(objects, waits).impact(place)
    assert judged.level == "deadlock"
    assert "startup probe `/healthz` waits for a meta leader, Service `nats-gateway` sends only" in judged.reason
    assert tell(objects, waits, "region").impact(place).level == "restart"
    assert tell(waits, waits).notes[0].message.startswith("`nats`, as before: a cold start would hang")


def test_a_deadlock_behind_something_worse_is_reported_all_the_same(objects, tell):
    """The change that brings the deadlock loses data, too: that is its impact, and a note reports the deadlock."""
    objects.container["startupProbe"]["httpGet"]["path"] = "/healthz"
    objects["Service", "nats-gateway"]["spec"].pop("publishNotReadyAddresses")
    alone = objects.copy()
    alone.conf(("remove", "gateway.gateways", None))

    judged = tell(alone, objects)
    assert judged.impact(CONF + "gateway.gateways").level == "data-loss"
    assert [(note.level, note.message[:32]) for note in judged.notes if note.id != "DI016"] == [
        ("deadlock", "a cold start would hang: the sta")
    ]


def test_the_service_that_ended_the_deadlock_goes(objects, tell):
    """A waiting probe was harmless as long as the gateway's Service sent to pods that are not ready."""
    objects.container["startupProbe"]["httpGet"]["path"] = "/healthz"
    shut = objects.copy()
    shut["Service", "nats-gateway"]["spec"]["publishNotReadyAddresses"] = False
    gone = objects.copy()
    gone.values.pop(("Service", "nats-gateway"))

    assert tell(objects, shut).impact("Service/nats-gateway spec.publishNotReadyAddresses").level == "deadlock"
    assert tell(objects, gone).impact("Service/nats-gateway").level == "deadlock"


def test_an_older_server_makes_a_probe_wait(objects, tell):
    """`js-server-only` needs no leader from 2.11 on: with 2.10 the same path is a deadlock."""
    objects["Service", "nats-gateway"]["spec"].pop("publishNotReadyAddresses")
    old = objects.copy()
    old.container["image"] = "nats:2.10.26"

    assert tell(objects, old).impact(SERVER + "image").level == "deadlock"
