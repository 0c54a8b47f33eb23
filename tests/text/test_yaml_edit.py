"""The YAML editor by example: before, operation, after, to the character."""

from __future__ import annotations

import pytest

from natsvalues.text.paths import Item, Op, PathError
from natsvalues.text.yamledit import EditRefused, edit
from natsvalues.text.yamltree import Tree

CASES = {
    "a list that cannot be edited in place is written anew, in its column, above a comment": (
        "  - x # c\n",
        Op("replace", (0,), {"k": ["m\nn"]}),
        "  - k:\n    - |-\n      m\n      n\n# c\n",
    ),
    "blanks at the end do not become a part of what is added": (
        "a: 1\nb:\n   ",
        Op("add", ("c",), "m\nn"),
        "a: 1\nb: null\nc: |-\n  m\n  n\n",
    ),
    "three dashes inside a text are no marker": ("a---x: 1\n", Op("remove", ("a---x",)), "{}\n"),
    "a plain scalar stays plain, its comment stays": (
        "a: nats # the name\nb: 2\n",
        Op("replace", ("a",), "eu-west"),
        "a: eu-west # the name\nb: 2\n",
    ),
    "a value that another reader could take for something else is quoted": (
        "a: nats\n",
        Op("replace", ("a",), "on"),
        'a: "on"\n',
    ),
    "single quotes stay": ("a: 'x'\n", Op("replace", ("a",), "it's"), "a: 'it''s'\n"),
    "double quotes stay": ('a: "x"\n', Op("replace", ("a",), "y"), 'a: "y"\n'),
    "a literal block stays literal, with its indentation and comment": (
        "data:\n    f: | # the file\n        one\n        two\n    g: 1\n",
        Op("replace", ("data", "f"), "one\n\nthree\n"),
        "data:\n    f: | # the file\n        one\n\n        three\n    g: 1\n",
    ),
    "null becomes a mapping under its key": (
        "metadata:\n  annotations: null\n  name: x\n",
        Op("add", ("metadata", "annotations"), {"a": "1"}),
        'metadata:\n  annotations:\n    a: "1"\n  name: x\n',
    ),
    "an empty value becomes a mapping": ("a:\nb: 1\n", Op("add", ("a",), {"c": 1}), "a:\n  c: 1\nb: 1\n"),
    "an empty flow mapping grows in block style": (
        "a: {} # none yet\nb: 1\n",
        Op("add", ("a",), {"c": 1}),
        "a: # none yet\n  c: 1\nb: 1\n",
    ),
    "a key is added behind the last one, before a trailing comment line": (
        "a:\n  b: 1 # one\n# end\nc: 2\n",
        Op("add", ("a", "d"), 3),
        "a:\n  b: 1 # one\n  d: 3\n# end\nc: 2\n",
    ),
    "a key behind a literal block": (
        "a:\n  f: |\n    x\nb: 1\n",
        Op("add", ("a", "g"), "w"),
        "a:\n  f: |\n    x\n  g: w\nb: 1\n",
    ),
    "several lines behind the last key of a text without a final newline get one": (
        "a:\n  b: 1",
        Op("add", ("a", "c"), "two\nlines\n"),
        "a:\n  b: 1\n  c: |\n    two\n    lines\n",
    ),
    "an item is appended with its siblings' dash": (
        "ports:\n- name: a\n  port: 1\nb: 1\n",
        Op("add", ("ports", "-"), {"name": "c", "port": 2}),
        "ports:\n- name: a\n  port: 1\n- name: c\n  port: 2\nb: 1\n",
    ),
    "an item before another": ("a:\n  - x\n  - z\n", Op("add", ("a", 1), "w"), "a:\n  - x\n  - w\n  - z\n"),
    "flow style stays flow": (
        "spec: {type: ClusterIP, ports: [{port: 1}]}\n",
        Op("add", ("spec", "ports", "-"), {"port": 2}),
        "spec: {type: ClusterIP, ports: [{port: 1}, {port: 2}]}\n",
    ),
    "a removed key takes its line and its comment along": (
        "a: 1\nb: 2 # gone\nc: 3\n",
        Op("remove", ("b",)),
        "a: 1\nc: 3\n",
    ),
    "the first key of a list item is removed": (
        "a:\n- name: x\n  port: 1\n",
        Op("remove", ("a", 0, "name")),
        "a:\n- port: 1\n",
    ),
    "the last entry leaves an empty mapping": ("a:\n  b: 1\nc: 2\n", Op("remove", ("a", "b")), "a: {}\nc: 2\n"),
    "an item found by its name": (
        "env:\n- name: A\n  value: x\n- name: B\n  value: y\n",
        Op("replace", ("env", Item("name", "B"), "value"), "z"),
        "env:\n- name: A\n  value: x\n- name: B\n  value: z\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_only_the_asked_for_characters_change(case):
    """Each operation gives exactly the text a careful person would have written."""
    before, op, after = CASES[case]

    assert after == edit(Tree(before), (op,)).text


def test_an_edit_that_changes_nothing_gives_back_the_same_tree():
    """Setting what is there already is no edit, whatever its spelling."""
    tree = Tree("a: 'x'\nb: 0x10\n")

    assert edit(tree, (Op("replace", ("a",), "x"), Op("add", ("b",), 16))) is tree


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ("a: &x {b: 1}\nc: *x\n", ("c", "b"), "shared through an anchor"),
        ("a: &x {b: 1}\nc: *x\n", ("a", "b"), "shared through an anchor"),
        ("a: 1\nb: 2\na: 3\n", ("a",), "is duplicated"),
        ("x: &x {b: 1}\na:\n  <<: *x\n  c: 2\n", ("a", "b"), "merge key"),
    ],
)
def test_what_makes_an_edit_ambiguous_is_refused_by_name(text, path, found):
    """Aliases, duplicate keys and merge keys in the way are errors, never guesses."""
    with pytest.raises(EditRefused) as refusal:
        edit(Tree(text), (Op("replace", path, 9),))

    assert found in refusal.value.message


def test_an_anchor_elsewhere_does_not_matter():
    """Only what is on the way to the edit must be unambiguous."""
    text = "a: &x {b: 1}\nc: *x\nd: 1\n"

    assert text.replace("d: 1", "d: 2") == edit(Tree(text), (Op("replace", ("d",), 2),)).text


def test_a_path_that_leads_nowhere_names_what_is_there():
    """A missing key and a missing name are errors that list the candidates."""
    with pytest.raises(PathError) as missing_key:
        edit(Tree("a: {b: 1, c: 2}\n"), (Op("replace", ("a", "x", "y"), 1),))
    with pytest.raises(PathError) as missing_name:
        edit(Tree("l: [{name: a}, {name: b}]\n"), (Op("replace", ("l", Item("name", "z"), "v"), 1),))

    assert missing_key.value.hint == "there are: b, c"
    assert missing_name.value.hint == "there are: a, b"
