"""Which regions elect a meta leader together, which joins first, and which servers continue which."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from natsvalues.manifests.release import ResourceKey
from natsvalues.supercluster.joining import Joining, early_joins, order_of_join, upgrade_order
from natsvalues.supercluster.meta_groups import Member, MetaGroup, meta_groups
from natsvalues.supercluster.pairing import paired

NAMES = "abcde"
MEMBERS = st.lists(
    st.builds(
        Member,
        region=st.sampled_from(NAMES),
        gateway=st.none(),
        account=st.sampled_from(("$SYS", "SYS-A")),
        servers=st.integers(1, 5),
        dials=st.frozensets(st.sampled_from(NAMES)),
        rejects_unknown=st.booleans(),
        is_clustered=st.booleans(),
    ).map(lambda member: member._replace(gateway=member.region)),
    max_size=5,
    unique_by=lambda member: member.region,
)


def member(region, *dials, account="$SYS", servers=3, **fields) -> Member:
    """A region that dials others."""
    return Member(region, region, account, servers, frozenset(dials), **fields)


@given(MEMBERS)
def test_every_region_with_jetstream_is_in_one_group(members):
    """A group has one system account, and counts all servers of its regions."""
    groups = meta_groups(members)
    by_name = {item.region: item for item in members}

    assert sorted(name for group in groups for name in group.regions) == sorted(
        item.region for item in members if item.is_clustered
    )
    for group in groups:
        assert {by_name[name].account for name in group.regions} == {group.account}
        assert group.size == sum(by_name[name].servers for name in group.regions)


@given(MEMBERS, st.randoms())
def test_the_order_of_regions_does_not_matter(members, random):
    """The groups are the same."""
    shuffled = list(members)
    random.shuffle(shuffled)

    assert {frozenset(group.regions) for group in meta_groups(members)} == {
        frozenset(group.regions) for group in meta_groups(shuffled)
    }


def test_regions_meet_by_gossip_also_through_one_of_another_account():
    """Gateways connect all regions, also one without JetStream; the system account separates the meta groups."""
    through = member("b", "a", "c", account="SYS-B")
    assert meta_groups([member("a"), through, member("c")]) == (
        MetaGroup("$SYS", ("a", "c"), (3, 3)),
        MetaGroup("SYS-B", ("b",), (3,)),
    )
    assert meta_groups([member("a"), member("b", "a", "c", is_clustered=False), member("c")]) == (
        MetaGroup("$SYS", ("a", "c"), (3, 3)),
    )


def test_a_region_that_rejects_unknown_clusters_meets_only_those_that_it_lists():
    """Unless it dials back."""
    rejecting = member("b", rejects_unknown=True)
    assert len(meta_groups([member("a", "b"), rejecting])) == 2
    assert len(meta_groups([member("a", "b"), rejecting._replace(dials=frozenset("a"))])) == 1


def test_a_number_that_is_not_known_makes_the_sum_unknown():
    """The size is 0 then."""
    (group,) = meta_groups([member("a", "b"), member("b", servers=None)])
    assert (group.servers, group.size) == (None, 0)


def test_the_seed_joins_first():
    """Empty regions that join before it, or without any other region, would start JetStream alone."""
    seed, empty, other = Joining("us", "seed", "expose"), Joining("eu", "empty", "join"), Joining("ap", "empty", "join")

    assert [(early.region, early.other) for early in early_joins([empty, other, seed])] == [("eu", seed), ("ap", seed)]
    assert early_joins([empty, seed._replace(stage="join")]) == []
    assert [early.message for early in early_joins([empty])] == ["`eu` joins as `empty`, and there is no other region"]
    assert [early.other for early in early_joins([empty, other._replace(stage="local")])] == [
        other._replace(stage="local")
    ]
    assert early_joins([empty, other]) == []


def test_the_order_of_upgrades_is_the_seed_then_joined_regions_then_new_ones():
    """Whatever the order of the files; and a sentence says the same of each region."""
    regions = [
        Joining("ap", "empty", "expose"),
        Joining("eu", "empty", "join"),
        Joining("us", "seed", "join"),
        Joining("sa", "empty", "join"),
    ]

    assert upgrade_order(regions) == ["us", "eu", "sa", "ap"]
    assert order_of_join("us", "seed", "us", ["eu"]).startswith("this is the seed, so upgrade it before `eu`")
    assert "last `ap`" in order_of_join("ap", "empty", "us", ["eu", "us"])
    assert "the seed `us` first" in order_of_join("eu", "empty", "us", ["ap", "us"], ["us"])
    assert "last `ap`" in order_of_join("eu", "empty", "us", ["ap", "us"], ["us"])
    assert order_of_join("eu", "", "", ["us"]).startswith("upgrade the region that has streams first")


def nats(name, namespace=""):
    """A NATS of which only the StatefulSet's identity counts."""
    key = ResourceKey("apps", "StatefulSet", namespace, name)
    return SimpleNamespace(name=name, statefulset=SimpleNamespace(key=key))


def test_servers_are_paired_by_identity_then_by_rename_then_as_the_only_ones_left():
    """A rendering may leave out the namespace that the stored release states."""
    old, new = nats("nats", "prod"), nats("nats")
    assert paired([old], [new]) == [(old, new)]
    bus, renamed = nats("bus"), nats("broker")
    assert paired([old, bus], [new, renamed]) == [(old, new), (bus, renamed)]
    assert paired([old, bus], [nats("x"), renamed], {renamed.statefulset.key: bus.statefulset.key})[1] == (bus, renamed)
    first, second, stated = nats("nats"), nats("nats", "a"), nats("nats", "b")
    assert paired([second, stated], [first, second]) == [(stated, first), (second, second)]
    assert paired([old], []) == [(old, None)]
    assert paired([], [new]) == [(None, new)]
