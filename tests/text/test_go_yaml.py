"""Colons in flow collections, anchors, escapes and tags, as Go reads them: Helm's `fromYaml` says what texts mean."""

from __future__ import annotations

import base64
import glob
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from natsvalues.text.composer import MappingNode
from natsvalues.text.paths import Op
from natsvalues.text.stream import split
from natsvalues.text.yamledit import edit
from natsvalues.text.yamltree import Tree, YamlSyntaxError, compose, find, parts, value

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
TEXTS = [
    "{image: alpine:3.20}", "[nats://h:7222]", "{urls: [nats://h:7222, nats://i:7222], tls: {a: b}}", "[a:b]", "{b:c}",
    "[b, c:]", "[c:, d]", "{c:}", "{c:,d: 1}", '{"b": c:d}', '{"b":c}', '{"b":c:d}', "{'b':c:d}", "[a:b:c]", "[a::b]",
    "[a:b c:d]", "[a: b:c]", '[b:"x"]', "{b :c}", "[&x a:b, *x]", "[!!str 1:2]", "[!<tag:yaml.org,2002:str> 1:2]",
    "[!foo:bar x:y]", "[-:x]", "{? b:c : d}", "{b:c: d:e}", "[b:c: d]", "[a:'b']", "[a:b, 'c:d', \"e:f\"] # g:h",
    "[a:b,\n    c:d]", "{a: b:c, d: |}", "{c:[1]}", "{c:{d: 1}}", "[::1]", "[:x]", "[http://x?y=z]", "{b?: 1}",
    "{b : :c}", "{[a]: b}", "{: b}", "{~: b}", "{null: b}", "{'': b}", "[\ue000:b]",
    "[&x a, *x, &x b, *x]", "[&x a:b, &x [*x], *x]", "[&x [*x]]", "[*y, a:b]", "{a: &x {b: 1}, c: &x {d:e: 2, <<: *x}}",
    "[a:b, a!b:c, !d:e f:g]", '"it\\\'s"', "['x\\', \"\\'\"]", '["\\/"]', "! off", "!!float 1", "!!int a",
    "{1: a, 0x10: b}", "{a: 1, <<: {a: 2}}", ".inf",
]  # fmt: skip
"""Values, many of which have a colon where YAML 1.1 and 1.2, and parsers, differ."""
TEMPLATE = (
    "{{ $all := list }}{{ range .Values.texts }}{{ $all = append $all (fromYaml (b64dec .)) }}{{ end }}"
    "kind: Read\nall: {{ $all | toJson | b64enc }}\n"
)


@pytest.fixture
def read_by_go(tmp_path, request) -> Callable[[str, list[str]], list[Any]]:
    """Let a helm read texts: what each means, or that it is refused (None)."""

    def read(helm: str, texts: list[str]) -> list[Any]:
        (tmp_path / "templates").mkdir(exist_ok=True)
        (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: x\nversion: 0.1.0\n")
        (tmp_path / "templates" / "read.yaml").write_text(TEMPLATE)
        values = {"texts": [base64.b64encode(text.encode()).decode() for text in texts]}
        (tmp_path / "values.yaml").write_text(json.dumps(values))
        command = [request.getfixturevalue(helm), "template", "x", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        found = next(line for line in done.stdout.splitlines() if line.startswith("all: "))
        return [None if "Error" in item else item for item in json.loads(base64.b64decode(found[5:]))]

    return read


def read_by_us(text: str) -> Any:
    """What we read, or None."""
    try:
        return value(compose(text))
    except YamlSyntaxError:
        return None


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_texts_mean_what_they_mean_to_helm(read_by_go, helm):
    """And what it refuses is refused."""
    texts = [f"k: {text}\n" for text in TEXTS]
    meant = read_by_go(helm, texts)
    assert {text: read_by_us(text) for text in texts} == dict(zip(texts, meant, strict=True))
    assert sum(item is None for item in meant) == 19


def test_positions_are_those_of_the_text():
    """Whatever stands before or behind, an edit changes its own characters only."""
    text = "# h:1\na: {image: alpine:3.20, m: 1, urls: [nats://h:7222, b:c]} # x:y\nb: [c:d]\nc: e:f\n"
    tree = Tree(text)
    for path, spelled in (
        (("a", "image"), "alpine:3.20"),
        (("a", "urls", 1), "b:c"),
        (("b", 0), "c:d"),
        (("c",), "e:f"),
    ):
        node = find(tree.root, *path)
        start, end = tree.span(node)
        assert (text[start:end], node.value) == (spelled, spelled)
    edited = edit(tree, (Op("replace", ("a", "m"), 2), Op("add", ("b", 1), "x:y")))
    assert edited.text == text.replace("m: 1", "m: 2").replace("[c:d]", '[c:d, "x:y"]')


def shape(node: Any) -> Any:
    """Everything about a node."""
    marks = [(mark.index, mark.line, mark.column) for mark in (node.start_mark, node.end_mark)]
    form = getattr(node, "style", None), getattr(node, "flow_style", None), str(node.ctag)
    inside = node.value if isinstance(node.value, str) else [shape(part) for part in parts(node)]
    return type(node).__name__, marks, form, inside


def test_nodes_are_those_of_the_c_composer():
    """One more document in flow style makes the difference: the others must not come out otherwise for it."""
    compared = 0
    for path in sorted(glob.glob(os.path.join(GOLDEN, "*", "input.yaml"))):
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            chunks = split(file.read())
        for chunk in chunks:
            text = chunk.text.rstrip("\r\n") + "\n"
            try:
                usual = compose(text)
            except YamlSyntaxError:
                continue
            other = compose(text + "zzz: [a:b]\n") if isinstance(usual, MappingNode) and not usual.flow_style else None
            if other is not None:
                compared += 1
                assert [shape(part) for part in parts(other)[:-2]] == [shape(part) for part in parts(usual)], path
    assert compared > 500


def test_many_colons_take_no_longer_than_few():
    """They are read in one pass, however many there are: here it would be twenty thousand."""
    items = ", ".join(f"nats://host-{number}:7222" for number in range(10_000))
    tree = Tree(f"urls: [{items}]\n")
    assert tree.value["urls"][-1] == "nats://host-9999:7222"


@pytest.mark.parametrize("text", ["1: a\n'1': b\n", "true: a\n'true': b\n", "1e3: a\n1000: b\n", ".nan: a\n.nan: b\n"])
def test_keys_that_are_one_in_json_are_refused(text):
    """Go has both in a mapping without an order, and takes one of them: no value would be right."""
    with pytest.raises(YamlSyntaxError, match="by chance"):
        value(compose(text))


def test_of_equal_keys_the_last_counts():
    """However they are spelled."""
    assert value(compose("1: a\n0x1: b\n")) == {"1": "b"}
