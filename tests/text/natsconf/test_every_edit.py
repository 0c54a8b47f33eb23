"""Every edit that a few small texts allow, in every style: what characters it takes away and puts there.

edits/NAME.txt has them for the text edits/NAME.conf, one on each line: the operation, and the characters of the text
that are replaced (with their offset) and what by. NATSVALUES_UPDATE_GOLDEN=1 writes them anew.
"""

from __future__ import annotations

import os

import pytest

from natsvalues.text.natsconf import ConfEditError, ConfOp, Raw, Variable, edit, read, symbolic
from natsvalues.text.natsconf.editor import dotted

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "edits")
UPDATING = os.environ.get("NATSVALUES_UPDATE_GOLDEN") == "1" and not os.environ.get("CI")
TEXTS = sorted(name.removesuffix(".conf") for name in os.listdir(FOLDER) if name.endswith(".conf"))


def operations(value, path):
    """Edits of everything in a value, and additions before, between and behind."""
    if path:
        yield ConfOp("remove", path)
        yield ConfOp("replace", path, 7)
        yield ConfOp("replace", path, "it's")
        yield ConfOp("replace", path, {"p": 1, "q": [Variable("V"), Raw("2Gi")]})
    if isinstance(value, dict):
        yield ConfOp("add", (*path, "new"), 8)
        yield ConfOp("add", (*path, "new"), {"r": {}, "s": [[], "x"]})
        for key, item in value.items():
            yield from operations(item, (*path, key))
    elif isinstance(value, list):
        for index in (*range(len(value)), "-"):
            yield ConfOp("add", (*path, index), 9)
        yield ConfOp("add", (*path, len(value)), ["y", {"z": True}])
        for index, item in enumerate(value):
            yield from operations(item, (*path, index))


def outcome(text, operation) -> str:
    """What an edit does, on a line."""
    name = f"{operation.op} {dotted(operation.path)} {operation.value!r}"
    try:
        after = edit(text, [operation])
    except ConfEditError as error:
        return f"{name}: {error.message} ({error.hint})"
    start = alike(text, after)
    end = alike(text[start:][::-1], after[start:][::-1])
    old, new = text[start : len(text) - end], after[start : len(after) - end]
    return f"{name}: {start} {old!r} -> {new!r}"


def alike(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


@pytest.mark.parametrize("name", TEXTS)
def test_every_edit(name):
    """As on file."""
    with open(os.path.join(FOLDER, f"{name}.conf"), encoding="utf-8", newline="") as file:
        text = file.read()
    done = "".join(f"{outcome(text, operation)}\n" for operation in operations(symbolic(read(text)), ()))
    path = os.path.join(FOLDER, f"{name}.txt")
    if UPDATING:
        with open(path, "w", encoding="utf-8") as file:
            file.write(done)
    with open(path, encoding="utf-8") as file:
        assert done == file.read()
