"""Values files as text: several merged, with the region's values written into them; comments and order are kept."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from natsvalues import __version__
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.records import NamedTuple
from natsvalues.text.composer import MappingNode
from natsvalues.text.paths import Op, dotted
from natsvalues.text.yamledit import EditRefused, edit
from natsvalues.text.yamltree import Tree, YamlSyntaxError, at, find, key_text
from natsvalues.text.yamlwrite import block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.delivery.rendering import Steps, Values
    from natsvalues.delivery.values import RegionValues
    from natsvalues.text.composer import Node

MARK = "# Made by natsvalues "
_HEAD_LINES = 3


class ValuesFile(NamedTuple):
    """One values file: its name, and its text as nodes."""

    name: str
    tree: Tree

    @property
    def values(self) -> Values:
        """Its keys; empty for a file of comments."""
        return self.tree.value or {}


def read_values(name: str, text: str) -> ValuesFile:
    """A values file. Raises NatsvaluesError if it is not one YAML mapping."""
    try:
        tree = Tree(_without_head(text.replace("\r\n", "\n")))
    except YamlSyntaxError as error:
        raise at(name, 1, error) from None
    if tree.root is not None and not isinstance(tree.root, MappingNode) and tree.value is not None:
        raise NatsvaluesError(
            "NV-V005",
            "a values file must be a mapping, and this is not one",
            where=(Where(name, tree.line(tree.root)),),
            hint="use the keys that `helm show values` lists, such as config: {cluster: {enabled: true}}",
        )
    return ValuesFile(name, tree)


def _without_head(text: str) -> str:
    """The text without the comment that an earlier run wrote above it."""
    return "".join(text.splitlines(keepends=True)[_HEAD_LINES:]) if text.startswith(MARK) else text


class Places(NamedTuple):
    """Where the user's values are: the files by name, later ones over earlier ones."""

    files: tuple[tuple[str, Tree], ...] = ()

    def where(self, path: Steps) -> Where:
        """The line of a key in the last file that has it, or of the block around it."""
        for depth in range(len(path), 0, -1):
            for name, tree in reversed(self.files):
                node = _key(find(tree.root, *path[: depth - 1]), path[depth - 1])
                if node is not None:
                    return Where(name, tree.line(node), field=dotted(path))
        return Where(self.files[-1][0] if self.files else "values", field=dotted(path) or None)


def _key(node: Node | None, key: str | int) -> Node | None:
    """The node where a value begins: its key; an item of a list has none."""
    if isinstance(node, MappingNode):
        return next((name for name, _ in reversed(node.value) if key_text(name) == key), None)
    return find(node, key)


def places(files: list[ValuesFile]) -> Places:
    """Where keys are in these files."""
    return Places(tuple((file.name, file.tree) for file in files))


def merged(files: list[ValuesFile]) -> Tree:
    """The files as one, later ones over earlier ones, as Helm does: maps are merged, anything else is replaced.

    The first keeps its comments and order; a key of a later one that is new comes with the comments above it.
    """
    tree = files[0].tree if files else Tree("")
    for file in files[1:]:
        if tree.root is None:
            tree = Tree(tree.text + file.tree.text)
            continue
        for key, text in _entries(file.tree):
            if key not in tree.value and text is not None and not _is_flow(tree):
                tree = Tree(tree.text.rstrip("\n") + "\n" + text)
            else:
                ops = _over(tree.value.get(key), file.values[key], (key,), present=key in tree.value)
                tree = edited(tree, tuple(ops), file.name)
    return tree


def _entries(tree: Tree) -> Iterator[tuple[str, str | None]]:
    """Each key of a file with its text, comments above it included; None for one that cannot be cut out."""
    root: Node | None = tree.root
    if root is None:
        return
    lines = tree.text.splitlines(keepends=True)
    begun = 0
    for key, item in root.value:
        end = tree.text.count("\n", 0, tree.end(item)) + 1 if item.value else tree.line(key)
        plain = not _is_flow(tree) and "&" not in tree.text and "*" not in tree.text
        yield key_text(key), "".join(lines[begun:end]).rstrip("\n") + "\n" if plain else None
        begun = end


def _is_flow(tree: Tree) -> bool:
    return bool(getattr(tree.root, "flow_style", False))


def _over(old: Any, new: Any, path: tuple[str, ...], *, present: bool) -> Iterator[Op]:
    if isinstance(old, dict) and isinstance(new, dict) and old:
        for key, item in new.items():
            yield from _over(old.get(key), item, (*path, key), present=key in old)
    elif not present or old != new or isinstance(old, bool) != isinstance(new, bool):
        yield Op("add", path, new)


def edited(tree: Tree, ops: tuple[Op, ...], name: str) -> Tree:
    """The tree with operations done. Raises NatsvaluesError, with the place, if an alias or a merge key prevents it."""
    try:
        return edit(tree, ops)
    except EditRefused as error:
        error.where = error.where or tuple(Where(name, line) for line in error.lines)
        raise


def written(tree: Tree, region: RegionValues, name: str, defaults: Values) -> str:
    """The values with the region's settings in them; where the user has none, in the order of the chart's defaults."""
    if tree.root is None or not tree.value:
        comments = tree.text if tree.root is None else ""
        return comments + "\n".join(block(_ordered(region.values, defaults))) + "\n"
    text = edited(tree, region.ops, name).text
    return text if text.endswith("\n") else text + "\n"


def _ordered(values: Values, known: Values) -> Values:
    """The values in the order in which the chart's own document has the keys."""
    keys = [*(key for key in known if key in values), *(key for key in values if key not in known)]
    return {
        key: _ordered(values[key], known[key])
        if isinstance(values[key], dict) and isinstance(known.get(key), dict)
        else values[key]
        for key in keys
    }


def head(region: str, stage: str, chart_version: str, command: list[str]) -> str:
    """The comment above the values: what they are for, and the command that writes them again."""
    return (
        f"{MARK}{__version__} for region {region} in stage {stage} and chart {chart_version}:\n"
        f"# {shlex.join(command)}\n"
        "# Run it again when an overlay, your values or the chart change; changes made in this file are overwritten.\n"
    )
