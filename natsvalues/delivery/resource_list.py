"""The list that kustomize and kpt pass to a function, as a release; and the list that the function returns.

facts: `config.kubernetes.io/v1` ResourceList, read in the KRM Functions Specification and in kyaml 0.21, run with
kustomize 5.8.2. Everything else is returned unchanged, character by character: order, comments and the annotations by
which the orchestrator recognises its resources.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from natsvalues.errors import InternalError, NatsvaluesError, Where
from natsvalues.manifests.carried import INDEX, INTERNAL, PATH
from natsvalues.manifests.release import Release
from natsvalues.text.composer import MappingNode, Node, SequenceNode
from natsvalues.text.paths import Op
from natsvalues.text.spans import Edit, Span, splice
from natsvalues.text.stream import BOM, Chunk
from natsvalues.text.yamledit import edit, same
from natsvalues.text.yamltree import Tree, Value, YamlSyntaxError, at, find, value
from natsvalues.text.yamlwrite import block, indented

if TYPE_CHECKING:
    from natsvalues.manifests.release import Manifest

NOT_A_LIST = "NV-F001"
API_VERSION = "config.kubernetes.io/v1"
KIND = "ResourceList"
_MARKER = "---\n"


class Part:
    """A part of the list as a document of its own: its text without the indentation, and its first line in the list."""

    def __init__(self, tree: Tree, node: Node) -> None:
        start, end = tree.span(node)
        text = tree.text
        self.column = int(node.start_mark.column)
        self.line = tree.line(node)
        # Whole lines if only a comment, which belongs to the value, follows it.
        stop = end - 1 if text[end - 1] == "\n" else text.find("\n", end)
        stop = len(text) if stop < 0 else stop
        self.span = Span(start, stop if text[end:stop].lstrip(" \t")[:1] in ("", "#") else end)
        first, *rest = text[start : self.span.end].split("\n")
        self.text = "\n".join([first, *(_outdented(line, self.column) for line in rest)]) + "\n"

    def placed(self, text: str) -> str:
        """A new text for this part, with the indentation of the list."""
        first, *rest = text.removesuffix("\n").split("\n")
        return "\n".join([first, *indented(rest, self.column)])


def _outdented(line: str, columns: int) -> str:
    return line[columns:] if not line[:columns].strip(" ") else line.lstrip(" ")


class ResourceList:
    """One ResourceList as it was read.

    `release` has its items, numbered in their order, with their lines; `config` is the functionConfig, if there is one.
    """

    def __init__(self, text: str, file: str) -> None:
        """Raise NatsvaluesError (NV-I002, NV-F001) for input that is not a ResourceList."""
        try:
            tree = Tree(text)
            self._require(tree, file)
        except YamlSyntaxError as error:
            raise at(file, 1, error) from None
        if "results" in tree.value:  # results are the output of a function
            tree = edit(tree, (Op("remove", ("results",)),))
        parts = _parts(tree)
        if parts is None:  # JSON, or anchors across items: written in the block style, which can be split
            tree = Tree("\n".join(block(tree.value)) + "\n")
            parts = _parts(tree)
        if parts is None:
            raise InternalError("NV-X003", "a ResourceList could not be split into its items")
        self.tree = tree
        self.items = parts
        self.config = _config(tree)
        self.release = Release.of([Chunk(_MARKER + part.text, part.line - 1) for part in parts], file)

    @staticmethod
    def _require(tree: Tree, file: str) -> None:
        fields = tree.value if isinstance(tree.value, dict) else {}
        stated = tuple(str(fields.get(name) or "nothing") for name in ("apiVersion", "kind"))
        items = fields.get("items")
        if stated == (API_VERSION, KIND) and (items is None or isinstance(items, list)):
            return
        what = (
            "items that are not a list" if stated == (API_VERSION, KIND) else f"{stated[1]} of apiVersion {stated[0]}"
        )
        raise NatsvaluesError(
            NOT_A_LIST,
            f"not a {KIND} of {API_VERSION}, but {what}",
            where=(Where(file, 1, field="items" if stated == (API_VERSION, KIND) else "apiVersion, kind"),),
            hint="natsvalues krm is a function for kustomize (transformers) and kpt, which give it such a list on\n"
            "standard input; a stream of rendered documents is for natsvalues post-render",
        )

    def item_at(self, line: int) -> int | None:
        """The number of the item that contains a line of the list."""
        for number, part in enumerate(self.items):
            if part.line <= line < part.line + part.text.count("\n"):
                return number
        return None

    def with_results(self, results: list[dict[str, Any]]) -> str:
        """The list as it was read, with results."""
        return self._written([], list(self.tree.value.get("items") or ()), results)

    def written(self, release: Release, results: list[dict[str, Any]]) -> str:
        """The list with the items of `release`, which was edited from this one, and with results.

        Raises InternalError if the text would not have that meaning.
        """
        edits = [
            Edit(self.items[number].span, self.items[number].placed(manifest.text.removeprefix(_MARKER)))
            for number, manifest in release.changed.items()
        ]
        wanted: list[Value] = []
        for number, given in enumerate(self.tree.value.get("items") or ()):
            wanted.append(release.changed[number].value if number in release.changed else given)
            behind = [added for added in release.added.values() if added.after == number]
            new = [_new_item(added.manifest, given) for added in behind]
            if new:
                part = self.items[number]
                lines = indented(block(new), part.column - 2)
                edits.append(Edit(Span(part.span.end, part.span.end), "\n" + "\n".join(lines)))
            wanted += new
        return self._written(edits, wanted, results)

    def _written(self, edits: list[Edit], items: list[Value], results: list[dict[str, Any]]) -> str:
        text = splice(self.tree.text, edits)
        text = text if text.endswith("\n") else text + "\n"
        if results:
            text += "\n".join(block({"results": results})) + "\n"
        wanted = {**self.tree.value, **({"items": items} if items else {}), **({"results": results} if results else {})}
        if not same(Tree(text).value, wanted):
            raise InternalError("NV-X003", "the edited ResourceList has another meaning than required")
        return text


def _parts(tree: Tree) -> list[Part] | None:
    """The items, if each can be cut out by its lines; None if not."""
    items = find(tree.root, "items")
    if (
        not isinstance(tree.root, MappingNode)
        or tree.root.flow_style
        or tree.shared_ids()
        or tree.root.start_mark.column
    ):
        return None
    if "\r" in tree.text or tree.text.startswith(BOM) or "\n..." in tree.text:
        return None
    if not isinstance(items, SequenceNode) or not items.value:
        return []
    if items.flow_style:
        return None
    parts = [Part(tree, node) for node in items.value]
    for part, node in zip(parts, items.value, strict=True):
        before = tree.text[tree.text.rfind("\n", 0, part.span.start) + 1 : part.span.start]
        if before.strip() != "-" or not before.endswith("- ") or not isinstance(node, MappingNode):
            return None
        try:
            alone = Tree(part.text).value
        except YamlSyntaxError:
            return None
        if not same(alone, value(node)):
            return None
    return parts


def _config(tree: Tree) -> Part | None:
    node = find(tree.root, "functionConfig")
    return Part(tree, node) if isinstance(node, MappingNode) else None


def _new_item(manifest: Manifest, neighbour: Value) -> Value:
    """A new object as an item: in a package of files it gets a file of its own beside its neighbour's.

    kustomize gives no paths; it treats a resource without any of its annotations as a new one (run on 5.8.2).
    """
    annotations = ((neighbour.get("metadata") or {}).get("annotations")) or {}
    carried: dict[str, str] = {}
    for name in (PATH, INTERNAL + PATH):
        if name in annotations:
            folder = os.path.dirname(str(annotations[name]))
            carried[name] = os.path.join(folder, f"{manifest.key.kind}_{manifest.key.name}.yaml".lower())
            carried[name.replace(PATH, INDEX)] = "0"
    return {**manifest.value, "metadata": {**manifest.metadata, "annotations": {**manifest.annotations, **carried}}}
