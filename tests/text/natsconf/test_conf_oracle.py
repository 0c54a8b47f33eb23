"""Thousands of damaged and invented texts, read by us and by the server's own parser (oracle/main.go)."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess

import pytest

from natsvalues.text.natsconf import (
    ConfEditError,
    ConfOp,
    ConfSyntaxError,
    Raw,
    edit,
    includes,
    read,
    same,
    unresolved,
    value,
)

pytestmark = [pytest.mark.slow, pytest.mark.nats]

TEXTS = [
    '{\n  "c": {\n    "r": [\n      "a",\n      "b"\n    ]\n  },\n  "p": 10Gi,\n  "s": $X\n}\n',
    "# c\nport: 4222 // d\nm {x=1, y: [1 2, 'q' ]; z yes}\nX=10\nw=$X\nt = 1.5\nip: 10.0.0.1:4222\n",
    'a: (\nblock\n)\r\nb { c { d: "e\\t\\x41" } }\n"k k": $2a$10$abc\nd: 2016-05-04T18:53:41Z\n',
    "l: [\n {a: 1}, {b: -2.5}\n [ # c\n 1\n ]\n]\nu nats://h:1\nv: 2m\n",
]
FRAGMENTS = [
    *"{}[]()=:,;#/'\"\\ \n\r\t$.-_", "\n)\n", "(\n", "\r\n", "//", "}\n", '"}"', "[1", "[-1]",
    "\\n", "\\xff", "\\xc3\\xa9",
    '\\"', "$a", "$2a$x", "${V}", "include ", "true", "ON", "1'", "1kb]", "1.2.3.-:",
    "1", "-1", "1.5", "1.2.3", "1k", "5kbi", "1bb", "10Gi", "16Ei", "1e3", "30s", "9223372036854775808",
    "2016-05-04", "2016-02-30T18:53:41Z", "a", "b=", "c: ", "m {", "a { b }",
    "\xa0", "\u2028", "\x1c", "\x85", "\u00e9", "\u0663",
]  # fmt: skip


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """Ask the server's parser about many texts at once."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("not in this clone: a Go toolchain to build the server's parser")
    folder = tmp_path_factory.mktemp("oracle")
    source = os.path.join(os.path.dirname(__file__), "oracle")
    subprocess.run([go, "build", "-buildvcs=false", "-o", folder / "oracle", "."], cwd=source, check=True)

    def ask(texts):
        lines = "".join(base64.b64encode(text.encode("utf-8", "surrogateescape")).decode() + "\n" for text in texts)
        command = [str(folder / "oracle")]
        done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, env={}, cwd=folder)
        return [json.loads(line) for line in done.stdout.split("\n")[:-1]]

    return ask


def _invent(rng):
    """Piece a text together, or damage a sound one in a few places."""
    if rng.random() < 0.4:
        return "".join(rng.choices(FRAGMENTS, k=rng.randint(1, 12)))
    text = rng.choice(TEXTS)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randint(0, len(text))
        cut = rng.choice((0, 0, 1, 1, 5))
        text = text[:at] + rng.choice(["", *FRAGMENTS]) + text[at + cut :]
    return text


def _bytewise(item):
    """Our value in the form of the oracle."""
    if isinstance(item, dict):
        return {_bytewise(key): _bytewise(part) for key, part in item.items()}
    if isinstance(item, list):
        return ["a", *map(_bytewise, item)]
    if isinstance(item, float):
        return ["f", item]
    return item.encode("utf-8", "surrogateescape").decode("latin-1") if isinstance(item, str) else item


def _floats(item):
    if isinstance(item, dict):
        return {key: _floats(part) for key, part in item.items()}
    if isinstance(item, list):
        return ["f", float.fromhex(item[1])] if item[0] == "f" else ["a", *map(_floats, item[1:])]
    return item


def _outcome(text):
    """Say what we make of a text, None for an error; the oracle has neither files nor variables."""
    conf = read(text)
    return None if includes(conf) or unresolved(conf) else _bytewise(value(conf))


def test_reading_agrees_with_the_server_on_values_and_errors(judge):
    """They differ only where a quote is open at the very end of the text, which we always refuse."""
    rng = random.Random(2142)  # noqa: S311 # no secret
    texts = [_invent(rng) for _ in range(10000)]
    disagreements = []
    for text, outcome in zip(texts, judge(texts), strict=True):
        try:
            ours = _outcome(text)
        except ConfSyntaxError as error:
            ours = None
            if "never closed" in error.message and text[-1:] in "\"'":
                continue
        if not same(ours, _floats(outcome.get("value"))):
            disagreements.append(text)
    assert disagreements == []


NEW = [
    1,
    -5,
    True,
    1.5,
    "x",
    "it's",
    "a\nb",
    "#",
    "",
    "1k",
    "\udcff\u00e9",
    [1, 2],
    {"a b": [{}], "c": [7]},
    Raw("10Gi"),
]


def test_the_server_reads_what_the_editor_wrote(judge):
    """Odd texts, edited somewhere at random: the server's value is ours, and it never refuses."""
    rng = random.Random(2143)  # noqa: S311 # no secret
    edited = []
    for text in (_invent(rng) for _ in range(12000)):
        try:
            if _outcome(text) is None or text.startswith("\ufeff"):
                continue
            paths = [("new",), *_paths(value(read(text)))]
            op = ConfOp(rng.choice(["add", "replace", "remove"]), rng.choice(paths), rng.choice(NEW))
            edited.append(edit(text, [op]))
        except (ConfSyntaxError, ConfEditError):
            continue
    assert len(edited) > 900
    for text, outcome in zip(edited, judge(edited), strict=True):
        if _outcome(text) is not None:
            assert same(_outcome(text), _floats(outcome.get("value"))), text


def _paths(item, path=()):
    children = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _paths(child, (*path, key))
