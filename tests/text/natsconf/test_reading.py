"""What the server makes of a text: every row was judged by nats-server 2.14.2."""

from __future__ import annotations

import pytest

from natsvalues.text.natsconf import (
    ConfArray,
    ConfSyntaxError,
    Entry,
    Scalar,
    Variable,
    includes,
    read,
    same,
    unresolved,
    value,
)

VALUES = {
    "a: 1": {"a": 1},
    "a = 1": {"a": 1},
    "a 1": {"a": 1},
    "a=1;b=2;c { d: 3; e: 4 }": {"a": 1, "b": 2, "c": {"d": 3, "e": 4}},
    '{"a": [1, "2"], "b": {"c": 3}}': {"a": [1, "2"], "b": {"c": 3}},
    '{\n  "a": [\n    1,\n    2\n  ]\n}\n': {"a": [1, 2]},
    "a: [1,2,3 ]": {"a": [1, 2, 3]},
    "a: [-1]": {"a": [-1]},
    "a: [1.5]": {"a": [1.5]},
    "a: [\n 1\n 2 # two\n]": {"a": [1, 2]},
    "a: [1,]": {"a": [1]},
    "a: []\nb {}": {"a": [], "b": {}},
    "a=1kb\nb=1k\nc=10Gi\nd=10GB\ne=1e\nf=2m": {
        "a": 1024, "b": 1000, "c": 10 * 2**30, "d": 10 * 2**30, "e": 10**18, "f": 2000000,
    },
    "a=007\nb=-5\nc=-1k": {"a": 7, "b": -5, "c": -1000},
    "a=1.5\nb=-0.25": {"a": 1.5, "b": -0.25},
    "a=30s\nb=1h\nc=5ms\nd=0x10\ne=10Gx\nf=+1\ng=12:00": {
        "a": "30s", "b": "1h", "c": "5ms", "d": "0x10", "e": "10Gx", "f": "+1", "g": "12:00",
    },
    "a: 127.0.0.1\nb: 1.2.3.4:4222": {"a": "127.0.0.1", "b": "1.2.3.4:4222"},
    "a: yes\nb: ON\nc: False\nd: off\ne: \"true\"\nf: 'no'": {
        "a": True, "b": True, "c": False, "d": False, "e": "true", "f": "no",
    },
    "a: null": {"a": "null"},
    "a: 2016-05-04T18:53:41Z": {"a": "2016-05-04T18:53:41Z"},
    "a=b #c\nd=e#f\nc=3//c\nu=nats://h:4222": {"a": "b", "d": "e#f", "c": "3//c", "u": "nats://h:4222"},
    "# one\n// two\na: 1 // three\n": {"a": 1},
    "a='raw \\n $X'": {"a": "raw \\n $X"},
    r'a="t\tq\"\\ \x41\xc3\xa9"': {"a": 't\tq"\\ A\u00e9'},
    r"a=x\nq": {"a": "x\nq"},
    r"a=1\n": {"a": "1\\n"},
    'a="two\nlines"': {"a": "two\nlines"},
    "a: (\nline one\n  line two\n)\nb: 1\n": {"a": "\nline one\n  line two\n", "b": 1},
    "p: $2a$11$abc\nq: \"$X\"\nr: '$X'": {"p": "$2a$11$abc", "q": "$X", "r": "$X"},
    "\"a b\": 1\n'c': 2\n\"d.e\" { f: 1 }": {"a b": 1, "c": 2, "d.e": {"f": 1}},
    "m {x=1}\nm {y=2}": {"m": {"y": 2}},
    "m {\n a:\n 1\n}": {"m": {"a": 1}},
    "a\n= 5": {"a": 5},
    "n {p:1}": {"n": {"p": 1}},
    "a: 1\r\nb {\r\n c: x\r\n}\r\n": {"a": 1, "b": {"c": "x"}},
    "X=10\nm { X=20, y=$X }\nw=$X": {"X": 10, "m": {"X": 20, "y": 20}, "w": 10},
    "a {x=1}\nb=$a": {"a": {"x": 1}, "b": {"x": 1}},
    "a=": {"a": ""},
    "": {},
    "# nothing\n": {},
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_a_text_means_what_the_server_makes_of_it(text):
    """Values agree in content and type."""
    conf = read(text)
    assert same(value(conf), VALUES[text])
    assert conf.findings == ()


ERRORS = {
    "a=[1,2,3]": (1, 10),
    '{"a":[1,2],"b":{"c":true}}': (1, 15),
    "a=1.5G": (1, 6),
    "\ufeffa: 1": (1, 1),
    "a: it's": (1, 7),
    "a: x]y": (1, 5),
    'a="\\d"': (1, 4),
    'a="\\u0041"': (1, 4),
    "a=\\q": (1, 3),
    "b=2016-05-04": (1, 3),
    "b=2016-02-30T00:00:00Z": (1, 3),
    "b=2016-05-04T24:00:00Z": (1, 3),
    "a: 10.0.0.0/8": (1, 13),
    "a {": (1, 4),
    "a [": (1, 4),
    "{ a: 1": (1, 7),
    "a:\n1": (1, 3),
    "a": (1, 1),
    "= 1": (1, 1),
    "m { ] }": (1, 5),
    "m { a: , }": (1, 8),
    "a: [1,,2 ]": (1, 7),
    "a: [ /x ]": (1, 6),
    "/ a: 1": (1, 1),
    "a: .5": (1, 4),
    "a: 1.": (1, 4),
    "a: -x": (1, 4),
    "a: 9223372036854775808": (1, 4),
    "a: \u0663": (1, 4),
    "a: 'x": (1, 4),
    'a: "x': (1, 4),
    "'a: x": (1, 1),
    "a: (\nx\r\n)\r\n": (1, 4),
    "include 5": (1, 9),
    "include 'x": (1, 9),
    "server_name: << $SERVER_NAME >>": (1, 17),
    "a: \0": (1, 4),
    f"a: {'1' * 400}.0": (1, 4),
    "a: " + "[" * 300: (1, 204),
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_has_the_place_of_the_cause(text):
    """Line and column count from 1 in the configuration."""
    with pytest.raises(ConfSyntaxError) as caught:
        value(read(text))
    error = caught.value
    assert (error.code, (error.line, error.column)) == ("NV-C001", ERRORS[text])
    assert error.hint


def test_an_error_never_repeats_a_value():
    """A password in an unreadable place is not printed."""
    for text in (
        "password: s3cr'et",
        'password: "s3cr\\et"',
        "password: 5s3cr]et x",
        "password: 99999999999999999999",
    ):
        with pytest.raises(ConfSyntaxError) as caught:
            read(text)
        assert not any(part in str(caught.value) for part in ("s3cr", "et\n", "9999"))


FINDINGS = {
    "a=16Ei\nc=10E": ({"a": 0, "c": -8446744073709551616}, [2, 9]),
    "a=5kbi\nb=1bb": ({"b": "1bb"}, [2]),
    "a { b }": ({"b": {}}, [4]),
    "a=1e3": ({"a": "1e3"}, [2]),
    "b=1\na=2m30s": ({"a": "2m30s", "b": 1}, [6]),
    "{ a: 1\n": ({"a": 1}, [0]),
    "n{p:1}": ({"n{p": 1}, [0, 5]),
    "a: (\nx\n)": ({"a": "\nx\n)"}, [7]),
    "a: x'": ({"a": "x"}, [4]),
    "a: 1\n}\n": ({"a": 1}, [5]),
    "m { a: 1 / b: 2 }": ({"m": {"a": 1, "b": 2}}, [9]),
    "{ {a: 1}, b: 2 }": ({"a": 1, "b": 2}, [2]),
    "m {a: 1,,b: 2}": ({"m": {"a": 1, ",b": 2}}, [8]),
}


@pytest.mark.parametrize("text", FINDINGS)
def test_a_surprise_is_a_finding(text):
    """The value is the server's; the place of the surprise is told."""
    expected, offsets = FINDINGS[text]
    conf = read(text)
    assert same(value(conf), expected)
    assert [finding.offset for finding in conf.findings] == offsets


def test_nodes_know_their_characters():
    """Spans cover keys with quotes, values with brackets, entries with both."""
    text = "# c\n\"a b\" : [1, 'x' ] # d\n"
    conf = read(text)
    (entry,) = conf.root.entries
    assert isinstance(entry, Entry)
    assert isinstance(entry.value, ConfArray)
    cut = [text[span.start : span.end] for span in (entry.key_span, entry.value.span, entry.span)]
    assert cut == ['"a b"', "[1, 'x' ]", "\"a b\" : [1, 'x' ]"]
    assert entry.key == "a b"
    one, other = entry.value.items
    assert isinstance(one, Scalar)
    assert isinstance(other, Scalar)
    assert (one.kind, one.raw, other.kind, other.raw) == ("integer", "1", "string", "'x'")


def test_braces_around_the_file_are_the_span_of_the_root():
    """A file without braces has a root from its first character to its last."""
    assert read("# c\n{ a: 1 }\n").root[::2] == ((4, 12), True)
    assert read("# c\na: 1\n").root[::2] == ((0, 9), False)


def test_variables_come_from_the_environment_after_the_file():
    """Texts of the environment are read as values; what is found nowhere stays a Variable."""
    env = {"SIZE": "10Gi", "ON": "true", "CUT": "a;b=2", "REF": "$SIZE", "EMPTY": ""}
    text = "\n".join(f"{name.lower()}: ${name}" for name in [*env, "NONE"])
    got = value(read(text), env)
    assert same(got, {"size": 10 * 2**30, "on": True, "cut": "a", "ref": 10 * 2**30, "empty": "",
                      "none": Variable("NONE")})  # fmt: skip
    assert str(got["none"]) == "$NONE"
    open_ones = unresolved(read(text + "\nnone: 1"), env)
    assert [node.span for node in open_ones] == [(text.index("$NONE"), len(text))]
    assert value(read("a: $X\nX: 1\nb: $X"))["a"] == Variable("X")


@pytest.mark.parametrize("env", [{"A": "$A"}, {"A": "$B", "B": "$A"}, {"A": "a b"}, {"A": "[1,2]"}])
def test_an_environment_that_cannot_be_read_is_an_error_at_the_variable(env):
    """Circles and texts that are no value are refused, without the text."""
    with pytest.raises(ConfSyntaxError) as caught:
        value(read("x: 1\ny: $A\n"), env)
    assert caught.value.line == 2 or "itself" in str(caught.value)
    assert "a b" not in str(caught.value)


def test_includes_count_only_with_a_loader():
    """They are opaque by default; loaded, their paths are relative to the including file."""
    files = {
        "sub/one.conf": "b: 2\ninclude two.conf\n",
        "sub/two.conf": "a: 3\nV: $a\n",
        "me.conf": "include me.conf\n",
        "sub/you.conf": "include ../sub/./you.conf\n",
    }
    conf = read("a: 1\ninclude ./sub/one.conf;\nm { include 'x.conf' }\nc: $b\n")
    assert [include.path for include in includes(conf)] == ["./sub/one.conf", "x.conf"]
    assert value(conf) == {"a": 1, "m": {}, "c": Variable("b")}
    assert value(read("a: 1\ninclude ./sub/one.conf\nc: $b"), None, files.__getitem__) == {
        "a": 3,
        "b": 2,
        "V": 3,
        "c": 2,
    }
    for path in ("me.conf", "sub/you.conf", "/sub//you.conf"):
        with pytest.raises(ConfSyntaxError, match="itself"):
            value(read(f"include {path}"), None, files.__getitem__)


def test_a_variable_of_the_environment_that_refers_to_an_unknown_one_is_unresolved():
    """As one that is found nowhere."""
    assert [node.span for node in unresolved(read("a: $X"), {"X": "$Y"})] == [(3, 5)]
