"""Properties of the YAML editor, judged by jsonpatch and by a second YAML reader."""

from __future__ import annotations

import jsonpatch
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from natsvalues.text.paths import Op, pointer
from natsvalues.text.yamledit import edit, same
from natsvalues.text.yamltree import Tree, value

KEYS = st.sampled_from(["a", "b", "name", "nats.conf", "n", "on", "app/x", "~", "0777", "a b", "#", "x:y", "é"])
TEXTS = st.sampled_from(
    [
        *("", "x", "yes", "1e3", "null", "a: b", "# no", "it's", '"q"', "$(POD_NAME)", "/healthz?js-server-only=true"),
        *("two\nlines\n", "two\nlines", " lead\nx\n", "tab\tx", "trail \nx\n", "a\n\nb\n\n", "😀\nx\n"),
        *("- x", "{x}", "\u2028", "\x85"),
    ]
)
SCALARS = st.one_of(TEXTS, st.integers(-5, 5000), st.booleans(), st.none(), st.just(1.5))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


class _Dumper(yaml.SafeDumper):
    """Dumps some multi-line strings as literal blocks."""


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _text)


@st.composite
def styled_documents(draw: st.DrawFn) -> tuple[str, object]:
    """Draw a document's text in some style, and its value."""
    content = draw(DOCUMENTS)
    text = yaml.dump(
        content,
        Dumper=draw(st.sampled_from([_Dumper, yaml.SafeDumper])),
        default_flow_style=draw(st.sampled_from([False, None, True])),
        default_style=draw(st.sampled_from([None, None, "'", '"'])),
        indent=draw(st.sampled_from([2, 4])),
        allow_unicode=draw(st.booleans()),
        width=draw(st.sampled_from([20, 1000])),
        sort_keys=False,
    )
    lines = text.split("\n")
    if draw(st.booleans()):
        lines = [line + "  # why" if line.endswith((":", "1", "x")) and not line.startswith((" ", "?")) else line
                 for line in lines]  # fmt: skip
    if draw(st.booleans()):
        lines = ["# head", *lines, "# tail"]
    text = "\n".join(lines)
    if draw(st.booleans()):
        text = "---\n" + text
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text, yaml.safe_load(text)


def _paths(content: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [at] if at else []
    if isinstance(content, dict):
        for key, item in content.items():
            found += _paths(item, (*at, key))
    elif isinstance(content, list):
        for index, item in enumerate(content):
            found += _paths(item, (*at, index))
    return found


def _containers(content: object) -> list[tuple[str | int, ...]]:
    here = [()] if isinstance(content, (dict, list)) else []
    return here + [path for path in _paths(content) if isinstance(_at(content, path), (dict, list))]


def _at(content: object, path: tuple[str | int, ...]) -> object:
    for step in path:
        content = content[step]  # type: ignore[index]  # a path made from this very value
    return content


@st.composite
def operations(draw: st.DrawFn, content: object) -> Op:
    """Draw an operation that is possible on the content."""
    kind = draw(st.sampled_from(["add", "replace", "remove"]))
    if kind == "add":
        path = draw(st.sampled_from(_containers(content)))
        box = _at(content, path)
        step = draw(st.one_of(st.just("-"), st.integers(0, len(box)))) if isinstance(box, list) else draw(KEYS)
        return Op("add", (*path, step), draw(VALUES))
    return Op(kind, draw(st.sampled_from(_paths(content))), draw(VALUES) if kind == "replace" else None)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_an_edit_means_what_jsonpatch_says(go_answers, data: st.DataObject) -> None:
    """Whatever the style: the edited text, read by other readers, is the value that jsonpatch gives."""
    text, content = data.draw(styled_documents())
    tree = Tree(text)
    assume(same(value(tree.root), content))  # some texts mean another thing to YAML 1.1 readers
    op = data.draw(operations(content))
    wire = {"op": op.op, "path": pointer(op.path)} | ({} if op.op == "remove" else {"value": op.value})
    expected = jsonpatch.apply_patch(content, [wire])

    after = edit(tree, (op,))

    assert same(expected, value(after.root))
    assert same(expected, go_answers(b"y" + after.text.encode(), expected))
    if expected:
        assert same(expected, yaml.safe_load(after.text))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_not_edited_keeps_its_bytes(data: st.DataObject) -> None:
    """Top-level entries other than the edited one stand in the result as they stood before."""
    text, content = data.draw(styled_documents())
    tree = Tree(text)
    assume(same(value(tree.root), content) and not tree.root.flow_style)
    # What follows a literal block without a final newline gives it one, so that its `|` must become `|-`.
    assume(text.endswith("\n") or "|" not in text)
    op = data.draw(operations(content))
    others = [tree.text[tree.start(key) : tree.end(item)] for key, item in tree.root.value if value(key) != op.path[0]]

    after = edit(tree, (op,))

    if value(after.root):
        for other in others:
            assert other in after.text
