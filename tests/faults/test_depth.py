"""Whatever is nested without end is refused soon, and what is nested as deep as is allowed passes everywhere."""

from __future__ import annotations

import json
import time

import pytest

from natsvalues.errors import NatsvaluesError
from natsvalues.text.levels import MOST_LEVELS, levels
from natsvalues.text.natsconf import read
from natsvalues.text.natsconf import value as conf_value
from natsvalues.text.paths import Op, PathError
from natsvalues.text.yamledit import edit
from natsvalues.text.yamltree import Tree

STYLES = {
    "flow lists": lambda depth: "a: " + "[" * depth + "]" * depth,
    "flow lists without an end": lambda depth: "a: " + "[" * depth,
    "flow mappings": lambda depth: "a: " + "{b: " * depth + "1" + "}" * depth,
    "block mappings": lambda depth: "\n".join(" " * level + "a:" for level in range(depth)),
    "block lists": lambda depth: "- " * depth + "x",
    "explicit keys": lambda depth: "? " * depth + "x",
    "behind a colon that only Go reads": lambda depth: "a: [b:c, " + "[" * depth,
    "aliases": lambda depth: "k0: &k0 {a: 1}\n" + "".join(f"k{i}: &k{i} {{a: *k{i - 1}}}\n" for i in range(1, depth)),
    "JSON": lambda depth: json.dumps({"a": 1})[:-1] + ', "b": ' + '{"c": ' * depth + "1" + "}" * depth + "}",
}


@pytest.mark.parametrize("depth", [1200, 30_000])
@pytest.mark.parametrize("style", STYLES)
def test_depth_is_refused_in_little_time(style, depth):
    """With its line; the C parser alone would end the process, or take seconds."""
    text = STYLES[style](min(depth, 900) if style == "aliases" else depth)
    begun = time.process_time()

    with pytest.raises(NatsvaluesError) as error:
        Tree(text)

    assert (error.value.code, error.value.message) == ("NV-I010", f"nested more than {MOST_LEVELS} levels deep")
    assert time.process_time() - begun < 5  # the garbage of all tests before it may be collected meanwhile


@pytest.mark.parametrize("depth", [1200, 30_000])
def test_a_deep_nats_conf_is_refused(depth):
    """In maps, in arrays, and through variables that stand in each other."""
    repeated = "k0: 1\n" + "".join(f"k{i}: {{a: $k{i - 1}, b: $k{i - 1}}}\n" for i in range(1, depth))
    for text in ("a: " + "[" * depth, "a: " + "{b: " * depth, repeated):
        with pytest.raises(NatsvaluesError) as error:
            conf_value(read(text))
        assert error.value.code == "NV-C001"


@pytest.mark.parametrize("verb", [("post-render", "--region=eu-west"), ("lint", "--region=eu-west", "-")])
@pytest.mark.parametrize("depth", [1200, 30_000])
def test_verbs_refuse_deep_documents_and_overlays(verb, depth, here, rendering, refused):
    """Neither a RecursionError nor a segmentation fault."""
    name, *words = verb
    deep = f"{rendering}---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nats\ngateway: {'[' * depth}\n"
    said = refused("NV-I010", name, "--overlays=overlays", *words, stdin=deep, cwd=here)
    assert " --> standard input:" in said

    (here / "overlays" / "us-east.yaml").write_text(f"kind: Region\nname: {'[' * depth}\n", encoding="utf-8")
    said = refused("NV-I010", name, "--overlays=overlays", *words, stdin=rendering, cwd=here)
    assert " --> overlays/us-east.yaml:2:" in said


def test_what_is_as_deep_as_allowed_passes_every_verb(here, rendering, run):
    """Comparing and judging call themselves several times for each level."""
    room = MOST_LEVELS - 3
    texts = []
    for leaf in "12":
        deep = "{a: " * room + leaf + "}" * room
        extra = f"---\napiVersion: example.com/v1\nkind: Deep\nmetadata:\n  name: nats\nspec:\n  gateway: {deep}\n"
        texts.append(rendering + extra)
    assert max(levels(Tree(text).value) for text in extra.split("---\n") if text) == MOST_LEVELS - 1
    for name, text in zip(("old.yaml", "new.yaml"), texts, strict=True):
        (here / name).write_text(text, encoding="utf-8")

    reports = [f"--output={form}={form}" for form in ("json", "html", "markdown", "github", "jsonpatch")]
    done = run("natsvalues", "diff", "old.yaml", "new.yaml", "--output=text", *reports, cwd=here, check=True)
    assert ": 1 -> 2\n" in done.stdout
    options = ("--overlays=overlays", "--region=eu-west")
    assert run("natsvalues", "post-render", *options, stdin=texts[0], cwd=here).returncode == 0
    assert run("natsvalues", "lint", "old.yaml", *options, cwd=here).returncode in (0, 4)


def test_a_value_that_would_be_too_deep_is_refused():
    """It fits, and the place where it is put is too deep."""
    tree = Tree("{a: " * 60 + "1" + "}" * 60)
    value = 1
    for _ in range(60):
        value = {"b": value}

    with pytest.raises(PathError, match=f"nested more than {MOST_LEVELS} levels deep"):
        edit(tree, (Op("replace", ("a",) * 60, value),))
