"""Plans from many starting points: their steps, and that each can be followed, broken off and gone on with anywhere."""

from __future__ import annotations

import os

import pytest

from natsvalues.cli.plan_edits import write_moves
from natsvalues.overlays.folder import load
from natsvalues.runbook.planning import runbook
from natsvalues.runbook.step import Act
from natsvalues.runbook.stores import Stored

pytestmark = pytest.mark.helm
ORDERS = Stored("$G", "ORDERS", 3, "file", "", 100, is_whole=True, last="100")
SINGLE = ORDERS._replace(name="SINGLE", replicas=1)
HELD = ORDERS._replace(name="HELD", storage="memory")
JETSTREAM = ("config.jetstream.enabled=true", "container.image.tag=2.14.2-alpine")
CLUSTER = (*JETSTREAM, "config.cluster.enabled=true")
GATEWAYS = (*CLUSTER, "config.gateway.enabled=true", "config.gateway.merge.name=a", "config.cluster.merge.name=a")
SEED, EMPTY = "joins: seed\nserverNames: {prefix: ''}", "joins: empty\nserverNames: {prefix: NAME-}"
SCOPED = "kind: Supercluster\nname: demo\njetstream: {scope: SCOPE}\n"
FILE = """\
kind: Region
name: NAME
stage: STAGE
gateway: {host: gw.NAME.example}
loadBalancer: {provider: generic}
MORE
"""


def empty(name):
    """The lines of a region that joins as empty."""
    return EMPTY.replace("NAME", name)


def own(account, prefix):
    """The lines of a region with its own JetStream."""
    return f"systemAccount: {account}\nserverNames: {{prefix: '{prefix}'}}"


def before(scope, **regions):
    """Overlays as they were: for each region its stage and more lines."""
    files = {"supercluster": SCOPED.replace("SCOPE", scope)}
    for name, (stage, more) in regions.items():
        files[name] = FILE.replace("NAME", name).replace("STAGE", stage).replace("MORE", more)
    return files


def nothing_yet(world):
    """Three regions, none of which is installed."""
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, empty("b")), c=("join", 3, empty("c")))


def nothing_yet_apart(world):
    """Two regions with their own JetStream, none installed."""
    world.wants("region", a=("join", 3, own("SYS-a", "a-")), b=("join", 3, own("SYS-b", "b-")))


def one_with_streams(world):
    """One region full of streams, and a new one."""
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, empty("b")))
    world.installed("a", streams=(ORDERS, SINGLE, HELD))


def two_and_a_third(world):
    """Two that have joined, and a new one."""
    joined = before("supercluster", a=("join", SEED), b=("join", empty("b")))
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, empty("b")), c=("join", 3, empty("c")))
    world.installed("a", overlay=joined, streams=(ORDERS,))
    world.installed("b", overlay=joined)


def one_server(world):
    """A standalone server with a stream becomes the seed."""
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, empty("b")))
    world.installed("a", *JETSTREAM, streams=(SINGLE,))


def one_server_without_streams(world):
    """A standalone server without streams."""
    world.wants("region", a=("local", 3, own("$SYS", "")))
    world.installed("a", *JETSTREAM)


def two_with_streams(world):
    """Two regions with streams become one supercluster."""
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, empty("b")))
    world.installed("a", streams=(ORDERS,))
    world.installed("b", streams=(ORDERS._replace(name="EAST"), SINGLE))


def two_with_streams_apart(world):
    """Two regions with streams, and equal names and accounts, connect."""
    world.wants("region", a=("join", 3, own("$SYS", "")), b=("join", 3, own("SYS-b", "b-")))
    world.installed("a", streams=(ORDERS,))
    world.installed("b", streams=(ORDERS,))


def other_names(world):
    """The overlay wants other server names."""
    world.wants("region", a=("local", 3, own("$SYS", "a-")))
    world.installed("a", streams=(ORDERS, SINGLE))


def from_apart_to_one(world):
    """Two connected regions are to share JetStream."""
    apart = before("region", a=("join", own("SYS-a", "a-")), b=("join", own("SYS-b", "b-")))
    seed = "joins: seed\nserverNames: {prefix: a-}"
    world.wants("supercluster", a=("join", 3, seed), b=("join", 3, empty("b")))
    world.installed("a", overlay=apart, streams=(ORDERS,))
    world.installed("b", overlay=apart, streams=(ORDERS,))


def from_apart_with_the_default_account(world):
    """Two connected regions are to share JetStream; the seed has a domain, and the system account that all get."""
    apart = before("region", a=("join", own("$SYS", "a-")), b=("join", own("SYS-b", "b-")))
    seed = "joins: seed\nserverNames: {prefix: a-}"
    world.wants("supercluster", a=("join", 3, seed), b=("join", 3, empty("b")))
    world.installed("a", overlay=apart, streams=(ORDERS,))
    world.installed("b", overlay=apart, streams=(ORDERS,))


def fewer_servers(world):
    """Five servers become three."""
    world.wants("region", a=("local", 3, own("$SYS", "")))
    world.installed("a", *CLUSTER, "config.cluster.replicas=5", streams=(ORDERS,))


def one_leaves(world, *settings):
    """One of three regions leaves."""
    names = {"a": SEED, "b": empty("b"), "c": empty("c")}
    joined = before("supercluster", **{name: ("join", more) for name, more in names.items()})
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, empty("b")))
    for name in names:
        world.installed(name, *CLUSTER, *settings, overlay=joined, streams=(ORDERS._replace(name=f"OF-{name}"),))


def one_leaves_on_old_servers(world):
    """The same, where a stream that moves keeps its old servers as members."""
    one_leaves(world, "container.image.tag=2.12.8-alpine")
    world.runs("2.12.8")


def one_leaves_apart(world):
    """One of two regions leaves, which has its own JetStream."""
    names = {"a": own("SYS-a", "a-"), "b": own("SYS-b", "b-")}
    joined = before("region", **{name: ("join", more) for name, more in names.items()})
    world.wants("region", a=("join", 3, names["a"]))
    for name in names:
        world.installed(name, overlay=joined, streams=(ORDERS,))


def by_hand(world):
    """The seed was connected by hand."""
    item = "config.gateway.merge.gateways[0]"
    remote = f"{item}.name=b,{item}.urls[0]=nats://gw.b.example:7222"
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, "joins: empty\nserverNames: {prefix: b-}"))
    world.installed("a", *GATEWAYS, *remote.split(","), streams=(ORDERS,))
    world.installed("b", overlay=before("supercluster", a=("join", SEED), b=("join", empty("b"))))


STARTS = {
    nothing_yet: "a/install a/expose b/install c/install a/join b/join c/join",
    nothing_yet_apart: "a/install b/install a/join b/join",
    one_with_streams: "a/expose b/install a/join b/join",
    two_and_a_third: "c/install a/list b/list c/join",
    one_server: "a/cluster a/cluster-2 a/cluster-3 a/cluster-4 a/expose b/install a/join b/join",
    one_server_without_streams: "a/cluster a/update",
    two_with_streams: "b/empty b/empty-2 b/empty-3 a/expose b/expose a/join b/join b/empty-4",
    two_with_streams_apart: "b/rename-servers b/rename-servers-2 b/rename-servers-3 b/rename-servers-4 "
    "b/rename-account "
    "a/expose b/expose a/join b/join",
    other_names: "a/rename-servers a/rename-servers-2 a/rename-servers-3 a/rename-servers-4 a/rename-servers-5 "
    "a/update",
    from_apart_to_one: "a/rename-account b/empty b/empty-2 b/empty-3 a/join b/join b/empty-4",
    from_apart_with_the_default_account: "b/empty b/empty-2 b/empty-3 b/join b/empty-4 a/update",
    fewer_servers: "a/scale-down a/scale-down-2 a/update",
    one_leaves: "c/leave c/leave-2 c/leave-3 c/leave-4 c/leave-5 a/update b/update",
    one_leaves_on_old_servers: "c/leave c/leave-2 a/leave c/leave-3 c/leave-4 c/leave-5 c/leave-6 a/update b/update",
    one_leaves_apart: "b/leave b/leave-2 a/update",
    by_hand: "a/adopt b/update",
}


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.__name__)
def test_the_steps_from_a_starting_point(world, start):
    """In this order."""
    start(world)
    plan = world.plan()
    assert not plan.refused
    assert [step.id for step in plan.steps] == STARTS[start].split()


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.__name__)
def test_a_plan_can_be_followed_and_broken_off_after_every_step(world, start):
    """Made anew after each step it has the rest of the steps, and at the end none; no overlay has a `move` then."""
    start(world)
    plan = world.plan()
    while plan.steps:
        step, *rest = plan.steps
        world.do(step)
        plan = world.plan()
        assert not plan.refused
        left = [(item.region, item.way, item.title) for item in plan.steps]
        assert left == [(item.region, item.way, item.title) for item in rest], step.title
    assert all("move" not in world.text(name) for name in world.settings)
    assert all("# kept as it is" in world.text(name) for name in world.settings)


def test_on_old_servers_streams_move_with_one_replica(world):
    """Those that have more are lowered before, and all that have one are raised afterwards; others keep theirs."""
    one_leaves_on_old_servers(world)
    (mine,) = world.stores["c"]
    world.stores["a"] = tuple(mine._replace(name=f"OF-A-{replicas}", replicas=replicas) for replicas in (1, 5))
    lowered, moved, raised, *_ = world.plan().steps
    assert lowered.acts == (Act("raise", "c", ("$G/OF-c",), "1"),)
    assert moved.acts == (Act("place", "c", ("$G/OF-c",), "a"),)
    assert raised.acts == (Act("raise", "a", ("$G/OF-c", "$G/OF-A-1"), "3"),)
    for step in (lowered, moved, raised):
        world.do(step)
    assert {stream.name: stream.replicas for stream in world.stores["a"]} == {"OF-A-1": 3, "OF-A-5": 5, "OF-c": 3}
    assert world.plan().steps[0].acts[0].kind == "scale"


def test_a_peer_that_a_broken_off_step_left_is_removed_first(world):
    """Its server is gone with the upgrade; then the plan goes on. A server that is expected is not removed."""
    fewer_servers(world)
    step = world.plan().steps[0]
    world.do(step)
    world.offline = (f"{step.acts[1].detail[0]}",)
    first, *rest = world.plan().steps
    assert first.acts == (Act("remove-peer", "a", world.offline, "a"),)
    assert [item.id for item in rest] == ["a/scale-down-2", "a/update"]
    world.do(first)
    assert [item.id for item in world.plan().steps] == ["a/scale-down", "a/update"]
    for expected in ("nats-0", "b-nats-4"):  # a server of the region, and one of a region that was not seen
        world.offline = (expected,)
        world.wants("region", a=("local", 3, own("$SYS", "")), b=("local", 3, own("SYS-b", "b-")))
        assert not [item for item in world.plan().steps if item.acts[0].kind == "remove-peer"]
    world.offline = ("nats-0",)
    os.remove(os.path.join(world.overlays, "b.yaml"))
    assert [item.id for item in world.plan().steps] == ["a/scale-down", "a/update"]


@pytest.mark.parametrize(
    ("servers", "settings", "effect"),
    [
        (1, JETSTREAM[1:], "until it is back, clients of the region have none"),
        (2, CLUSTER, "another server; while one of the two is away, JetStream acknowledges nothing"),
        (3, CLUSTER, "clients reconnect to another server, and streams stay available"),
        (3, (*CLUSTER, "config.jetstream.fileStore.pvc.enabled=false"), "are copied: back them up first"),
    ],
)
def test_a_restart_is_no_gentler_than_the_servers_are_many(world, servers, settings, effect):
    """One has no other to which clients could go, and one of two is no majority: `diff` says that, too."""
    world.wants("supercluster", a=("local", servers, SEED))
    world.installed("a", *settings, *([f"config.cluster.replicas={servers}"] if servers > 1 else []))
    [step] = world.plan().steps
    assert (step.id, step.effect.endswith(effect)) == ("a/adopt", True), step.effect


def test_where_everything_is_as_wanted_there_is_nothing_to_do(world):
    """Two regions that have joined."""
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, empty("b")))
    files = {name: world.text(name) for name in ("supercluster", "a", "b")}
    for name in ("a", "b"):
        world.installed(name, overlay=files)
    assert world.plan().steps == ()


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.__name__)
def test_a_step_done_twice_is_harmless(world, start):
    """Its commands change nothing more, and the plan goes on as after one time."""
    start(world)
    plan = world.plan()
    while plan.steps:
        step = plan.steps[0]
        world.do(step)
        once = [item.title for item in world.plan().steps]
        if step.acts[0].kind in ("upgrade", "raise", "wipe", "backup"):
            world.do(step)
            assert [item.title for item in world.plan().steps] == once, step.title
        plan = world.plan()


def test_a_region_that_joined_before_the_seed_does_not_hold_it_up(world):
    """The step that was skipped is the next one again; the other one has no leader until it is made."""
    one_with_streams(world)
    while (step := world.plan().steps[0]).way != "join":
        world.do(step)
    seed, other = world.plan().steps
    write_moves(seed)
    world.do(other)
    [left] = world.plan().steps
    assert (left.region, left.title) == ("a", seed.title)
    assert {check.region for check in left.before} == {"a"}


def test_a_domain_for_each_joined_region_has_no_way_out(world):
    """It is refused, and says why."""
    item = "config.gateway.merge.gateways[0]"
    for name, other in (("a", "b"), ("b", "a")):
        names = (f"config.cluster.merge.name={name}", f"config.gateway.merge.name={name}")
        remote = (f"{item}.name={other}", f"{item}.urls[0]=nats://gw.{other}.example:7222")
        domain = f"config.jetstream.merge.domain={name}"
        world.installed(name, *CLUSTER, "config.gateway.enabled=true", *names, *remote, domain)
    world.wants("supercluster", a=("join", 3, SEED), b=("join", 3, empty("b")))
    plan = world.plan()
    assert plan.steps == ()
    assert "a JetStream domain of its own" in plan.refused[0].reason


def at_the_end(world):
    """Two regions with streams in one supercluster, after all steps."""
    two_with_streams(world)
    while steps := world.plan().steps:
        world.do(steps[0])


def test_a_stream_that_was_deleted_after_its_restore_is_not_restored_again(world):
    """Beside others that are there it may have been deleted, which nothing shows: it is said, with what to do."""
    at_the_end(world)
    world.stores["b"] = tuple(stream for stream in world.stores["b"] if stream.name != "EAST")
    plan = world.plan()
    assert plan.steps == ()
    assert "whether EAST was deleted since, or is still to be restored" in plan.unknown[0]
    assert "nats --context b stream restore …/b/EAST" in plan.unknown[0]
    world.stores["b"] = ()  # nothing was restored yet
    assert [step.acts[0].kind for step in world.plan().steps] == ["restore"]


def test_a_stream_that_was_consumed_after_its_restore_is_not_restored_again(world):
    """Its last message has the number of the backup's, or a higher one."""
    at_the_end(world)
    world.stores["b"] = tuple(stream._replace(messages=0) for stream in world.stores["b"])
    plan = world.plan()
    assert (plan.steps, plan.unknown) == ((), ())


def test_servers_that_were_asked_in_vain_are_not_asked_for_again(world):
    """What is not known says why, and not to do what was done."""
    two_with_streams(world)
    silence = "none of its 3 servers answered"
    places = {name: place._replace(stores=None, silence=silence) for name, place in world.places().items()}
    unknown = runbook(load(world.overlays), places, {}).unknown
    assert unknown
    assert all(f"{silence}, or --jsz" in line and "--contexts" not in line for line in unknown)
