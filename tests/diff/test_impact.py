"""Messages that depend on the case, and what examples cannot show; every impact by itself is in test_examples.py."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.helm

CONF = "ConfigMap/nats-config nats.conf:"
SET = "StatefulSet/nats "
SERVER = SET + "spec.template.spec.containers[name=nats]."


def _set(objects):
    return objects["StatefulSet", "nats"]["spec"]


def _gateway(objects):
    return objects["Service", "nats-gateway"]


def _clients(objects):
    return objects["Service", "nats"]


def _env(objects, name, value):
    next(item for item in objects.container["env"] if item["name"] == name)["value"] = value


# What is changed in the new release, where the change stands, its level, and a part of the reason.
CASES = {
    "restart: resources": (
        lambda new: new.container.update(resources={"limits": {"memory": "8Gi"}}),
        SERVER + "resources.limits", "restart", "nats-2, nats-1, nats-0 restart, one after another; 2 of 3",
    ),
    "restart: a setting, with pods that roll anyway": (
        lambda new: (new.restart(), new.conf(("add", "max_subscriptions", 5))),
        CONF + "max_subscriptions", "restart", "2 of 3 servers stay",
    ),
    "restart: another image": (
        lambda new: new.container.update(image="nats:2.14.6-alpine"),
        SERVER + "image", "restart", "JetStream keeps its quorum",
    ),
    "restart: of a region that leaves its meta group, whose quorum is not that of its own servers": (
        lambda new: (new.container.update(resources={"limits": {"memory": "8Gi"}}),
                     new.conf(("remove", "gateway.gateways", None))),
        SERVER + "resources.limits", "restart", "nats-2, nats-1, nats-0 restart, one after another; clients reconnect",
    ),
    "exposure: a wider range": (
        lambda new: _gateway(new)["spec"]["loadBalancerSourceRanges"].append("0.0.0.0/0"),
        "Service/nats-gateway spec.loadBalancerSourceRanges[2]", "exposure", "0.0.0.0/0",
    ),
    "outage: another port for the others to dial": (
        lambda new: _gateway(new)["spec"]["ports"][0].update(port=7333),
        "Service/nats-gateway spec.ports[name=gateway].port", "outage", "other regions connect to the old one",
    ),
    "outage: JetStream is turned off inside its block": (
        lambda new: new.conf(("add", "jetstream.enabled", False)),
        CONF + "jetstream.enabled", "outage", "JetStream is turned off",
    ),
    "outage: fewer servers": (
        lambda new: _set(new).update(replicas=1),
        SET + "spec.replicas", "outage", "1 of 3 are no majority",
    ),
    "outage: the servers go": (
        lambda new: new.values.pop(("StatefulSet", "nats")),
        "StatefulSet/nats", "outage", "all its pods stop; the volume claims stay",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_message_says_what_happens_here(case, objects, tell):
    """The level, and a part of the reason."""
    change, place, level, reason = CASES[case]
    assert case.startswith(level)
    new = objects.copy()
    change(new)

    impact = tell(objects, new).impact(place)
    assert (impact.level, reason in impact.reason) == (level, True), impact


def test_protection_that_is_removed_is_an_exposure(objects, tell):
    """Passwords and TLS that go let in whoever reaches the port."""
    objects.conf(
        ("add", "authorization", {"token": "a"}), ("add", "leafnodes", {"port": 7422, "tls": {"verify": True}})
    )
    new = objects.copy()
    new.conf(("remove", "authorization", None), ("remove", "leafnodes.tls", None))
    new.restart()

    judged = tell(objects, new)
    assert "whoever reaches the port" in judged.impact(CONF + "authorization").reason
    assert "for leafnodes, connections are no longer encrypted" in judged.impact(CONF + "leafnodes.tls").reason
    assert {judged.levels[CONF + "authorization"], judged.levels[CONF + "leafnodes.tls"]} == {"exposure"}


def test_a_setting_that_would_reload_fails_with_one_that_does_not(objects, tell):
    """A reload is all or nothing: the reason names the setting that spoils it."""
    new = objects.copy()
    new.conf(("add", "max_payload", 2000000), ("add", "max_subscriptions", 5))

    judged = tell(objects, new).impact(CONF + "max_payload")
    assert judged.level == "not-applied"
    assert "max_subscriptions" in judged.reason


def test_without_a_reloader_nothing_is_taken_over(objects, tell):
    """Neither a reloader nor a roll: the file changes, and the servers do not look."""
    _set(objects)["template"]["spec"]["containers"].pop()
    new = objects.copy()
    new.conf(("add", "max_payload", 2000000))

    assert tell(objects, new).impact(CONF + "max_payload").level == "not-applied"
    mounted = objects.copy()
    mounted.container["volumeMounts"][0] = {
        "name": "config", "mountPath": "/etc/nats-config/nats.conf", "subPath": "nats.conf",
    }  # fmt: skip
    changed = mounted.copy()
    changed.conf(("add", "max_payload", 2000000))
    assert "subPath" in tell(mounted, changed).impact(CONF + "max_payload").reason


def test_a_single_server_has_no_quorum_while_it_restarts(objects, tell):
    """Of one or two servers none may be missing."""
    for replicas, lost in ((1, "the only server"), (2, "1 of 2 servers")):
        _set(objects)["replicas"] = replicas
        new = objects.copy()
        new.restart()
        reason = tell(objects, new).impact(SET + "spec.template.metadata.annotations.rolled").reason
        assert f"while {lost} is down JetStream has no quorum" in reason


def test_a_renamed_statefulset_leaves_its_streams_behind(objects, tell):
    """Other pod names are other server names and other claims; the diff sees one object, not two."""
    new = objects.copy()
    renamed = new.values.pop(("StatefulSet", "nats"))
    renamed["metadata"]["name"] = "bus"
    new["StatefulSet", "bus"] = renamed

    judged = tell(objects, new)
    assert judged.levels["StatefulSet/bus"] == "identity"
    assert "StatefulSet/nats" not in judged.levels


def test_a_forgotten_post_renderer_is_reported(objects, plain, tell):
    """The stamps are gone, the gateway's load balancer goes: the headline of such an upgrade."""
    judged = tell(objects, plain)

    assert (
        judged.notes[0].message
        == "the old release was rendered by natsvalues, and the new one was not: its edits are removed"
    )
    assert judged.levels["Service/nats-gateway"] == "outage"


def test_labels_and_stamps_are_derived(objects, tell):
    """They follow from other changes, and say from what; their impact stays what it is."""
    new = objects.copy()
    for item in new.values.values():
        item["metadata"]["labels"]["helm.sh/chart"] = "nats-9"
    new["StatefulSet", "nats"]["metadata"]["annotations"]["natsvalues.io/version"] = "9"
    _set(new)["template"]["metadata"]["labels"]["helm.sh/chart"] = "nats-9"

    changes = [(change, item) for item in tell(objects, new).diff.objects for change in item.changes]
    assert {change.derived for change, _ in changes} == {"chart version", "stamp of natsvalues"}
    assert {change.impact.level for change, _ in changes} == {"none", "restart"}
