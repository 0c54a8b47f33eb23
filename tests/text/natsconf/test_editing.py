"""Edits of configurations as people and the chart write them: the whole text after is written out."""

from __future__ import annotations

import os

import pytest

from natsvalues.errors import InternalError
from natsvalues.text.natsconf import ConfEditError, ConfOp, Raw, Variable, edit, read, value

CHART = """\
{
  include ./00-operator.conf;
  "cluster": {
    "name": "nats", # shared
    "routes": [
      "nats://nats-0:6222",
      "nats://nats-1:6222"
    ]
  },
  "gateway": {},
  "jetstream": {
    "max_file_store": 10Gi
  },
  "server_name": $SERVER_NAME,
  "port": 4222
}
"""
HAND = """\
# our server
port: 4222
cluster {
\tname = 'c1' # one
\troutes = [
\t\tnats://a:6222
\t\tnats://b:6222 # b
\t]
\ttls { timeout: 2; verify: true }
}
"""

GATEWAY = """\
{
    "port": 7222,
    "gateways": [
      {
        "urls": [
          "a"
        ]
      }
    ]
  },"""


def add(*path, value):
    """Make an add operation."""
    return ConfOp("add", path, value)


def replace(*path, value):
    """Make a replace operation."""
    return ConfOp("replace", path, value)


def remove(*path):
    """Make a remove operation."""
    return ConfOp("remove", path)


CASES = [
    (CHART, add("new", value=True), [('"port": 4222\n', '"port": 4222,\n  "new": true\n')]),
    (CHART, add("gateway", "name", value="eu"), [("{},", '{\n    "name": "eu"\n  },')]),
    (
        CHART,
        replace("gateway", value={"port": 7222, "gateways": [{"urls": ["a"]}]}),
        [("{},", GATEWAY)],
    ),
    (CHART, remove("port"), [("$SERVER_NAME,\n", "$SERVER_NAME\n"), ('  "port": 4222\n', "")]),
    (CHART, remove("gateway"), [('  "gateway": {},\n', "")]),
    (CHART, remove("cluster", "name"), [('    "name": "nats", # shared\n', "")]),
    (CHART, add("cluster", "x", value=1), [("    ]\n", '    ],\n    "x": 1\n')]),
    (CHART, add("cluster", "routes", "-", value="z"), [('1:6222"\n', '1:6222",\n      "z"\n')]),
    (CHART, add("cluster", "routes", 0, value="z"), [("[\n", '[\n      "z",\n')]),
    (CHART, add("cluster", "routes", 1, value="z"), [('0:6222",\n', '0:6222",\n      "z",\n')]),
    (CHART, remove("cluster", "routes", 1), [('0:6222",\n      "nats://nats-1:6222"\n', '0:6222"\n')]),
    (CHART, remove("jetstream", "max_file_store"), [('{\n    "max_file_store": 10Gi\n  }', "{}")]),
    (CHART, replace("server_name", value=Variable("POD")), [("$SERVER_NAME", "$POD")]),
    (CHART, replace("jetstream", "max_file_store", value=Raw("20Gi")), [("10Gi", "20Gi")]),
    (CHART, replace("jetstream", "max_file_store", value=10 * 2**30), []),
    (CHART, add("port", value=4222), []),
    (CHART, ConfOp("test", ("cluster", "name"), "nats"), []),
    (HAND, add("cluster", "port", value=6222), [("true }\n", "true }\n\tport = 6222\n")]),
    (HAND, add("http", value="0.0.0.0:8222"), [("}\n}\n", '}\n}\nhttp: "0.0.0.0:8222"\n')]),
    (HAND, replace("cluster", "name", value="c2"), [("'c1'", "'c2'")]),
    (HAND, replace("cluster", "name", value="it's"), [("'c1'", '"it\'s"')]),
    (HAND, replace("cluster", "routes", 0, value="nats://z:6222"), [("nats://a:6222", "nats://z:6222")]),
    (HAND, replace("cluster", "routes", 0, value="has space"), [("nats://a:6222", '"has space"')]),
    (HAND, add("cluster", "routes", "-", value="c"), [("# b\n", '# b\n\t\t"c"\n')]),
    (HAND, remove("cluster", "routes", 1), [("\t\tnats://b:6222 # b\n", "")]),
    (HAND, add("cluster", "tls", "x", value=[1]), [("true }", "true; x: [1 ] }")]),
    (HAND, remove("cluster", "tls", "timeout"), [("timeout: 2; ", "")]),
    (HAND, remove("cluster", "tls", "verify"), [("; verify: true", "")]),
    (HAND, remove("port"), [("port: 4222\n", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "op", "changes"), CASES)
def test_an_edit_changes_only_the_characters_it_is_about(text, op, changes):
    """Chart style and hand-written style are kept, comments stay with what they are about."""
    expected = text
    for before, after in changes:
        assert expected.count(before) == 1
        expected = expected.replace(before, after)
    assert edit(text, [op]) == expected
    assert edit(text.replace("\n", "\r\n"), [op]) == expected.replace("\n", "\r\n")


SMALL = [
    ("", add("a", value={"b": [1]}), "a: {\n  b: [\n    1\n  ]\n}\n"),
    ("# c", add("a", value=1), "# c\na: 1\n"),
    ("\n# c", add("a", value=1), "\n# c\na: 1\n"),
    ("# c\n", add("a", value=1), "# c\na: 1\n"),
    ("{}", add("a", value=1), '{\n  "a": 1\n}'),
    ("{ # c\n}\n", add("a", value=1), '{ # c\n  "a": 1\n}\n'),
    ("{\n  a: 1\n", add("b", value=2), "{\n  a: 1\n  b: 2\n"),
    ("m { a {} }", add("m", "a", "b", value=1), "m { a { b: 1 } }"),
    ("a: [1, 'x']", remove("a", 1), "a: [1 ]"),
    ("a: ['x']", replace("a", 0, value=3), "a: [3 ]"),
    ("a: ['x']", add("a", "-", value=3), "a: ['x', 3 ]"),
    ("a: ['x']", add("a", 0, value=3), "a: [3, 'x']"),
    ("a: 'x'# c\n", replace("a", value=3), "a: 3 # c\n"),
    ("m {x=1}\nm {y=2}\n", add("m", "z", value=3), "m {x=1}\nm {y=2, z=3}\n"),
    ("m {x=1}\nm {y=2}\nn: 1\n", remove("m"), "n: 1\n"),
    ("a: (\nx\n)\n", add("b", value="q"), 'a: (\nx\n)\nb: "q"\n'),
    ("a: (\nx\n)\nb: 1\n", replace("a", value="q"), 'a: "q"\nb: 1\n'),
    ("a: 127.0.0.1:4222", replace("a", value="0.0.0.0:4222"), "a: 0.0.0.0:4222"),
    ("a: 30s", replace("a", value="2m"), 'a: "2m"'),
    ("X=5\na=$X\n", replace("a", value=5), "X=5\na=$X\n"),
    ("X=5\na=$X\n", replace("a", value=6), "X=5\na=6\n"),
    ("a: ", add("b", value=1), 'a: ""\nb: 1'),
    ("a: 1", add("in clude", value="\x00\udcff\u00e9"), 'a: 1\n"in clude": "\\x00\\xff\u00e9"'),
    ("a: 1\n", add("include", value=1e22), 'a: 1\n"include": 10000000000000000000000.0\n'),
    ("a: 1\n", add("b", value=1e-7), "a: 1\nb: 0.0000001\n"),
    ("a: 1\n", add("b", value=-(2.0**-24)), "a: 1\nb: -0.00000005960464477539063\n"),
    ("f=x,#c\nb=1\n", remove("b"), "f=x #c\n"),
    ("{ a: 1 }b: 2\n", remove("b"), "{ a: 1 }\n"),
    ('m { "k"x }\n', replace("m", "k", value=":"), 'm { "k"":" }\n'),
    ("a: [5k]\n", add("a", "-", value=1), 'a: ["5k", 1 ]\n'),
    ("c: 1\r\na: (\nx\n)\n", add("b", value=1), "c: 1\r\na: (\nx\n)\nb: 1\n"),
    ("{ include a.conf }", add("b", value=1), '{ include a.conf; "b": 1 }'),
]


@pytest.mark.parametrize(("text", "op", "expected"), SMALL)
def test_small_texts_are_edited_in_their_own_way(text, op, expected):
    """Empty maps, one line, blocks, repeated keys, variables, what must not touch a bracket."""
    assert edit(text, [op]) == expected


REFUSED = [
    ("a: 1", remove("b")),
    ("a: 1", replace("b", value=1)),
    ("a: 1", add("a", "b", value=1)),
    ("a: 1", add("b", "c", value=1)),
    ("a { b: 1 }", add("a", "b", "c", "d", value=1)),
    ("a { b: $X }", add("a", "b", "c", "d", value=1)),
    ("b: 1\na { }", remove("a", "b")),
    ("a { c: 1, b: 2 }", remove("a", "d")),
    ("a: [1 ]", add("a", 2, value=1)),
    ("a: [1 ]", add("a", "x", value=1)),
    ("a: [1 ]", remove("a", True)),
    ("a: [1 ]", remove("a", "-")),
    ("a: 1", add(0, value=1)),
    ("a: 1", ConfOp("test", ("a",), 2)),
    ("a: 1", ConfOp("test", ("a",), True)),
    ("a: 1", ConfOp("test", ("a",), 1.0)),
    ("a: 1", replace(value={})),
    ("a: 1", ConfOp("move", ("a",), 1)),
    ("b {x=1}\na=$b", add("a", "y", value=1)),
    ("include x.conf", replace("a", value=1)),
    ("a { b }", add("c", value=1)),
    ("a: 1\n}\n", add("c", value=1)),
    *[("a: 1", add("b", value=v)) for v in (None, 2**63, float("inf"), float("nan"), "\ud800", Variable("a b"))],
    *[("a: 1", add("b", value=Raw(raw))) for raw in ("", "1 2", "1\nb: 2", "x # c", " x", "(\nx\n)", "'", "16Ei")],
    ("a: 1", add("'\"", value=1)),
    ("a: 1", add("b", value={1: 2})),
]


@pytest.mark.parametrize(("text", "op"), REFUSED)
def test_an_edit_that_does_not_fit_is_refused(text, op):
    """The error has its own code, and nothing of the text is repeated."""
    with pytest.raises(ConfEditError) as caught:
        edit(text, [op])
    assert caught.value.code == "NV-C002"


def test_a_refused_edit_says_what_there_is():
    """The messages and remedies, in the order of the rows, are as in refused-edits.txt."""
    said = []
    for text, operation in REFUSED:
        with pytest.raises(ConfEditError) as caught:
            edit(text, [operation])
        said.append(f"{caught.value.message} ({caught.value.hint})\n")
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "refused-edits.txt")
    if os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI"):
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(said)
    with open(path, encoding="utf-8") as file:
        assert said == file.readlines()


def test_an_include_is_named_where_a_key_is_not_found():
    """What an include brings in cannot be edited from here."""
    with pytest.raises(ConfEditError) as caught:
        edit("a: 1\ninclude x.conf", [remove("b")])
    assert "includes" in caught.value.hint


def test_operations_see_what_those_before_them_did():
    """They apply in turn, and without any change the same object comes back."""
    text = "{}\n"
    ops = [add("a", value=[]), add("a", "-", value=1), add("a", "-", value=2), remove("a", 0)]
    assert value(read(edit(text, ops))) == {"a": [2]}
    assert edit(text, []) is text


def test_our_own_mistake_is_an_internal_error(monkeypatch):
    """The result is read again before anyone sees it."""
    monkeypatch.setattr("natsvalues.text.natsconf.editor.insertion", lambda *_: [])
    with pytest.raises(InternalError):
        edit("a: 1", [add("b", value=1)])
