"""The parts of a walked plan that need no servers: system logins, init containers' effects, answers."""

import json

import pytest

from natsvalues.manifests.release import Release
from natsvalues.outside.loopback import Answer
from natsvalues.rehearsal.login import ANYONE, user_of
from natsvalues.rehearsal.plan_ledger import PlanLedger
from natsvalues.rehearsal.plan_seen import region_seen, server_seen
from natsvalues.rehearsal.plan_stage import SYSTEM, partition_of, with_servers, with_system_login
from natsvalues.rehearsal.reading import read_rendering
from natsvalues.rehearsal.world import World
from natsvalues.text.natsconf import read, symbolic


@pytest.fixture(scope="session")
def plain(renderer):
    """Return the chart's rendering with these settings."""
    return lambda *settings: renderer.template("2.14.6", *settings)


@pytest.mark.helm
@pytest.mark.parametrize(
    ("settings", "account"),
    [
        ((), "$SYS"),
        (("config.merge.system_account=SYS", "config.merge.accounts.SYS.jetstream=disabled"), "SYS"),
    ],
)
def test_a_login_is_added_to_the_system_account(plain, settings, account):
    """Everything else stays, and so does who may log in without a password."""
    rendering = read_rendering(plain(*settings), "us-east.yaml")
    edited = with_system_login(rendering)
    conf = symbolic(read(edited.files["nats.conf"]))
    assert conf["system_account"] == account
    assert conf["accounts"][account]["users"] == [{"user": SYSTEM.user, "password": SYSTEM.password}]
    assert conf["cluster"] == symbolic(read(rendering.files["nats.conf"]))["cluster"]
    assert user_of(edited, {}).login == ANYONE


@pytest.mark.helm
@pytest.mark.parametrize(("enabled", "in_memory", "many"), [(False, True, 0), (True, True, 1), (True, False, 0)])
def test_a_region_gets_a_stream_in_memory_where_there_is_any(plain, tmp_path, enabled, in_memory, many):
    """The chart's default has none: servers accept such a stream, and /healthz stays 503."""
    text = plain(f"config.jetstream.memoryStore.enabled={str(enabled).lower()}")
    world = World(("us-east",), str(tmp_path), 1, 20)
    world.renderings = {"us-east": read_rendering(text, "us-east.yaml")}

    names = [kind.name for kind in PlanLedger(world, in_memory=in_memory).kinds("us-east")]

    assert len(names) == 6 + many
    assert names.count("PLAN_{}_MEMORY") == many


@pytest.mark.helm
def test_replicas_change_and_nothing_else(plain):
    """As `kubectl scale` does it."""
    text = plain()
    changed = with_servers(Release(text, "us-east.yaml"), 2).text()
    differing = [(old, new) for old, new in zip(text.splitlines(), changed.splitlines(), strict=True) if old != new]
    assert [(old.strip(), new.strip()) for old, new in differing] == [("replicas: 3", "replicas: 2")]
    assert partition_of(read_rendering(changed, "us-east.yaml")) == 0


def _answers(name, js):
    links = {"outbound_gateways": {"eu-west": {"connection": {}}, "ap-south": {"connection": {"cid": 1}}}}
    bodies = ({"status": "ok"}, {"server_id": "N", "server_name": name}, links, js)
    return [Answer(200, json.dumps(body)) for body in bodies]


def test_what_servers_answer_is_what_checks_see():
    """Names, gateways with a connection, and the meta group as its leader lists it."""
    leader = {"leader": "a", "cluster_size": 2, "replicas": [{"name": "b", "current": True}]}
    answers = [
        server_seen("us-east/nats-0", _answers("a", {"meta_cluster": leader, "streams": 0})),
        server_seen("us-east/nats-1", _answers("b", {"meta_cluster": {"leader": "a", "cluster_size": 2}})),
    ]
    seen = region_seen("us-east", answers, "us-east", reached=True)
    assert [server.name for server in seen.servers] == ["a", "b"]
    assert seen.servers[0].outbound == ("ap-south",)
    assert (seen.stores.leader, seen.stores.sizes, seen.stores.peers) == ("a", {2}, {"a", "b"})


def test_something_else_that_answers_has_no_stores():
    """Another program on that port is no server without streams."""
    answers = [server_seen("us-east/nats-0", [Answer(200, "hello")] * 4)]
    assert region_seen("us-east", answers, "us-east", reached=None).stores is None
