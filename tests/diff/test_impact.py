"""Each class of impact, on the release of our chart: one change, and what it is told to do."""

from __future__ import annotations

import pytest

from natsvalues.diff.changes import LEVELS

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
    "none: a label": (
        lambda new: new["Service", "nats"]["metadata"]["labels"].update(team="a"),
        "Service/nats metadata.labels.team", "none", "",
    ),
    "none: more replicas": (
        lambda new: _set(new).update(replicas=5),
        SET + "spec.replicas", "none", "2 more servers start",
    ),
    "reload: max_payload": (
        lambda new: new.conf(("add", "max_payload", 2000000)),
        CONF + "max_payload", "reload", "reload",
    ),
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
    "restart: nats-box": (
        lambda new: new["Deployment", "nats-box"]["spec"]["template"]["spec"].update(hostNetwork=True),
        "Deployment/nats-box spec.template.spec.hostNetwork", "restart", "pods of Deployment `nats-box`",
    ),
    "not-applied: a setting that no reload takes": (
        lambda new: new.conf(("add", "max_subscriptions", 5)),
        CONF + "max_subscriptions", "not-applied", "",
    ),
    "not-applied: the roll is left to somebody": (
        lambda new: (new.restart(), _set(new).update(updateStrategy={"type": "OnDelete"})),
        SET + "spec.template.metadata.annotations.rolled", "not-applied", "OnDelete",
    ),
    "not-applied: a partition holds the pods": (
        lambda new: (new.restart(), _set(new).update(updateStrategy={"rollingUpdate": {"partition": 3}})),
        SET + "spec.template.metadata.annotations.rolled", "not-applied", "partition 3",
    ),
    "exposure: clients' Service becomes a load balancer": (
        lambda new: _clients(new)["spec"].update(type="LoadBalancer"),
        "Service/nats spec.type", "exposure", "reachable from outside",
    ),
    "exposure: one more port on the load balancer": (
        lambda new: _gateway(new)["spec"]["ports"].append({"name": "monitor", "port": 8222, "targetPort": "monitor"}),
        "Service/nats-gateway spec.ports[name=monitor]", "exposure", "port monitor becomes reachable",
    ),
    "exposure: everybody let in": (
        lambda new: _gateway(new)["spec"].pop("loadBalancerSourceRanges"),
        "Service/nats-gateway spec.loadBalancerSourceRanges", "exposure", "accepts more addresses: every address",
    ),
    "exposure: a wider range": (
        lambda new: _gateway(new)["spec"]["loadBalancerSourceRanges"].append("0.0.0.0/0"),
        "Service/nats-gateway spec.loadBalancerSourceRanges[2]", "exposure", "0.0.0.0/0",
    ),
    "outage: a narrower range": (
        lambda new: _gateway(new)["spec"]["loadBalancerSourceRanges"].pop(),
        "Service/nats-gateway spec.loadBalancerSourceRanges[1]", "outage", "no longer accepts",
    ),
    "outage: the load balancer becomes internal": (
        lambda new: _gateway(new)["metadata"]["annotations"].update(
            {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
        ),
        'Service/nats-gateway metadata.annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"]',
        "outage", "no longer reachable from outside the network",
    ),
    "outage: another port for the others to dial": (
        lambda new: _gateway(new)["spec"]["ports"][0].update(port=7333),
        "Service/nats-gateway spec.ports[name=gateway].port", "outage", "other regions connect to the old one",
    ),
    "outage: the load balancer goes": (
        lambda new: (new.values.pop(("Service", "nats-gateway")), new.container["startupProbe"]),
        "Service/nats-gateway", "outage", "the load balancer is deleted",
    ),
    "outage: the DNS name moves": (
        lambda new: _gateway(new)["metadata"]["annotations"].update(
            {"external-dns.kubernetes.io/hostname": "other.example.com"}
        ),
        'Service/nats-gateway metadata.annotations["external-dns.kubernetes.io/hostname"]', "outage", "DNS name moves",
    ),
    "outage: not-ready servers for clients": (
        lambda new: _clients(new)["spec"].update(publishNotReadyAddresses=True),
        "Service/nats spec.publishNotReadyAddresses", "outage", "not ready",
    ),
    "outage: fewer servers": (
        lambda new: _set(new).update(replicas=1),
        SET + "spec.replicas", "outage", "1 of 3 are no majority",
    ),
    "outage: JetStream off": (
        lambda new: new.conf(("remove", "jetstream", None)),
        CONF + "jetstream", "outage", "JetStream is turned off",
    ),
    "outage: the region leaves": (
        lambda new: new.conf(("remove", "gateway.gateways", None)),
        CONF + "gateway.gateways", "outage", "the region leaves",
    ),
    "outage: the servers go": (
        lambda new: new.values.pop(("StatefulSet", "nats")),
        "StatefulSet/nats", "outage", "all its pods stop; the volume claims stay",
    ),
    "outage: TLS between gateways": (
        lambda new: (new.restart(), new.conf(("add", "gateway.tls", {"cert_file": "a", "key_file": "b"}))),
        CONF + "gateway.tls", "outage", "no link in either direction",
    ),
    "outage: a password between gateways": (
        lambda new: (new.restart(), new.conf(("add", "gateway.authorization", {"user": "a", "password": "b"}))),
        CONF + "gateway.authorization", "outage", "links to this region are one-way",
    ),
    "refused: the class of the load balancer": (
        lambda new: _gateway(new)["spec"].update(loadBalancerClass="service.k8s.aws/other"),
        "Service/nats-gateway spec.loadBalancerClass", "refused", "loadBalancerClass cannot change",
    ),
    "refused: the StatefulSet's service": (
        lambda new: _set(new).update(serviceName="other"),
        SET + "spec.serviceName", "refused", "cannot change",
    ),
    "refused: a larger claim": (
        lambda new: _set(new)["volumeClaimTemplates"][0]["spec"]["resources"]["requests"].update(storage="20Gi"),
        SET + "spec.volumeClaimTemplates[metadata.name=nats-js].spec.resources.requests.storage",
        "refused", "cannot change",
    ),
    "identity: the servers' names": (
        lambda new: _env(new, "SERVER_NAME", "us-east-$(POD_NAME)"),
        SERVER + "env[name=SERVER_NAME].value", "identity", "`nats-0` becomes `us-east-nats-0`",
    ),
    "identity: the system account": (
        lambda new: new.conf(("add", "accounts", {"SYS-A": {}}), ("add", "system_account", "SYS-A")),
        CONF + "system_account", "identity", "from `$SYS` to `SYS-A`",
    ),
    "identity: the cluster's name": (
        lambda new: new.conf(("replace", "cluster.name", "eu"), ("replace", "gateway.name", "eu")),
        CONF + "cluster.name", "identity", "the cluster's name becomes `eu`",
    ),
    "identity: the gateway's name": (
        lambda new: new.conf(("replace", "cluster.name", "eu"), ("replace", "gateway.name", "eu")),
        CONF + "gateway.name", "identity", "Wrong Gateway",
    ),
    "data-loss: another store directory": (
        lambda new: new.conf(("replace", "jetstream.store_dir", "/other")),
        CONF + "jetstream.store_dir", "data-loss", "empty JetStream",
    ),
    "data-loss: a smaller store": (
        lambda new: new.conf(("replace", "jetstream.max_file_store", 5)),
        CONF + "jetstream.max_file_store", "data-loss", "gets smaller",
    ),
    "data-loss: the claim goes": (
        lambda new: _set(new).pop("volumeClaimTemplates"),
        SET + "spec.volumeClaimTemplates", "data-loss", "claim that holds JetStream is removed",
    ),
    "data-loss: the store is not mounted": (
        lambda new: new.container["volumeMounts"].pop(),
        SERVER + "volumeMounts[mountPath=/data]", "data-loss", "no longer mounted",
    ),
    "data-loss: fewer servers whose claims go": (
        lambda new: _set(new).update(replicas=2, persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"}),
        SET + "spec.replicas", "data-loss", "deleted with them",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_told_what_it_does(case, objects, tell):
    """The level, the reason, and a remedy wherever it hurts."""
    change, place, level, reason = CASES[case]
    assert case.startswith(level)
    old = objects.copy()
    if place.startswith("Service/nats-gateway spec.loadBalancerClass"):
        old["Service", "nats-gateway"]["spec"].setdefault("loadBalancerClass", "service.k8s.aws/nlb")
    new = old.copy()
    change(new)

    impact = tell(old, new).impact(place)
    assert (impact.level, reason in impact.reason) == (level, True), impact
    if LEVELS.index(level) > LEVELS.index("exposure"):
        assert impact.remedy or level == "outage", impact


def test_a_door_left_open_is_an_exposure(objects, tell):
    """Passwords and TLS that go let in whoever reaches the port."""
    objects.conf(
        ("add", "authorization", {"token": "a"}), ("add", "leafnodes", {"port": 7422, "tls": {"verify": True}})
    )
    new = objects.copy()
    new.conf(("remove", "authorization", None), ("remove", "leafnodes.tls", None))
    new.restart()

    told = tell(objects, new)
    assert "whoever reaches the port" in told.impact(CONF + "authorization").reason
    assert "for leafnodes, connections are no longer encrypted" in told.impact(CONF + "leafnodes.tls").reason
    assert {told.levels[CONF + "authorization"], told.levels[CONF + "leafnodes.tls"]} == {"exposure"}


def test_a_setting_that_would_reload_fails_with_one_that_does_not(objects, tell):
    """A reload is all or nothing: the reason names the setting that spoils it."""
    new = objects.copy()
    new.conf(("add", "max_payload", 2000000), ("add", "max_subscriptions", 5))

    told = tell(objects, new).impact(CONF + "max_payload")
    assert told.level == "not-applied"
    assert "max_subscriptions" in told.reason


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

    told = tell(objects, new)
    assert told.levels["StatefulSet/bus"] == "identity"
    assert "StatefulSet/nats" not in told.levels


def test_a_forgotten_post_renderer_is_told(objects, plain, tell):
    """The stamps are gone, the gateway's load balancer goes: the headline of such an upgrade."""
    told = tell(objects, plain)

    assert (
        told.notes[0].message
        == "the old release was rendered by natsvalues, and the new one was not: its edits are removed"
    )
    assert told.levels["Service/nats-gateway"] == "outage"


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
