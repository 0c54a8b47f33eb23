"""What plain scalars mean to Kubernetes, and values written so that every reader reads the same."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from natsvalues.text.scalars import Scalar, double_quoted, meaning, written
from natsvalues.text.yamltree import Tree
from natsvalues.text.yamlwrite import block, flow

# What sigs.k8s.io/yaml 1.4.0 makes of them (run; its JSON, where 8.0 is 8).
READ_AS: list[tuple[Scalar, str]] = [
    (True, "y Y yes Yes YES true True TRUE on On ON"),
    (False, "n N no No NO false False FALSE off Off OFF"),
    (None, "~ null Null NULL"),
    (math.inf, ".inf .Inf .INF +.inf +.Inf +.INF"),
    (-math.inf, "-.inf -.Inf -.INF"),
    (0, "0 -0 +0 00 000 0_ 0x0 -0x0 0.0"),
    (1000, "1000 +1000 1_000 1__000 1e3 +1e3 1e+3 1E3 1.e3 01e03 1_e3 0x3E8 0X3e8 0x_3_E8"),
    (15, "017 +017 0o17 0O17 0o_17 0xF +0xF 0b1111 0B1111 15.0 15. 1.5e1"),
    (-15, "-017 -0o17 -0xF -0b1111 -15 -_15 -1_5.0"),
    (8, "8 08 8. 08.0"),
    (-8, "-8 -08"),
    (0.5, ".5 +.5 0.5 5e-1 0.5_0"),
    (2**63 - 1, "9223372036854775807"),
    (2**63, "9223372036854775808"),
    (-(2**63), "-9223372036854775808"),
]
MEANINGS = {"": None} | {word: value for value, words in READ_AS for word in words.split()}
TEXTS = [
    *("tRUE", "nUll", "yEs", "oN", "oFF", "None", "nil", "inf", "Inf", "nan", "NaN", "infinity", "-.NaN", "+.nan"),
    *("-", "+", ".", "..", "...", "_", "__", "._", "_1", "+-1", "--1", "=", "<<", "1e", "1e+", "1.2.3", "10Gi", "1k"),
    *("0x", "0b", "0o", "0x_", "0b_", "0o8", "0b2", "0xG", "0x1p3", "0x1.8p1", "1,000", "1 000"),
    *("12:30", "190:20:30", "2001-01-01", "2001-01-01T00:00:00Z", "2.14.2", "v1", "a", "é", "١٢", "½"),
]


def same(one, other):
    """Whether two values are the same, type included; NaN is itself."""
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("plain", MEANINGS)
def test_words_and_numbers_mean_what_the_api_server_reads(plain):
    """YAML 1.1 words, octal and binary numbers, underscores: as Go reads them; 8.0 and 8 are one JSON number."""
    found, expected = meaning(plain), MEANINGS[plain]

    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


@pytest.mark.parametrize("plain", [".nan", ".NaN", ".NAN"])
def test_no_number_is_a_number(plain):
    """It is the one value that is not equal to itself."""
    assert math.isnan(meaning(plain))


@pytest.mark.parametrize("plain", TEXTS)
def test_everything_else_is_text(plain):
    """No base 60, no dates, no digits of other scripts, no half numbers."""
    assert meaning(plain) == plain


def test_whole_numbers_stay_whole():
    """A port written in any base is an int, a number with a point or an exponent a float."""
    assert [type(meaning(plain)) for plain in ("8222", "0x10", "017", "1_000")] == [int] * 4
    assert [type(meaning(plain)) for plain in ("1.0", "1e3", ".inf")] == [float] * 3


WRITTEN = {
    "nats": "nats",
    "eu-west.example.com": "eu-west.example.com",
    "$(POD_NAME)": "$(POD_NAME)",
    "/healthz?js-enabled-only=true": "/healthz?js-enabled-only=true",
    "": '""',
    "on": '"on"',
    "Null": '"Null"',
    "~": '"~"',
    "12": '"12"',
    "1e5": '"1e5"',
    "0o7": '"0o7"',
    "2001-01-01": '"2001-01-01"',
    "a: b": '"a: b"',
    "a #b": '"a #b"',
    "- a": '"- a"',
    "*a": '"*a"',
    " a": '" a"',
    "a\nb": '"a\\nb"',
    'say "a\\b"': '"say \\"a\\\\b\\""',
    "\x7f\x85\u2028\u2029\x00": '"\\u007f\\u0085\\u2028\\u2029\\u0000"',
    "é": '"é"',
}


@pytest.mark.parametrize("value", WRITTEN)
def test_text_is_quoted_where_readers_could_disagree(value):
    """Plain where it is plain to all; otherwise double quotes, on one line."""
    assert written(value) == WRITTEN[value]


def test_flow_style_quotes_more():
    """Inside brackets readers disagree about `:` and `?`."""
    assert written("http://a", flow=False) == "http://a"
    assert written("http://a", flow=True) == '"http://a"'
    assert written("/healthz?a", flow=True) == '"/healthz?a"'
    assert written("nats", flow=True) == "nats"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "null"), (True, "true"), (False, "false"), (12, "12"), (1.5, "1.5")]
)
def test_other_scalars_are_spelled_as_in_json(value, text):
    """JSON's spelling is YAML's."""
    assert written(value) == written(value, flow=True) == text


# Characters that YAML takes as they are, and those that JSON escapes anyway.
CHARACTERS = st.characters(exclude_categories=["Cs", "Cn", "Cc"]) | st.characters(max_codepoint=0x7F) | st.just("\x85")
TRICKY = st.text(alphabet="aAyYnNoOfF01.e_:-?+=%@$()/#, ~'\"\\{}[]&*!|><\t\n\r", max_size=8)
STRINGS = st.text(CHARACTERS) | TRICKY | st.sampled_from([*MEANINGS, *TEXTS])
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.decimals(-9999, 9999, places=3).map(float)
SCALARS = STRINGS | NUMBERS | st.booleans() | st.none()


@settings(deadline=None)
@given(SCALARS)
@example("a:b")
@example("---")
def test_a_written_scalar_is_read_as_itself(value):
    """In block and in flow style, by our reader and by PyYAML, which reads YAML 1.1 in its own way."""
    for text in (f"a: {written(value)}\n", f"{{a: {written(value, flow=True)}}}\n"):
        assert "\n" not in text[:-1]
        assert same(Tree(text).value["a"], value)
        assert same(yaml.safe_load(text)["a"], value)


@settings(deadline=None)
@given(st.text(CHARACTERS))
def test_double_quotes_hold_any_text(value):
    """One line, whatever is inside."""
    assert yaml.safe_load(double_quoted(value)) == Tree(double_quoted(value)).value == value
    assert double_quoted(value).splitlines() == [double_quoted(value)]


VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3), max_leaves=8
)


@settings(deadline=None)
@given(VALUES)
def test_a_written_value_is_read_as_itself(value):
    """Mappings and lists, nested and empty, in block and in flow style; keys are quoted like values."""
    for text in ("\n".join(block([value])) + "\n", flow([value]) + "\n"):
        assert repr(Tree(text).value) == repr([value])
        assert repr(yaml.safe_load(text)) == repr([value])
