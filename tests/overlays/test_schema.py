"""The published schema and our reader accept the same overlays, and refuse the same."""

from __future__ import annotations

import copy
import glob
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from natsvalues.overlays.folder import load
from natsvalues.overlays.model import Region, Supercluster
from natsvalues.overlays.plan import plan
from natsvalues.overlays.schema import DIALECT, schema
from natsvalues.overlays.starter import region_file, supercluster_file
from natsvalues.text.reading import Reading
from natsvalues.text.stream import split
from natsvalues.text.yamltree import Tree, YamlSyntaxError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KINDS = {"Region": Region, "Supercluster": Supercluster}
VALIDATOR = Draft202012Validator(schema())


def accepted(tree):
    """Whether the reader takes the file."""
    kind = KINDS.get(str(tree.value.get("kind"))) if isinstance(tree.value, dict) else None
    return kind is not None and Reading(tree, "a.yaml", "NV-O001").read(kind) is not None


def overlays(*patterns):
    """Every document of the files that is YAML, by its file."""
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(ROOT, *pattern))):
            with open(path, encoding="utf-8") as file:
                for chunk in split(file.read()):
                    try:
                        yield path, Tree(chunk.text)
                    except YamlSyntaxError:
                        continue


def test_the_schema_is_a_schema():
    """Draft 2020-12 takes it, it says so itself, and it survives JSON."""
    Draft202012Validator.check_schema(schema())

    assert schema()["$schema"] == DIALECT == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(schema())) == schema()


def test_every_field_is_described():
    """An editor shows what each field is for."""
    sections = schema()["$defs"]

    assert sorted(name for name, section in sections.items() if not section["description"]) == []
    assert [
        f"{name}.{field}"
        for name, section in sections.items()
        for field, content in section["properties"].items()
        if not content.get("description")
    ] == []


def test_our_own_overlays_are_valid():
    """The shipped example validates, and the reader takes it."""
    shipped = dict(overlays(("charts", "overlays", "*.yaml")))

    assert len(shipped) == 4
    assert [path for path, tree in shipped.items() if not accepted(tree) or not VALIDATOR.is_valid(tree.value)] == []


@pytest.mark.parametrize("scope", ["supercluster", "region"])
def test_what_init_writes_is_valid_and_loads(scope, tmp_path, run):
    """Before anybody has edited it, for both decisions, with a second region beside the first."""
    for region in ("eu-1", "eu-2"):
        run("natsvalues", "init", "new", "--scope", scope, "--name", "big", "--region", region, check=True)
    texts = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    made = [plan(load(str(tmp_path / "new")), region) for region in ("eu-1", "eu-2")]

    assert texts == {
        "supercluster.yaml": supercluster_file("big", scope),
        "eu-1.yaml": region_file("eu-1", scope, first=True),
        "eu-2.yaml": region_file("eu-2", scope, first=False),
    }
    assert [name for name, text in texts.items() if not VALIDATOR.is_valid(Tree(text).value)] == []
    assert {item.supercluster.name for item in made} == {"big"}
    assert [(item.region.name, item.region.stage) for item in made] == [("eu-1", "local"), ("eu-2", "local")]
    assert {item.shares_jetstream for item in made} == {scope == "supercluster"}


def test_every_golden_overlay_is_judged_alike():
    """Valid and accepted, or neither; only a field given twice is beyond a schema."""
    judged = [
        (path, accepted(tree), VALIDATOR.is_valid(tree.value))
        for path, tree in overlays(("tests", "golden", "*", "overlays", "*"))
    ]

    assert len(judged) > 100
    assert {
        os.path.basename(os.path.dirname(os.path.dirname(path))) for path, ours, theirs in judged if ours != theirs
    } == {"overlay-duplicate-field"}
    assert {True, False} == {ours for _, ours, _ in judged}


REGION = {
    "kind": "Region",
    "name": "a",
    "stage": "join",
    "gateway": {"host": "h", "port": 7222},
    "servers": 3,
    "joins": "seed",
    "serverNames": {"prefix": ""},
    "systemAccount": "$SYS",
    "domain": "d",
    "loadBalancer": {
        "provider": "p",
        "scheme": "internal",
        "class": "c",
        "sourceRanges": ["10.0.0.0/8"],
        "annotations": {"a": "b"},
        "externalTrafficPolicy": "Local",
        "perPod": False,
        "options": {"o": "1"},
    },
    "probes": {"startup": "auto", "readiness": "keep", "liveness": "/healthz"},
    "dns": {"enabled": True, "ttl": 60, "prefixes": ["x/"]},
    "nats": {"name": "n", "namespace": "s", "version": "2.14.2"},
    "patches": [{"target": {"kind": "K", "name": "n"}, "ops": [{"op": "add", "path": "/a", "value": 1}], "why": "w"}],
}
SUPERCLUSTER = {
    "kind": "Supercluster",
    "name": "a",
    "jetstream": {"scope": "supercluster", "domain": "d"},
    "gateway": {
        "port": 1,
        "rejectUnknownCluster": False,
        "tls": {
            "secret": "s",
            "cert": "c",
            "key": "k",
            "verify": True,
            "ca": {"secret": "s", "key": "k"},
            "timeout": 3,
        },
        "authorization": {"user": "u", "password": {"secret": "s", "key": "k"}},
    },
    "loadBalancer": {"subnets": ["s"], "addresses": ["a"], "labels": {"l": "m"}},
    "probes": {"startup": "auto"},
    "dns": {"ttl": 1},
}


def places(value, at=()):
    """Every path inside a value."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from places(item, (*at, key))


def changed(value, path, new):
    """The value with something else at a path; None takes it away."""
    value = copy.deepcopy(value)
    around = value
    for key in path[:-1]:
        around = around[key]
    if not path:
        return new
    if new is None:
        del around[path[-1]]
    else:
        around[path[-1]] = new[0]
    return value


@pytest.mark.parametrize("full", [REGION, SUPERCLUSTER], ids=["region", "supercluster"])
def test_an_overlay_with_every_field_is_valid(full):
    """The tables of mistakes start from what both accept."""
    assert accepted(Tree(json.dumps(full)))
    assert VALIDATOR.is_valid(full)


WRONG = [
    *("", "a b", "x/y", "a.b", "$SYS", "/healthz", "auto", "2.14", "seed", "local", "Local", "Region", "supercluster"),
    *(0, 1, -1, 99, 100, 300, 301, 65535, 65536, 2147483648, 1.5, True, False, None, [], {}, [1], ["a"], [None], [{}]),
    *({"a": "b"}, {"a": 1}, {"host": "h"}, {"secret": "s"}, {"prefix": "p"}, {"scope": "region"}, {"unknown": 1}),
]
MUTATIONS = [(full, path) for full in (REGION, SUPERCLUSTER) for path in places(full) if path]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(MUTATIONS), st.sampled_from(WRONG).map(lambda value: [value]) | st.none())
def test_a_changed_overlay_is_judged_alike(mutation, new):
    """Another value anywhere, or none: the reader and the schema agree on whether it may be."""
    value = changed(*mutation, new)

    assert accepted(Tree(json.dumps(value))) == VALIDATOR.is_valid(value)


@pytest.mark.parametrize("field", ["Servers", "server_names", "class_", "patch", "apiVersion", "spec", ""])
@pytest.mark.parametrize("at", [(), ("gateway",), ("loadBalancer",), ("dns",), ("nats",), ("patches", 0)])
def test_an_unknown_field_is_refused_by_both(field, at):
    """In every section: a typing mistake must not pass as something that has no effect."""
    value = changed(REGION, (*at, field), ["x"])

    assert not accepted(Tree(json.dumps(value)))
    assert not VALIDATOR.is_valid(value)


MISTAKES = [
    (("kind",), None),
    (("kind",), ["region"]),
    (("name",), None),
    (("name",), ["a b"]),
    (("stage",), ["joined"]),
    (("gateway",), None),
    (("gateway", "host"), None),
    (("gateway", "port"), [0]),
    (("gateway", "port"), ["7222"]),
    (("servers",), [100]),
    (("joins",), ["first"]),
    (("serverNames",), [{}]),
    (("systemAccount",), ["$OTHER"]),
    (("loadBalancer", "scheme"), ["public"]),
    (("loadBalancer", "sourceRanges"), ["10.0.0.0/8"]),
    (("loadBalancer", "annotations", "a"), [True]),
    (("probes", "startup"), ["healthz"]),
    (("dns", "ttl"), [0]),
    (("nats", "version"), ["latest"]),
    (("patches", 0, "ops", 0), ["add"]),
    (("patches", 0, "target"), None),
]


@pytest.mark.parametrize(("path", "new"), MISTAKES)
def test_a_mistake_is_refused_by_both(path, new):
    """What people get wrong: each is found by the editor already, and by the reader."""
    value = changed(REGION, path, new)

    assert not accepted(Tree(json.dumps(value)))
    assert not VALIDATOR.is_valid(value)
