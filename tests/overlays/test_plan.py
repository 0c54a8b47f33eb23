"""What follows from several files together: merged defaults, remotes, urls, and the digest of it all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natsvalues.errors import ManyErrors
from natsvalues.overlays.folder import load
from natsvalues.overlays.model import (
    Dns,
    JetStream,
    LoadBalancer,
    PatchTarget,
    Probes,
    Region,
    RegionGateway,
    Supercluster,
    UserPatch,
)
from natsvalues.overlays.plan import Plan, Remote, plan
from natsvalues.text.reading import Positions

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED: dict[str, Any] = {"kind": "Supercluster", "name": "s", "jetstream": {"scope": "supercluster"}}


def region(name: str, **fields: Any) -> dict[str, Any]:
    """A region's file."""
    return {"kind": "Region", "name": name, "stage": "join", "gateway": {"host": f"{name}.example.com"}, **fields}


@pytest.fixture
def planned(tmp_path) -> Callable[..., Plan]:
    """Plan the first region: `planned(shared, region, …)`."""
    taken: list[int] = []

    def call(shared: dict[str, Any], *regions: dict[str, Any]) -> Plan:
        taken.append(0)
        folder = tmp_path / f"overlays-{len(taken)}"
        folder.mkdir()
        for number, item in enumerate([shared, *regions]):
            (folder / f"{number}.yaml").write_text(json.dumps(item))
        return plan(load(str(folder)), regions[0]["name"])

    return call


FIELDS: dict[str, tuple[str, Any, Any]] = {
    "provider": ("provider", "generic", "metallb"),
    "scheme": ("scheme", "internal", "internet-facing"),
    "class": ("class_", "c", "d"),
    "sourceRanges": ("source_ranges", ["10.0.0.0/8"], ["172.16.0.0/12"]),
    "addresses": ("addresses", ["192.0.2.1"], ["192.0.2.2", "192.0.2.3"]),
    "subnets": ("subnets", ["one"], ["two"]),
    "externalTrafficPolicy": ("external_traffic_policy", "Local", "Cluster"),
    "perPod": ("per_pod", False, True),
}
"""Each field of the load balancer: its Python name, the supercluster's value, the region's."""


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_of_the_load_balancer_has_its_own_default(planned, field):
    """The region's own counts; where it says nothing the supercluster's; the other fields stay what they are."""
    shared = {name: default for name, (_, default, _) in FIELDS.items()}
    own = {field: FIELDS[field][2]}
    more = {"servers": 3, "nats": {"name": "n"}, "gateway": {"host": "{pod}.example.com"}} if field == "perPod" else {}
    merged = planned(SHARED | {"loadBalancer": shared}, region("a", loadBalancer=own, **more)).load_balancer
    expected = {FIELDS[name][0]: value for name, value in (shared | own).items()}

    assert {name: list(value) if isinstance(value, tuple) else value for name, value in merged._asdict().items()} == {
        **expected,
        **dict.fromkeys(("annotations", "labels", "options")),
    }


def test_tables_add_up(planned):
    """Annotations, labels and options of both files; the region's win where both name one."""
    tables = ("annotations", "labels", "options")
    shared = {"loadBalancer": {name: {"a": "1", "b": "1"} for name in tables}}
    own = {name: {"b": "2", "c": "2"} for name in tables}
    merged = planned(SHARED | shared, region("a", loadBalancer=own)).load_balancer

    assert [merged.annotations, merged.labels, merged.options] == [{"a": "1", "b": "2", "c": "2"}] * 3


def test_probes_and_dns_are_taken_whole(planned):
    """A region that states them states all of them; one that does not has the supercluster's."""
    shared = SHARED | {"probes": {"startup": "keep", "liveness": "keep"}, "dns": {"ttl": 60}}
    own = planned(shared, region("a", probes={"liveness": "/x"}, dns={"enabled": False}))
    inherited = planned(shared, region("a"))

    assert (own.probes, own.dns) == (Probes(liveness="/x"), Dns(enabled=False))
    assert (inherited.probes, inherited.dns) == (Probes(startup="keep", liveness="keep"), Dns(ttl=60))


def test_remotes_are_the_other_regions_that_have_joined(planned):
    """In the order of their names, never the region itself, never one in another stage; all names are known."""
    made = planned(
        SHARED,
        region("b"),
        region("d"),
        region("a", gateway={"host": "a.example.com", "port": 4000}),
        region("local", stage="local"),
        region("expose", stage="expose"),
    )

    assert made.remotes == (
        Remote("a", ("nats://a.example.com:4000",)),
        Remote("d", ("nats://d.example.com:7222",)),
    )
    assert made.known == ("a", "b", "d", "expose", "local")
    assert (made.host, made.port) == ("b.example.com", 7222)


@pytest.mark.parametrize("stage", ["local", "expose"])
def test_a_region_that_has_not_joined_knows_its_remotes_all_the_same(planned, stage):
    """What it will dial is worked out; whether it may dial is the stage's decision."""
    made = planned(SHARED, region("a", stage=stage), region("b"))

    assert made.remotes == (Remote("b", ("nats://b.example.com:7222",)),)


@pytest.mark.parametrize(
    ("gateway", "shared", "url"),
    [
        ({"host": "b.example.com"}, {}, "nats://b.example.com:7222"),
        ({"host": "b.example.com"}, {"gateway": {"port": 7333}}, "nats://b.example.com:7333"),
        ({"host": "b.example.com", "port": 1}, {"gateway": {"port": 7333}}, "nats://b.example.com:1"),
        ({"host": "192.0.2.7"}, {}, "nats://192.0.2.7:7222"),
        ({"host": "2001:db8::7"}, {}, "nats://[2001:db8::7]:7222"),
        ({"host": "2001:db8::7", "port": 9}, {}, "nats://[2001:db8::7]:9"),
    ],
)
def test_a_region_has_exactly_one_url(planned, gateway, shared, url):
    """However many servers it has: the number of urls sizes the first meta group. IPv6 stands in brackets."""
    made = planned(SHARED | shared, region("a"), region("b", gateway=gateway, servers=5))

    assert made.remotes == (Remote("b", (url,)),)


@pytest.mark.parametrize("where", ["region", "supercluster"])
def test_a_load_balancer_for_each_pod_gives_a_url_for_each(planned, where):
    """The pod's name, of the StatefulSet and the ordinal, replaces `{pod}`."""
    each = {"perPod": True}
    more = {"servers": 3, "nats": {"name": "bus"}, "gateway": {"host": "{pod}.b.example.com", "port": 5}}
    if where == "region":
        made = planned(SHARED, region("a"), region("b", loadBalancer=each, **more))
    else:
        own = region("a", loadBalancer={"perPod": False})
        made = planned(SHARED | {"loadBalancer": each}, own, region("b", **more))

    assert made.remotes == (Remote("b", tuple(f"nats://bus-{number}.b.example.com:5" for number in range(3))),)


CHANGES: dict[str, dict[str, Any]] = {
    "stage": {"stage": "expose"},
    "host": {"gateway": {"host": "other.example.com"}},
    "port": {"gateway": {"host": "a.example.com", "port": 1}},
    "servers": {"servers": 3},
    "joins": {"joins": "seed"},
    "prefix": {"serverNames": {"prefix": "p"}},
    "provider": {"loadBalancer": {"provider": "metallb"}},
    "annotation": {"loadBalancer": {"annotations": {"a": "b"}}},
    "probes": {"probes": {"startup": "keep"}},
    "dns": {"dns": {"ttl": 5}},
    "nats": {"nats": {"name": "n"}},
    "patches": {"patches": [{"target": {"kind": "K"}, "ops": [{"op": "remove", "path": "/a"}]}]},
}
SHARED_CHANGES: dict[str, dict[str, Any]] = {
    "name": {"name": "t"},
    "scope": {"jetstream": {"scope": "region"}},
    "domain": {"jetstream": {"scope": "supercluster", "domain": "d"}},
    "gateway port": {"gateway": {"port": 1}},
    "unknown clusters": {"gateway": {"rejectUnknownCluster": False}},
    "load balancer": {"loadBalancer": {"scheme": "internal"}},
    "probes": {"probes": {"liveness": "keep"}},
    "dns": {"dns": {"enabled": False}},
}


def test_the_digest_changes_with_every_effective_field(planned):
    """No two of these overlays have the same digest, which is twelve hexadecimal digits."""
    other = region("b")
    digests = {"as it is": planned(SHARED, region("a"), other).digest}
    digests |= {f"region: {name}": planned(SHARED, region("a") | new, other).digest for name, new in CHANGES.items()}
    digests |= {
        f"shared: {name}": planned(SHARED | new, region("a"), other).digest for name, new in SHARED_CHANGES.items()
    }
    for name, new in {
        "joined": {"stage": "local"},
        "moved": {"gateway": {"host": "c.example.com"}},
        "renamed": {"name": "c"},
    }.items():
        digests[f"other: {name}"] = planned(SHARED, region("a"), other | new).digest

    assert len(set(digests.values())) == len(digests)
    assert {len(digest) for digest in digests.values()} == {12}
    assert [digest for digest in digests.values() if set(digest) - set("0123456789abcdef")] == []


def test_the_digest_does_not_change_with_anything_else(planned):
    """Not with spelled-out defaults, the order of fields or files, or what another region keeps to itself."""
    digest = planned(SHARED, region("a"), region("b")).digest
    turned = dict(reversed(region("a").items()))
    other = {"loadBalancer": {"provider": "metallb"}, "servers": 5, "dns": {"ttl": 1}, "joins": "empty"}
    spelled_out = {"gateway": {"port": 7222}, "probes": {"startup": "auto"}, "loadBalancer": {"sourceRanges": []}}

    assert planned(SHARED, turned, region("b")).digest == digest
    assert planned(SHARED, region("a"), region("b", **other)).digest == digest
    assert planned(SHARED, region("a"), region("b"), region("c", stage="expose")).digest == digest
    assert planned(SHARED | spelled_out, region("a", dns=None, domain=None), region("b")).digest == digest


TABLES = st.dictionaries(st.text("abc./", min_size=1, max_size=4), st.text(max_size=4), max_size=5)
"""Annotations, labels or options."""


@given(st.tuples(TABLES, TABLES, TABLES), TABLES, st.randoms(use_true_random=False))
def test_the_digest_is_of_values_and_not_of_their_order(tables, value, chance):
    """Equal plans have equal digests: the order of mappings, in a patch's value too, does not count; a value does."""

    def shuffled(table):
        return dict(chance.sample(list(table.items()), len(table)))

    def digest(tables, value):
        annotations, labels, options = tables
        balancer = LoadBalancer(annotations=annotations, labels=labels, options=options)
        patch = UserPatch(PatchTarget("Service"), ({"op": "add", "path": "/metadata/labels", "value": value},))
        own = Region("Region", "a", "local", RegionGateway("a"), load_balancer=balancer, patches=(patch,))
        shared = Supercluster("Supercluster", "s", JetStream("region"))
        nowhere = Positions("a.yaml", {})
        return Plan(shared, own, nowhere, nowhere, balancer, Probes(), Dns(), "a", 7222, (), ("a",)).digest

    one = digest(tables, value)

    assert digest(tuple(map(shuffled, tables)), shuffled(value)) == one
    assert digest(({**tables[0], "d": "new"}, *tables[1:]), value) != one
    assert digest(tables, {**value, "d": "new"}) != one


def test_an_empty_region_waits_until_it_joins(planned):
    """Only in scope supercluster: there its JetStream must not run alone."""
    waits = {
        (scope, joins, stage): planned(
            SHARED | {"jetstream": {"scope": scope}}, region("a", stage=stage, joins=joins), region("b")
        ).waits_to_join
        for scope in ("supercluster", "region")
        for joins in ("seed", "empty", None)
        for stage in ("local", "expose", "join")
    }

    assert [case for case, waiting in waits.items() if waiting] == [
        ("supercluster", "empty", "local"),
        ("supercluster", "empty", "expose"),
    ]


def test_contradictions_of_all_regions_are_reported_at_once(planned):
    """Also those of regions that are not being rendered: their files belong together."""
    with pytest.raises(ManyErrors) as many:
        planned(
            SHARED,
            region("a", joins="seed"),
            region("b", joins="seed", gateway={"host": "A.example.com."}),
            region("c", gateway={"host": "nats://c"}, domain="d", systemAccount="S"),
        )

    assert [error.code for error in many.value.errors] == ["NV-O010", "NV-O015", "NV-O016", "NV-O005", "NV-O008"]
