"""Plans for a region whose volumes are all gone: what starts, what is restored, what is lost, what is refused."""

from __future__ import annotations

import pytest

from natsvalues.overlays.model import Move
from natsvalues.runbook.checking import Seen, answer
from natsvalues.runbook.step import Act, Check
from natsvalues.runbook.stores import Stored, Stores

pytestmark = pytest.mark.helm
ORDERS = Stored("$G", "ORDERS", 3, "file", "", 100, is_whole=True, last="100", consumers=1)
BILLS = ORDERS._replace(name="BILLS", replicas=1)
OTHERS = ORDERS._replace(name="OTHERS")
CLUSTER = (
    "config.jetstream.enabled=true",
    "config.cluster.enabled=true",
    "config.cluster.replicas=3",
    "container.image.tag=2.14.6-alpine",
)
REGION = """\
kind: Region
name: NAME
stage: join
servers: 3
gateway: {host: gw.NAME.example}
loadBalancer: {provider: generic}
serverNames: {prefix: NAME-}
MORE
"""


def start(world, names, *, scope="supercluster"):
    """Regions that have joined, the first one the seed, with two streams that are backed up; its overlay files."""
    files = {"supercluster": f"kind: Supercluster\nname: demo\njetstream: {{scope: {scope}}}\n"}
    for number, name in enumerate(names):
        more = f"joins: {'empty' if number else 'seed'}" if scope == "supercluster" else f"systemAccount: SYS-{name}"
        files[name] = REGION.replace("NAME", name).replace("MORE", more)
    for name, text in files.items():
        world.write(name, text)
    for name in names:
        world.installed(name, *CLUSTER, overlay=files, streams=(ORDERS, BILLS) if name == "a" else (OTHERS,))
        world.settings[name] = CLUSTER
    world.leader = "b-nats-0"
    world.do_backup(Act("backup", "a"))
    return files


def acts(plan):
    """The acts of each step of a plan, which is not refused."""
    assert plan.refused == ()
    return [f"{step.id}: {'+'.join(act.kind for act in step.acts)}" for step in plan.steps]


def follow(world):
    """Make every step, and compare what is left after each with what was planned."""
    plan = world.plan()
    while plan.steps:
        rest = [(item.way, item.region, item.title) for item in plan.steps[1:]]
        world.do(plan.steps[0])
        plan = world.plan()
        assert not plan.refused
        assert [(item.way, item.region, item.title) for item in plan.steps] == rest


@pytest.mark.parametrize(
    ("names", "scope", "release", "steps"),
    [
        ("ab", "supercluster", False, ["a/rebuild: wipe", "a/rebuild-2: delete+restore"]),
        ("abc", "supercluster", False, ["a/rebuild: wipe", "a/rebuild-2: delete+restore"]),
        ("abc", "supercluster", True, ["a/rebuild: upgrade", "a/rebuild-2: delete+restore"]),
        ("ab", "region", False, ["a/rebuild: upgrade+wipe", "a/rebuild-2: delete+restore", "a/join: upgrade"]),
        ("ab", "region", True, ["a/rebuild: upgrade", "a/rebuild-2: delete+restore", "a/join: upgrade"]),
    ],
)
def test_the_region_starts_with_empty_stores_and_is_restored(world, names, scope, release, steps):
    """A region with its own meta group starts without remotes; with the release gone it is installed again."""
    start(world, names, scope=scope)
    assert world.plan().steps == ()
    world.loses("a", release=release)
    assert acts(world.plan()) == steps
    moves = world.plan().steps[0].moves["a"]
    assert moves == (Move(stage="expose") if scope == "region" else None)
    follow(world)
    assert world.plan().steps == ()
    assert [(item.name, item.messages) for item in world.stores["a"]] == [("BILLS", 100), ("ORDERS", 100)]
    assert "move" not in world.text("a")


def test_a_seed_that_no_other_region_waits_for_starts_alone(world):
    """Everything is gone: as from nothing, but with what its backups have."""
    start(world, "ab")
    del world.revisions["b"]
    world.loses("a", release=True)
    assert acts(world.plan()) == [
        "a/rebuild: upgrade",
        "a/rebuild-2: delete+restore",
        "a/expose: upgrade",
        "b/install: upgrade",
        "a/join: upgrade",
        "b/join: upgrade",
    ]
    assert world.plan().steps[0].moves["a"] == Move(stage="local")
    follow(world)


def test_what_is_lost_is_said_before_the_step(world):
    """With and without a backup; and that nothing works until the region is back, where it is half of the servers."""
    start(world, "ab")
    world.loses("a")
    (first, _) = world.plan().steps
    assert "LOST is what streams in a had, but for what is in its backup (BILLS, ORDERS)" in first.effect
    assert "no stream is created, changed or listed in any region" in first.effect
    assert "streams in b stay as they are" in first.effect
    assert [item.kind for item in first.before] == ["version", "backed-up"]  # nobody is healthy without a leader
    world.backups += "-elsewhere"
    (first,) = world.plan().steps
    assert "backup (there is none)" in first.effect
    world.do(first)
    assert world.plan().steps == ()


def test_with_a_majority_the_others_are_healthy_before(world):
    """Three regions, one of which is gone."""
    start(world, "abc")
    world.loses("a")
    first, second = world.plan().steps
    assert {(item.kind, item.region) for item in first.before} >= {("healthy", "b"), ("whole", "c")}
    assert "no stream is created" not in first.effect
    assert Check("group", "a", ("9",)) in first.after
    assert Check("empty", "a", ("BILLS", "ORDERS")) in second.before


def test_what_was_restored_and_is_used_is_not_restored_again(world):
    """A work queue may be empty by now: the number of its last message says that it was restored."""
    start(world, "ab")
    world.loses("a")
    for step in world.plan().steps:
        world.do(step)
    world.stores["a"] = tuple(item._replace(messages=0, last="100") for item in world.stores["a"])
    assert world.plan().steps == ()


def test_a_seed_without_a_release_does_not_start_alone(world):
    """It would elect a meta leader, and erase what the others have."""
    start(world, "ab")
    del world.revisions["a"]
    plan = world.plan()
    assert plan.steps == ()
    assert "starts alone erases the others' streams" in plan.refused[0].reason
    assert "--lost a" in plan.refused[0].remedy


def test_names_and_versions_do_not_change_with_it(world):
    """The old names would be peers that are missing; one thing at a time."""
    files = start(world, "ab")
    world.loses("a")
    world.write("a", files["a"].replace("prefix: a-", "prefix: new-"))
    assert [item.way for item in world.plan().refused] == ["rebuild"]
    assert "serverNames.prefix" in world.plan().refused[0].remedy
    world.write("a", files["a"])
    world.runs("2.15.1")
    assert any("`rebuild` is to be done, too" in item.reason for item in world.plan().refused)


def test_a_region_that_has_its_streams_lost_nothing(world):
    """A server whose volume alone is gone needs no plan."""
    start(world, "ab")
    world.lost["a"] = True
    world.offline = ("a-nats-2",)
    plan = world.plan()
    assert plan.steps == ()
    assert "its servers have messages: ORDERS, BILLS" in plan.refused[0].reason
    assert "leave --lost out" in plan.refused[0].remedy


def test_messages_since_are_not_deleted():
    """A stream that is there again, empty, may have got messages from clients."""
    check = Check("empty", "a", ("$G/ORDERS",))
    streams = (ORDERS._replace(messages=2), OTHERS)
    assert answer(check, Seen(stores=Stores(streams)), "") == (False, "ORDERS has 2")
    assert answer(check, Seen(stores=Stores(streams[1:])), "") == (True, "no message")
