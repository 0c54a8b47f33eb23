"""Properties of lexer, reader and editor over generated configurations in every style."""

from __future__ import annotations

import json

import jsonpatch
from hypothesis import assume, given
from hypothesis import strategies as st

from natsvalues.text.natsconf import (
    ConfEditError,
    ConfOp,
    ConfSyntaxError,
    edit,
    read,
    same,
    symbolic,
    tokenize,
    value,
)

FRAGMENTS = st.sampled_from(
    [*"{}[]()=:,;#/'\"\\ \n\t$-.", "\r\n", "//", "\n)\n", "(\n",
     "include ", "a", "b: ", "true", "$a", "\\x41",
     "1", "1k", "5kbi", "1.5", "1.2.3", "2016-05-04T18:53:41Z",
     "\xa0", "\u0663", "\x1c", "\ufeff", "\u00e9", "\0"]
)  # fmt: skip
SCRAPS = st.lists(FRAGMENTS, max_size=25).map("".join)
KEYS = st.sampled_from(["a", "b", "name", "x.y", "a b", "include", "it's", "}", "#", "\u00e9", ""])
STRINGS = st.one_of(
    st.sampled_from(["", "x", "true", "30s", "1k", "$X", "10.0.0.1:1", "nats://h", "it's", "#", "//", "]"]),
    st.sampled_from(["\\n", "a b", "{", "}", ",", "null", "-", "1", "\t\n"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)  # fmt: skip
SCALARS = st.one_of(
    STRINGS, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
MAPS = st.dictionaries(KEYS, VALUES, max_size=4)
WORDS = {"true", "false", "yes", "no", "on", "off"}
SIMPLE = set("abcdefghijklmnopqrstuvwxyz")


def _quoted(draw, text):
    if not set("'\0") & set(text) and draw(st.booleans()):
        return f"'{text}'"
    return '"' + "".join(f"\\x{ord(c):02x}" if c in '"\\' or c < " " else c for c in text) + '"'


def _scalar(draw, item):
    if isinstance(item, bool):
        return draw(st.sampled_from([["false", "NO", "off"], ["true", "Yes", "on"]][item]))
    if isinstance(item, float):
        text = f"{item:.1100f}".rstrip("0")
        return text + "0" if text.endswith(".") else text
    if isinstance(item, int):
        return str(item)
    if item.isalpha() and set(item) <= SIMPLE and item not in WORDS and draw(st.booleans()):
        return item
    return _quoted(draw, item)


def _key(draw, key):
    if "'" in key:
        return f'"{key}"'
    bare = key and set(key) <= SIMPLE and key != "include"
    return draw(st.sampled_from([key, f'"{key}"'])) if bare else f'"{key}"'


def _write(draw, item, margin):
    """Write a value in a style drawn anew for every map and array."""
    lines = margin is not None and draw(st.booleans())
    inner = margin + draw(st.sampled_from(["  ", "\t", ""])) if lines else None
    comment = draw(st.sampled_from(["", "", " # c", " // it's"])) if lines else ""
    opening, closing = (f"{comment}\n{inner}", f"\n{margin}") if lines else (" ", " ")
    if isinstance(item, dict):
        sign = draw(st.sampled_from([": ", " = ", ":", "=", " "]))
        parts = [_key(draw, key) + sign + _write(draw, part, inner) for key, part in item.items()]
        marks = ["", ",", ";"] if lines else [", ", ";", ","]
        brackets = "{}"
    elif isinstance(item, list):
        parts = [_write(draw, part, inner) for part in item]
        marks = ["", ","] if lines else [", ", ","]
        brackets = "[]"
    else:
        return _scalar(draw, item)
    if not parts:
        return brackets
    mark = draw(st.sampled_from(marks))
    joint = f"{mark}{comment}\n{inner}" if lines else mark
    last = draw(st.sampled_from(["", mark]))
    return brackets[0] + opening + joint.join(parts) + last + closing + brackets[1]


@st.composite
def texts(draw):
    """Draw a value and a text for it, with or without braces around the file."""
    content = draw(MAPS)
    text = _write(draw, content, "")
    if draw(st.booleans()):
        lines = [f"{_key(draw, key)}: {_write(draw, part, '')}" for key, part in content.items()]
        text = "".join(line + draw(st.sampled_from(["\n", ",\n", ";\n", " # c\n"])) for line in lines)
    text = draw(st.sampled_from(["", "# head\n"])) + text
    if "\r" not in text and "\\n" not in json.dumps(content) and draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return content, text


def _paths(item, path=()):
    children = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _pointer(path):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


@given(SCRAPS)
def test_tokens_are_the_text_and_nothing_but_an_error_stops_the_reader(text):
    """Whatever comes, it is cut without loss, or refused with a place in it."""
    try:
        assert "".join(text[token.start : token.end] for token in tokenize(text)) == text
        value(read(text), {"a": "1"})
    except ConfSyntaxError as error:
        place = error.offset
    else:
        place = 0
    assert 0 <= place <= len(text)


@given(texts())
def test_a_text_in_any_style_gives_its_value(drawn):
    """Comments, white space, quotes, separators and line ends do not change the value."""
    content, text = drawn
    conf = read(text)
    assert same(value(conf), content)
    assert conf.findings == ()


@given(texts(), VALUES, st.data())
def test_an_edit_does_what_json_patch_does_and_only_that(go_answers, drawn, new, data):
    """The value after agrees with an independent implementation and the server; a second time nothing changes."""
    content, text = drawn
    maps = [(), *(path for path in _paths(content) if isinstance(_at(content, path), dict))]
    adding = [(*path, key) for path in maps for key in ("a", "new", "b c")]
    verbs = [("add", path) for path in adding]
    verbs += [(verb, path) for path in _paths(content) for verb in ("add", "replace", "remove")]
    verb, path = data.draw(st.sampled_from(verbs))
    after = edit(text, [ConfOp(verb, path, new)])
    patch = {"op": verb, "path": _pointer(path), "value": new}
    expected = jsonpatch.apply_patch(content, [patch])
    assert same(symbolic(read(after)), expected)
    assert same(go_answers(b"c" + after.encode("utf-8", "surrogateescape"), expected), expected)
    if verb != "remove" and isinstance(path[-1], str):
        assert edit(after, [ConfOp("replace", path, new)]) is after
        assert edit(after, [ConfOp("test", path, new)]) is after
    if verb == "replace":
        assert edit(text, [ConfOp(verb, path, _at(content, path))]) is text


def _at(item, path):
    for segment in path:
        item = item[segment]
    return item


@given(texts(), st.data())
def test_replacing_a_scalar_touches_only_its_own_characters(drawn, data):
    """What is before and behind the value stays as it is, byte by byte."""
    content, text = drawn
    paths = [path for path in _paths(content) if not isinstance(_at(content, path), (dict, list))]
    assume(paths)
    path = data.draw(st.sampled_from(paths))
    after = edit(text, [ConfOp("replace", path, "s\u00fc\u00df")])
    start = next((i for i, (one, other) in enumerate(zip(text, after, strict=False)) if one != other), len(text))
    mark = after.index("s\u00fc\u00df", max(0, start - 3))
    tail = after[mark + 3 :].removeprefix("'").removeprefix('"')
    assert text.endswith(tail)


@given(SCRAPS, KEYS, VALUES)
def test_any_readable_text_takes_a_new_key_or_says_why_not(text, key, new):
    """Odd texts are edited rightly or refused, never damaged."""
    try:
        conf = read(text)
        after = edit(text, [ConfOp("add", (key,), new)])
    except (ConfSyntaxError, ConfEditError):
        return
    assert same(symbolic(read(after)), {**symbolic(conf), key: new})
