"""Edits of configurations and of YAML: the new text means what jsonpatch makes of the old value, to Go as well."""

from __future__ import annotations

import random
import re
import zlib
from typing import TYPE_CHECKING, Any

import jsonpatch

from fuzzing import configurations, yaml_texts
from fuzzing.judge import YAML
from fuzzing.target import Asked, Difference, Target
from natsvalues.errors import InternalError
from natsvalues.text.natsconf import ConfEditError, ConfOp, ConfSyntaxError, read, same, symbolic
from natsvalues.text.natsconf import edit as edit_conf
from natsvalues.text.paths import Op, PathError, pointer
from natsvalues.text.stream import NO_MARKER
from natsvalues.text.yamledit import EditRefused
from natsvalues.text.yamledit import edit as edit_yaml
from natsvalues.text.yamledit import same as same_json
from natsvalues.text.yamltree import Tree, YamlSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAB_FIRST = re.compile(r"^ *\t", re.MULTILINE)
NEW = [
    1, -5, True, False, 1.5, 2**62, "x", "it's", "a\nb", "a\nb\n", "#", "", "1k", "2m30s", "$A", "true", " lead",
    "trail ", "\t", "- x", "a: b", "{", "'", '"', "\\", "\u00e9", "\u2028", "\x7f", [], {}, [1, 2],
    {"a b": [{}], "c": [7]}, {"k": {"l": ["m\nn"]}},
]  # fmt: skip
"""Values that edits put in, beside those that the text has somewhere else."""
KEYS = ["new", "a", "a b", "x/y", "n", "1", "\u00e9", "#", "include", "~", "<<"]


def operation(text: str, content: Any) -> dict[str, Any] | None:
    """An operation as RFC 6902 writes it, with its path as a tuple in `steps`; the same one for the same text."""
    rng = random.Random(zlib.crc32(text.encode()))  # noqa: S311 - texts, no secrets
    paths = list(_paths(content, ()))
    kind = rng.choice(("add", "add", "replace", "remove"))
    if kind == "add":
        boxes = [(), *(path for path in paths if isinstance(_at(content, path), (dict, list)))]
        path = rng.choice(boxes)
        box = _at(content, path)
        if not isinstance(box, (dict, list)):
            return None
        step = rng.choice(KEYS) if isinstance(box, dict) else rng.choice(("-", rng.randint(0, len(box))))
        path = (*path, step)
    elif paths:
        path = rng.choice(paths)
    else:
        return None
    new = rng.choice(NEW) if rng.random() < 0.8 or not paths else _at(content, rng.choice(paths))
    wire = {"op": kind, "path": pointer(path), "steps": path}
    return wire if kind == "remove" else wire | {"value": new}


def _paths(item: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    children = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _at(item: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        item = item[step]
    return item


def conf_trial(text: str) -> Asked | None:
    """One edit of a configuration whose value needs neither files nor variables."""
    if "\0" in text or "\ufeff" in text:  # which may come to stand at the beginning
        return None
    try:
        content = symbolic(read(text))
        wire = operation(text, content)
        if wire is None:
            return None
        op = ConfOp(wire["op"], wire["steps"], wire.get("value"))
        after = edit_conf(text, [op])
        expected = jsonpatch.apply_patch(content, [wire])
        if after is text and "$" in text:
            return None  # a variable may have the value already
        if not same(symbolic(read(after)), expected):
            raise Difference(f"{wire} gives {after!r}")
        if op.op == "replace" and edit_conf(after, [op]) is not after:
            raise Difference(f"{wire} changes {after!r} again")
    except (ConfSyntaxError, ConfEditError):
        return None
    except InternalError as error:
        raise Difference(f"{error.code} for {wire}") from error
    return configurations.trial(after)


def yaml_trial(text: str) -> Asked | None:
    """One edit of a YAML document; none where lines begin with tabs, or with `---x`, which no stream may have."""
    if _TAB_FIRST.search(text) or NO_MARKER.search(text):
        return None
    try:
        tree = Tree(text)
        wire = operation(text, tree.value)
        if wire is None:
            return None
        op = Op(wire["op"], wire["steps"], wire.get("value"))
        after = edit_yaml(tree, (op,))
        expected = jsonpatch.apply_patch(tree.value, [wire])
        if not same_json(after.value, expected):
            raise Difference(f"{wire} gives {after.text!r}")
    except (YamlSyntaxError, PathError, EditRefused):
        return None
    except InternalError as error:
        raise Difference(f"{error.code} for {wire}") from error
    return Asked(YAML + after.text.encode(), expected)


TARGETS = (
    Target(
        "conf-edit", "an edit of nats.conf: the value that jsonpatch gives, as nats-server's parser reads it",
        configurations.FRAGMENTS, configurations.seeds, conf_trial, configurations.agrees,
    ),
    Target(
        "yaml-edit", "an edit of a YAML document: the value that jsonpatch gives, as sigs.k8s.io/yaml reads it",
        yaml_texts.FRAGMENTS, yaml_texts.seeds, yaml_trial, yaml_texts.agrees,
    ),
)  # fmt: skip
