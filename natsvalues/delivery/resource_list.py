"""The list that kustomize and kpt pass to a function, as a release; and the list that the function returns.

facts: `config.kubernetes.io/v1` ResourceList, read in the KRM Functions Specification and in kyaml 0.21, run with
kustomize 5.8.2 and kpt 1.0.0-beta.56. kustomize takes comments out and writes every object in one style. kpt keeps
comments, styles and anchors of its files: an item of a Helm rendering begins `- # Source: ...`, and a comment at its
end is indented as its fields are. So each item is cut out and put back as text, and everything that no edit concerns is
returned character by character: other items, order, comments, and the annotations by which the orchestrator recognises
its resources. Only a list with anchors across items or with line ends of Windows, which neither of them writes, is
written again as a whole.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from natsvalues.errors import InternalError, NatsvaluesError, Where
from natsvalues.manifests.carried import INDEX, INTERNAL, PATH
from natsvalues.manifests.release import Release
from natsvalues.text.composer import MappingNode, Node, SequenceNode
from natsvalues.text.paths import Op
from natsvalues.text.spans import Edit, Span, splice
from natsvalues.text.stream import Chunk
from natsvalues.text.yamledit import edit, same
from natsvalues.text.yamltree import Tree, Value, YamlSyntaxError, at, find, value
from natsvalues.text.yamlwrite import block, flow, indented

if TYPE_CHECKING:
    from natsvalues.manifests.release import Manifest

NOT_A_LIST = "NV-F001"
API_VERSION = "config.kubernetes.io/v1"
KIND = "ResourceList"
_MARKER = "---\n"
_COMMENT = re.compile(r"[ \t]*(?:#.*)?$", re.MULTILINE)
_END = re.compile(r"^\.\.\.(?=\s)", re.MULTILINE)


class Part:
    """A part of the list as a document of its own: its text without the indentation, and its first line in the list."""

    def __init__(self, tree: Tree, node: Node, span: Span | None = None) -> None:
        start = tree.start(node)
        self.column = int(node.start_mark.column)
        self.span = span or Span(start, _end(tree, node))
        self.line = tree.line(node) - tree.text.count("\n", self.span.start, start)
        first, *rest = tree.text[self.span.start : self.span.end].split("\n")
        self.text = "\n".join([first, *(_outdented(line, self.column) for line in rest)]) + "\n"

    def placed(self, text: str) -> str:
        """A new text for this part, with the indentation of the list."""
        first, *rest = text.removesuffix("\n").split("\n")
        return "\n".join([first, *indented(rest, self.column)])


def _end(tree: Tree, node: Node) -> int:
    end = tree.end(node)
    return end - 1 if tree.text[end - 1] == "\n" else end  # of a literal block


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
        parts = _parts(tree)
        if parts is None:
            tree = Tree("\n".join(block(tree.value)) + "\n")
            parts = _parts(tree)
        if parts is None:
            raise InternalError("NV-X003", "a ResourceList could not be split into its items")
        self.tree = tree
        self.items, self.config = parts
        self.release = Release.of([Chunk(_MARKER + part.text, part.line - 1) for part in self.items], file)

    @staticmethod
    def _require(tree: Tree, file: str) -> None:
        fields = tree.value if isinstance(tree.value, dict) else {}
        stated = tuple(str(fields.get(name) or "nothing") for name in ("apiVersion", "kind"))
        items = fields.get("items")
        line, field = 1, "items"
        if stated != (API_VERSION, KIND):
            what, field = f"{stated[1]} of apiVersion {stated[0]}", "apiVersion, kind"
        elif not isinstance(items, (list, type(None))):
            what = "items that are not a list"
        else:
            odd = next((number for number, item in enumerate(items or ()) if not isinstance(item, dict)), None)
            if odd is None:
                return
            what, field = "an item that is no object", f"items[{odd}]"
            item = find(tree.root, "items", odd)
            line = tree.line(item) if item is not None else 1
        raise NatsvaluesError(
            NOT_A_LIST,
            f"not a {KIND} of {API_VERSION}, but {what}",
            where=(Where(file, line, field=field),),
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
        """The list as it was read, with results in the place of any older ones."""
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
            for added in release.added.values():
                if added.after == number:
                    item = _new_item(added.manifest, given)
                    end = self.items[number].span.end
                    edits.append(Edit(Span(end, end), self._inserted(item)))
                    wanted.append(item.value)
        return self._written(edits, wanted, results)

    def _inserted(self, item: Manifest) -> str:
        items = find(self.tree.root, "items")
        if not isinstance(items, SequenceNode) or items.flow_style:
            return ", " + flow(item.value)
        first, *rest = item.text.removeprefix(_MARKER).removesuffix("\n").split("\n")
        return "\n" + "\n".join(indented(["- " + first, *indented(rest, 2)], int(items.start_mark.column)))

    def _written(self, edits: list[Edit], items: list[Value], results: list[dict[str, Any]]) -> str:
        text = splice(self.tree.text, edits)
        wanted = {name: item for name, item in self.tree.value.items() if name != "results"}
        wanted |= ({"items": items} if items else {}) | ({"results": results} if results else {})
        try:
            text = text if text.endswith("\n") else text + "\n"
            if "results" in self.tree.value:
                text = edit(Tree(text), (Op("remove", ("results",)),)).text
            tree = _with_results(text, self.tree.root, results)
        except YamlSyntaxError:
            raise InternalError("NV-X003", "the edited ResourceList is not YAML") from None
        if not same(tree.value, wanted):
            raise InternalError("NV-X003", "the edited ResourceList has another meaning than required")
        return tree.text


def _with_results(text: str, root: Node | None, results: list[dict[str, Any]]) -> Tree:
    """The list with results at its end, behind the comments there, which belong to the last item."""
    if not isinstance(root, MappingNode) or root.flow_style:
        return edit(Tree(text), (Op("add", ("results",), results),) if results else ())
    match = _END.search(text)
    end = match.start() if match else len(text)
    lines = indented(block({"results": results}), int(root.start_mark.column)) if results else []
    return Tree(splice(text, [Edit(Span(end, end), "".join(line + "\n" for line in lines))]))


def _parts(tree: Tree) -> tuple[list[Part], Part | None] | None:
    """The items and the functionConfig, if each is a document of its own; None if not."""
    items, given = find(tree.root, "items"), find(tree.root, "functionConfig")
    config = Part(tree, given) if isinstance(given, MappingNode) else None
    if "\r" in tree.text or (config is not None and not _is_alone(config, given)):
        return None
    parts: list[Part] = []
    if not isinstance(items, SequenceNode):
        return parts, config
    dash = None if items.flow_style else re.compile(rf"^ {{{items.start_mark.column}}}-", re.MULTILINE)
    at = tree.text.rfind("\n", 0, tree.start(items)) + 1
    for node in items.value:
        part = Part(tree, node, None if dash is None else _whole_item(tree, node, dash, at))
        if part.span.start < at or not _is_alone(part, node):
            return None
        parts.append(part)
        at = part.span.end
    return parts, config


def _whole_item(tree: Tree, node: Node, dash: re.Pattern[str], at: int) -> Span:
    """An item of a block list, the first behind a place, with what belongs to it.

    That are comments, an anchor and a tag between the dash and its fields; the comment on its last line; and comments
    below, as far as they are indented as its fields are.
    """
    text, start, stop = tree.text, tree.start(node), _end(tree, node)
    match = dash.search(text, at, start)
    if match is None:  # an alias, which has the place of its anchor
        return Span(0, 0)
    start -= len(text[match.end() : start].lstrip())
    comment = _COMMENT.match(text, stop)
    stop = comment.end() if comment else stop
    below = re.compile(rf"(?:\n *)*\n {{{int(node.start_mark.column)}}} *#.*")
    while comment := below.match(text, stop):
        stop = comment.end()
    return Span(start, stop)


def _is_alone(part: Part, node: Node | None) -> bool:
    """Whether the text of a part means the same without the rest of the list, where its anchors may be."""
    try:
        return same(Tree(part.text).value, value(node))
    except YamlSyntaxError:
        return False


def _new_item(manifest: Manifest, neighbour: Value) -> Manifest:
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
    if not carried:
        return manifest
    return manifest.edited((Op("add", ("metadata", "annotations"), {**manifest.annotations, **carried}),))
