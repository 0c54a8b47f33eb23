"""The commands of a plan: each one ends when what it does is done, so that the next one may follow at once."""

from __future__ import annotations

import pytest

from natsvalues.doctor.rules import RULES
from natsvalues.runbook.commands import EXPLAINED, Target, act_commands, check_command
from natsvalues.runbook.step import Act, Check

EAST = Target("us-east", "gw.us-east.example:7222", context="prod", namespace="nats", values=("values.yaml",))
UPGRADE = (
    "helm upgrade --install nats nats/nats -f values.yaml --post-renderer natsvalues "
    "--post-renderer-args=--region=us-east --kube-context=prod --namespace=nats"
)
ROLLED_OUT = "kubectl --context=prod --namespace=nats rollout status statefulset/nats --timeout=15m"
STOPPED = "kubectl --context=prod --namespace=nats wait --for=delete pod/nats-4 --timeout=5m"
REMOVE = "nats --context us-east-sys server raft peer-remove us-east-nats-4 -f"
REMOVED = f"for i in 1 2 3 4 5 6; do {REMOVE} && break; sleep 5; done"  # the stopped server may have led the meta group


def commands(*acts, target=EAST):
    """The commands of some acts."""
    return [command for act in acts for command in act_commands(act, target)]


def test_an_upgrade_ends_with_its_rollout():
    """Helm returns at once; then the next region's upgrade would begin while this one's pods are replaced."""
    assert commands(Act("upgrade", "us-east")) == [UPGRADE, ROLLED_OUT]


@pytest.mark.parametrize("kind", ["upgrade", "scale"])
def test_a_peer_is_removed_when_its_server_has_stopped(kind):
    """One that still runs comes back as a peer."""
    left_out = commands(Act(kind, "us-east", ("4",)), Act("remove-peer", "us-east", ("us-east-nats-4",)))
    assert [line for line in left_out if line != ROLLED_OUT][1:] == [STOPPED, REMOVED]
    assert "replicas=4" in left_out[0]


def test_stores_are_empty_when_the_pods_are_back():
    """The last command waits."""
    assert commands(Act("wipe", "us-east"))[-1] == ROLLED_OUT


def test_a_check_asks_the_pods_that_are_there():
    """On real clusters a check after a server was stopped asked for its pod, and could not end well."""
    command = check_command(Check("healthy", "us-east"), EAST)
    kubectl = "kubectl --context=prod --namespace=nats get"
    assert command.startswith(f"for p in $({kubectl} pods -l {EAST.labels} -o name); do {kubectl} --raw ")
    assert command.endswith('"/api/v1/namespaces/nats/pods/${p#pod/}:8222/proxy/healthz"; done')


def test_helm_gets_the_overlays_that_were_named():
    """Else natsvalues would render with those of the directory in which helm is called, or with none."""
    [upgrade, _] = commands(Act("upgrade", "us-east"), target=EAST._replace(overlays="else where"))
    assert "--post-renderer-args=--region=us-east '--post-renderer-args=--overlays=else where'" in upgrade


def test_streams_that_are_not_known_are_those_of_the_region():
    """Regions that share JetStream list each other's streams: no command touches those that stay."""
    lowered, moved, raised = (
        Act("raise", "c", (), "1"),
        Act("place", "c", (), "a"),
        Act("raise", "a", (), "3"),
    )
    commands = [act_commands(act, Target(act.region, "gw.example:7222"))[0] for act in (lowered, moved, raised)]
    of_bucket, of_other = "nats --context {0} kv edit ${{s#KV_}} {2}", "nats --context {0} stream edit $s {2} -f"
    each = f"case $s in KV_*) {of_bucket};; *) {of_other};; esac"
    loop = f"for s in $(nats --context {{0}} stream find {{1}} -n); do {each}; done"
    assert commands == [
        loop.format("c", "--cluster '^c$'", "--replicas 1"),
        loop.format("c", "--cluster '^c$'", "--cluster a"),
        loop.format("a", "--replicas 1", "--replicas 3"),
    ]


def test_the_stream_of_a_bucket_is_edited_as_a_bucket():
    """Of such a stream the CLI asks for a confirmation, also with `-f` (natscli 0.5.0 on real clusters)."""
    target = Target("c", "gw.example:7222")
    streams = ("$G/KV_settings", "OTHER/KV_more", "ORDERS")
    assert act_commands(Act("place", "c", streams, "a"), target) == [
        "nats --context c kv edit settings --cluster a",
        "nats --context c kv edit more --cluster a    # account OTHER",
        "nats --context c stream edit ORDERS --cluster a -f",
    ]
    assert act_commands(Act("raise", "c", streams[:1], "3"), target) == [
        "nats --context c kv edit settings --replicas 3"
    ]
    assert act_commands(Act("delete", "c", streams[:1]), target) == ["nats --context c kv del settings -f"]
    assert "stream backup" in act_commands(Act("backup", "c", streams[:1]), target)[0]


def test_what_explains_a_check_are_rules_of_doctor():
    """Their names."""
    known = {rule.id for rule in RULES}
    assert {rule for rules in EXPLAINED.values() for rule in rules} <= known
