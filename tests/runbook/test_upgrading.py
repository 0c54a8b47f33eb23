"""Plans to another version of nats-server: the order of the regions, what must hold, what is refused."""

from __future__ import annotations

import pytest

from natsvalues.manifests.server import parse_version
from natsvalues.runbook.checking import Seen, Server, answer
from natsvalues.runbook.records import Record, proven_between
from natsvalues.runbook.step import Check
from natsvalues.runbook.stores import Stored, Stores, read_stores

pytestmark = pytest.mark.helm
ORDERS = Stored("$G", "ORDERS", 3, "file", "", 100, is_whole=True, last="100")
SINGLE = ORDERS._replace(name="SINGLE", replicas=1)
OVERLAY = {
    "supercluster": "kind: Supercluster\nname: demo\njetstream: {scope: supercluster}\n",
    **{
        name: f"kind: Region\nname: {name}\nstage: join\nservers: 3\ngateway: {{host: gw.{name}.example}}\n"
        f"loadBalancer: {{provider: generic}}\njoins: {joins}\nserverNames: {{prefix: {name}-}}\n"
        for name, joins in (("a", "seed"), ("b", "empty"), ("c", "empty"))
    },
}
OLD = (
    "config.jetstream.enabled=true",
    "config.cluster.enabled=true",
    "config.cluster.replicas=3",
    "container.image.tag=2.12.8-alpine",
)


@pytest.fixture
def joined(world):
    """Three regions that have joined, of 2.12.8; their overlays as they are."""
    for name, text in OVERLAY.items():
        world.write(name, text)
    for name in "abc":
        world.installed(name, *OLD, overlay=OVERLAY, streams=(ORDERS, SINGLE) if name == "a" else ())
        world.settings[name] = OLD
    return world


def ids(plan):
    """The steps of a plan, which is not refused."""
    assert plan.refused == ()
    return [step.id for step in plan.steps]


@pytest.mark.parametrize(
    ("leader", "order"), [("", "b c a"), ("a-nats-1", "b c a"), ("b-nats-0", "a c b"), ("c-nats-2", "a b c")]
)
def test_the_region_with_the_meta_leader_is_last(joined, leader, order):
    """The seed, where nobody asked."""
    joined.leader = leader
    assert joined.plan().steps == ()
    joined.runs("2.15.1")
    assert ids(joined.plan()) == [f"{name}/upgrade-servers" for name in order.split()]


def test_it_can_be_followed_and_broken_off(joined):
    """Whatever was upgraded is left out, also out of order; and no overlay gets a `move`."""
    joined.runs("2.15.1")
    first, second, third = joined.plan().steps
    assert [step.edits for step in (first, second, third)] == [(), (), ()]
    joined.do(second)  # skips one
    assert ids(joined.plan()) == [first.id, third.id]
    joined.do(first)
    joined.do(first)  # twice
    assert ids(joined.plan()) == [third.id]
    joined.do(third)
    assert joined.plan().steps == ()


def test_what_must_hold_before_and_after(joined):
    """All regions are whole and of one version each; then the region has the new one."""
    joined.runs("2.15.1")
    steps = joined.plan().steps
    of_version = [{(item.region, *item.detail) for item in step.before if item.kind == "version"} for step in steps]
    assert of_version == [
        {("a", "2.12.8"), ("b", "2.12.8"), ("c", "2.12.8")},
        {("a", "2.12.8"), ("b", "2.15.1"), ("c", "2.12.8")},
        {("a", "2.12.8"), ("b", "2.15.1"), ("c", "2.15.1")},
    ]
    for step in steps:
        assert {item.region for item in step.before if item.kind == "whole"} == {"a", "b", "c"}
        assert Check("group", step.region, ("9",)) in step.before
        assert Check("version", step.region, ("2.15.1",)) in step.after
        assert Check("whole", step.region) in step.after
    assert "$G/SINGLE" in steps[-1].effect
    assert ["another one is elected" in step.effect for step in steps] == [False, False, True]
    assert steps[0].back_until == "a stream needs more than 2.12.8 has: `_nats.req.level` above 3 in its metadata"


def test_a_downgrade_wants_streams_that_the_older_server_serves(joined):
    """Of every region in the meta group, before each step."""
    joined.runs("2.15.1")
    while joined.plan().steps:
        joined.do(joined.plan().steps[0])
    joined.runs("2.12.8")
    steps = joined.plan().steps
    assert ids(joined.plan()) == [f"{name}/downgrade-servers" for name in "bca"]
    for step in steps:
        assert {(item.region, item.detail) for item in step.before if item.kind == "level"} == {
            (name, ("3", "2.12.8")) for name in "abc"
        }
        assert step.back_until == ""


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("2.10.26", "`downgrade-servers` was run without a loss from "),
        ("2.16.0", "`upgrade-servers` was run without a loss from 2.12.8 to "),
        ("2.1.7", "server 2.1.7 is too old: before 2.2 the servers do not start with a cluster's name"),
    ],
)
def test_versions_between_which_nothing_was_run_are_refused(joined, version, words):
    """Of every region, with what to do."""
    joined.runs(version)
    plan = joined.plan()
    assert plan.steps == ()
    assert [item.region for item in plan.refused] == ["b", "c", "a"]
    assert all(item.reason.startswith(words) and item.remedy for item in plan.refused)


def test_an_installed_server_that_is_too_old_is_refused(world):
    """Whatever the chart's values have."""
    for name, text in OVERLAY.items():
        world.write(name, text)
    world.installed("a", *OLD[:3], "container.image.tag=2.1.7-alpine")
    plan = world.plan()
    assert plan.steps == ()
    assert any("server 2.1.7 is too old" in item.reason for item in plan.refused)


def test_a_key_that_the_version_does_not_have_is_refused(joined):
    """The server would not start."""
    for name in joined.settings:
        joined.settings[name] = (*OLD, "config.merge.server_metadata.zone=a")
    assert joined.plan().steps == ()
    joined.runs("2.11.10")
    refused = joined.plan().refused
    assert any("does not start: server_metadata: " in item.reason for item in refused)
    joined.runs("2.15.1")
    assert not joined.plan().refused


def test_never_together_with_what_identifies_a_region(joined):
    """Other names, a region that leaves, a region that natsvalues has not rendered."""
    joined.runs("2.15.1", "b")
    joined.write("b", OVERLAY["b"].replace("prefix: b-", "prefix: bee-"))
    (refused,) = joined.plan().refused
    assert (refused.region, refused.way) == ("b", "upgrade-servers")
    assert "`rename-servers` is to be done, too" in refused.reason
    assert "container.image.tag: 2.12.8" in refused.remedy
    joined.write("b", OVERLAY["b"])
    assert ids(joined.plan()) == ["b/upgrade-servers"]
    joined.installed("b", *OLD)
    assert any("`adopt` is to be done, too" in item.reason for item in joined.plan().refused)


def test_other_stages_come_after_the_versions(joined):
    """A new region is installed when the others have the new version; until then their overlays stay as they are."""
    del joined.revisions["c"]
    joined.runs("2.15.1")
    assert ids(joined.plan())[:3] == ["b/upgrade-servers", "a/upgrade-servers", "c/install"]


@pytest.mark.parametrize(
    ("old", "new", "is_run"),
    [("2.12.8", "2.15.1", True), ("2.13.0", "2.14.9", True), ("2.14.6", "2.14.2", False), ("2.11.4", "2.12.8", False)],
)
def test_a_pair_of_versions_counts_within_what_was_run(old, new, is_run, monkeypatch):
    """And only in its direction, without a loss."""
    runs = (Record("2.12.8", 2, 100, 0, "2.15.1"), Record("2.10.26", 1, 100, 1, "2.12.8"))
    monkeypatch.setattr("natsvalues.runbook.records.records", lambda: {"upgrade-servers": runs})
    way = "upgrade-servers" if old < new else "downgrade-servers"
    assert (proven_between(way, parse_version(old), parse_version(new)) is None) == is_run


@pytest.mark.parametrize(
    ("version", "level"),
    [("2.10.26", 0), ("2.11.4", 1), ("2.12.8", 3), ("2.14.6", 4), ("2.15.1", 5), ("2.12.7", 1), ("2.12", 3)],
)
def test_a_version_has_an_api_level(version, level):
    """As servers say at /jsz; a release that was not asked has that of the one before."""
    assert parse_version(version).api_level == level


def test_versions_and_levels_are_seen():
    """A server of another version, or without an answer; a stream that needs more."""
    servers = (Server("a/nats-0", 200, "", version="2.15.1"), Server("a/nats-1", 200, "", version="2.12.8"))
    check = Check("version", "a", ("2.15.1",))
    assert answer(check, Seen(servers), "") == (False, "a/nats-1: 2.12.8")
    assert answer(check, Seen((servers[0], Server("a/nats-1", 0, ""))), "") == (False, "a/nats-1: no answer")
    assert answer(check, Seen(servers[:1]), "") == (True, "1 of 1 servers")
    text = """{"account_details": [{"name": "$G", "stream_detail": [
        {"name": "NEW", "config": {"metadata": {"_nats.req.level": "4"}}}, {"name": "OLD", "config": {}},
        {"name": "ODD", "config": {"metadata": {"_nats.req.level": "x"}}}]}]}"""
    stores = read_stores([(text, "here")])
    assert [item.level for item in stores.streams] == [4, 0, 0]
    seen = Seen(stores=stores)
    assert answer(Check("level", "a", ("3", "2.12.8")), seen, "") == (False, "$G/NEW needs 4")
    assert answer(Check("level", "a", ("4", "2.14.6")), seen, "") == (True, "3 streams")
    assert answer(Check("level", "a", ("4", "2.14.6")), Seen(stores=Stores(())), "") == (True, "0 streams")
