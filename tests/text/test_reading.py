"""Reading overlays: what is right becomes typed values, and every mistake has its file, line, field and remedy."""

from __future__ import annotations

import pytest

from natsvalues.errors import ManyErrors, NatsvaluesError, Where
from natsvalues.overlays.folder import load
from natsvalues.overlays.model import (
    NatsSelector,
    PatchTarget,
    Region,
    RegionGateway,
    ServerNames,
    Supercluster,
    UserPatch,
)
from natsvalues.text.reading import Positions, Reading, dotted, nearest, spelled
from natsvalues.text.yamltree import Tree

BASE = "kind: Region\nname: a\nstage: join\ngateway: {host: h}\n"

# What is written behind BASE, from line 5 on: column, field, message, hint.
MISTAKES = {
    "servers: three": (10, "servers", "`three` where a whole number is expected", ""),
    'servers: "3"': (10, "servers", '`"3"` where a whole number is expected', "take the quotes away"),
    "servers: 3.5": (10, "servers", "`3.5` (a number in YAML) where a whole number is expected", ""),
    "servers: yes": (10, "servers", "`yes` (true or false in YAML) where a whole number is expected", ""),
    "servers: 0": (10, "servers", "`0` (a number in YAML) is not between 1 and 99", ""),
    "servers: [3]": (10, "servers", "a list where a whole number is expected", ""),
    "dns: {enabled: 1}": (16, "dns.enabled", "`1` (a number in YAML) where true or false is expected", ""),
    "nats: {version: 2.14}": (
        17,
        "nats.version",
        "`2.14` (a number in YAML) where text is expected",
        "put it in quotes",
    ),
    'nats: {version: "2"}': (17, "nats.version", '`"2"` is not a version such as 2.14.2', ""),
    "domain: on": (9, "domain", "`on` (true or false in YAML) where text is expected", "put it in quotes"),
    "domain: a.b": (9, "domain", "`a.b` is not a name of letters, digits, - and _", ""),
    "joins: sead": (8, "joins", "`sead` where one of seed, empty is expected", "did you mean `seed`?"),
    "joins: [seed]": (8, "joins", "a list where one of seed, empty is expected", ""),
    "patches: {}": (10, "patches", "a mapping where a list is expected", ""),
    "patches: [{target: {}}]": (
        11,
        "patches[0].ops",
        "`ops` is missing",
        "Operations: op, path, and value or from.",
    ),
    "loadBalancer: aws": (15, "loadBalancer", "`aws` where fields are expected", "This region's load balancer."),
    "loadBalancer: {sourceRanges: [a, {}]}": (
        34,
        "loadBalancer.sourceRanges[1]",
        "a mapping where text is expected",
        "",
    ),
    "loadBalancer: {annotations: {a.b/c: 1}}": (
        37,
        "loadBalancer.annotations.a.b/c",
        "`1` (a number in YAML) where text is expected",
        "put it in quotes",
    ),
    "probes: {startup: healthz}": (
        19,
        "probes.startup",
        "`healthz` is not auto, keep, or a path that begins with /",
        "",
    ),
    "loadbalancer: {}": (1, "loadbalancer", "unknown field `loadbalancer`", "did you mean `loadBalancer`?"),
    "dns: {tll: 60}": (7, "dns.tll", "unknown field `tll`", "did you mean `ttl`?"),
    "serverNames: {x: 1, prefix: a}": (15, "serverNames.x", "unknown field `x`", "fields here: prefix"),
    "stage: join": (1, "stage", "`stage` is given twice, first on line 3", ""),
}


def read(text, kind=Region):
    """One pass over a text, and what it gave."""
    reading = Reading(Tree(text), "a.yaml", "NV-O001")
    return reading.read(kind), reading


def told(reading):
    """Line, field and message of each mistake."""
    return [(error.where[0].line, error.where[0].field, error.message) for error in reading.errors]


@pytest.mark.parametrize("text", MISTAKES)
def test_each_kind_of_mistake_is_reported_with_place_and_remedy(text):
    """File, line, column and field are those of the value, or of the key if the key is wrong."""
    column, field, message, hint = MISTAKES[text]
    result, reading = read(BASE + text + "\n")
    (error,) = reading.errors

    assert result is None
    assert error.where == (Where("a.yaml", 5, column, field),)
    assert (error.code, error.message, error.hint) == ("NV-O001", message, hint)


def test_all_mistakes_are_reported_at_once():
    """In the order of the file; what is missing comes last, with what it is for."""
    _, reading = read("kind: Region\nname: a b\nstage: x\nservers: {}\nfoo: 1\nnats:\n  nme: n\n")

    assert told(reading) == [
        (2, "name", "`a b` is not a name of letters, digits, - and _"),
        (3, "stage", "`x` where one of local, expose, join is expected"),
        (4, "servers", "a mapping where a whole number is expected"),
        (5, "foo", "unknown field `foo`"),
        (7, "nats.nme", "unknown field `nme`"),
        (1, "gateway", "`gateway` is missing"),
    ]
    assert reading.errors[-1].hint == "How other regions reach this one."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty file where a Region is expected"),
        ("# only a comment\n", "an empty file where a Region is expected"),
        ("- kind: Region\n", "a list where fields are expected"),
        ("Region\n", "`Region` where fields are expected"),
        ("~\n", "nothing where fields are expected"),
    ],
)
def test_a_file_that_is_no_mapping_is_reported_on_its_first_line(text, message):
    """There is no field to name."""
    _, reading = read(text)

    assert [(error.where[0].line, error.where[0].field, error.message) for error in reading.errors] == [
        (1, None, message)
    ]


def test_what_is_right_becomes_typed_values():
    """Numbers, texts, lists and tables of every depth; what was left out, or is null, has its default."""
    text = (
        'kind: Region\nname: a\nstage: join\njoins: null\ngateway: {host: h, port: 0x1F90}\nserverNames: {prefix: ""}\n'
        "nats: {name: bus}\ndns: ~\n"
        "patches:\n- target: {file: nats.conf}\n  ops: [{op: add, path: /a, value: [1, yes, {b: ~}]}]\n"
    )
    region, reading = read(text)
    ops = ({"op": "add", "path": "/a", "value": [1, True, {"b": None}]},)

    assert reading.errors == []
    assert region == Region(
        kind="Region",
        name="a",
        stage="join",
        gateway=RegionGateway("h", 8080),
        server_names=ServerNames(""),
        nats=NatsSelector("bus"),
        patches=(UserPatch(PatchTarget(file="nats.conf"), ops),),
    )


def test_positions_know_every_field():
    """A field that was left out has the place of what is around it, and always its own name."""
    _, reading = read(BASE + "nats:\n  name: n\npatches:\n- ops: []\n  target: {}\n")
    where = reading.positions.where

    assert where("nats", "name") == Where("a.yaml", 6, None, "nats.name")
    assert where("nats", "version") == Where("a.yaml", 6, None, "nats.version")
    assert where("patches", 0, "target") == Where("a.yaml", 9, None, "patches[0].target")
    assert where("joins") == Where("a.yaml", 1, None, "joins")
    assert where() == Where("a.yaml", 1)
    assert Positions("b.yaml", {}).where("a") == Where("b.yaml", 1, None, "a")


def test_names_are_spelled_as_in_kubernetes():
    """Python's names become YAML's, paths become dotted."""
    assert [spelled(name) for name in ("class_", "source_ranges", "system_account", "ttl")] == [
        "class",
        "sourceRanges",
        "systemAccount",
        "ttl",
    ]
    assert dotted(("a", 0, "b", 1)) == "a[0].b[1]"
    assert dotted(()) == ""


def test_the_nearest_name_is_offered_and_nothing_far_fetched():
    """Case does not count; a word that is like none gets no guess."""
    known = ("loadBalancer", "serverNames", "name")

    assert nearest("LOADBALANCER", known) == "did you mean `loadBalancer`?"
    assert nearest("servernames", known) == "did you mean `serverNames`?"
    assert nearest("zzz", known) == ""


def test_a_value_that_may_be_a_secret_is_not_quoted():
    """Somebody who writes the password itself must not find it in a log."""
    supercluster = (
        "kind: Supercluster\nname: a\njetstream: {scope: region}\n"
        "gateway:\n  authorization:\n    user: u\n    password: hunter2\n"
    )
    _, reading = read(supercluster, Supercluster)

    assert told(reading) == [(7, "gateway.authorization.password", "a value where fields are expected")]
    assert "hunter2" not in str(reading.errors[0])


def test_a_folder_tells_the_mistakes_of_all_its_files(tmp_path):
    """Each with its own file; lines count in the file, also behind a marker."""
    (tmp_path / "a.yaml").write_text("---\n" + BASE + "servers: x\n---\n" + BASE + "joins: y\n")
    (tmp_path / "b.yml").write_text("kind: Regoin\n")
    (tmp_path / "c.yaml").write_text("kind: [\n")
    (tmp_path / "notes.txt").write_text("kind: [\n")
    with pytest.raises(ManyErrors) as many:
        load(str(tmp_path))

    assert [(error.where[0].file, error.where[0].line, error.code) for error in many.value.errors] == [
        (str(tmp_path / "a.yaml"), 6, "NV-O001"),
        (str(tmp_path / "a.yaml"), 12, "NV-O001"),
        (str(tmp_path / "b.yml"), 1, "NV-O001"),
        (str(tmp_path / "c.yaml"), 2, "NV-I002"),
    ]
    assert many.value.errors[2].hint == "did you mean `Region`?"


def test_a_comment_before_the_first_marker_is_no_overlay(tmp_path):
    """A licence, or a modeline that names the schema, may stand above the marker."""
    (tmp_path / "a.yaml").write_text("# yaml-language-server: $schema=schema.json\n---\n" + BASE)
    (tmp_path / "s.yaml").write_text("kind: Supercluster\nname: s\njetstream: {scope: region}\n")

    assert list(load(str(tmp_path)).regions) == ["a"]


def test_a_file_that_is_no_text_is_refused(tmp_path):
    """UTF-16, as some editors write it."""
    (tmp_path / "a.yaml").write_bytes(BASE.encode("utf-16"))
    with pytest.raises(NatsvaluesError) as error:
        load(str(tmp_path))

    assert str(error.value) == (
        f"error[NV-O001]: not a UTF-8 text file\n --> {tmp_path / 'a.yaml'}\nhelp: save it as UTF-8"
    )
