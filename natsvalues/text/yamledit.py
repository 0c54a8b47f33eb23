"""Edit YAML by splicing: each operation replaces the fewest characters, and all others stay as they are.

A value keeps the quoting style it had; an insertion follows its siblings. Where a place cannot be edited
this way (unusual styles, comments inside what is replaced), the smallest enclosing collection is rewritten. An alias or
a duplicate key in the way is refused. Every step is composed again and compared with the meaning that the
operation must have, so the result is correct, or an error is raised.
"""

from __future__ import annotations

from typing import Any

from natsvalues.errors import InternalError, NatsvaluesError
from natsvalues.text.composer import MappingNode, Node, ScalarNode, SequenceNode
from natsvalues.text.paths import Op, PathError, concrete, dotted, require_levels
from natsvalues.text.spans import Edit, Span, splice
from natsvalues.text.yamltree import Tree, Value, YamlSyntaxError, is_merge, key_text
from natsvalues.text.yamlwrite import block, flow, indented, literal, literal_is_safe, scalar_like

Steps = tuple[str | int, ...]


class _NotHere(Exception):  # not an error: the caller writes the enclosing collection instead
    """This place cannot be spliced."""


def edit(tree: Tree, ops: tuple[Op, ...]) -> Tree:
    """Apply `ops` in order; no ops, or ops that change nothing, give back the same tree.

    Raises PathError for a path that does not exist, or a `test` that fails; EditRefused for an alias or a
    duplicate key in the way; InternalError if an edit would not have the required result (our bug).
    """
    for op in ops:
        tree = _apply(tree, op)
    return tree


class EditRefused(NatsvaluesError):
    """Something in the document makes an edit ambiguous; `lines` say where, from 1 in the document."""

    def __init__(self, message: str, hint: str, *lines: int) -> None:
        super().__init__("NV-E002", message, hint=hint)
        self.lines = lines


def _apply(tree: Tree, op: Op) -> Tree:
    before = tree.value
    steps = concrete(op.path, before)
    if op.op == "test":
        if not same(_get(before, steps), op.value):
            raise PathError(
                f"test failed: `{dotted(op.path)}` does not have the expected value",
                "the rendering has changed since the patch was written: adapt the patch",
            )
        return tree
    if not steps:
        raise PathError("the path of an operation is empty, which is the whole document", "give the path of a field")
    require_levels(op)
    wanted = changed(before, op.op, steps, op.value)
    if same(before, wanted):
        return tree
    _refuse_ambiguity(tree, steps)
    # From the place itself outwards: the first splice with the required meaning is used.
    for depth in range(len(steps), -1, -1):
        try:
            if depth == len(steps):
                edits = _edits(tree, op.op, steps, op.value)
            elif depth:
                edits = _edits(tree, "replace", steps[:depth], _get(wanted, steps[:depth]))
            else:
                edits = _whole(tree, wanted)
            after = _spliced(splice(tree.text, edits), wanted)
        except (_NotHere, YamlSyntaxError, ValueError):
            continue
        if after is not None:
            return after
    raise InternalError("NV-X001", f"an edit at `{dotted(op.path)}` did not have the required result")


def _spliced(text: str, wanted: Value) -> Tree | None:
    """The document if it means what is wanted: with a final newline if a literal block at its end needs that."""
    for ending in ("",) if text.endswith("\n") else ("", "\n"):
        tree = Tree(text + ending)
        if same(tree.value, wanted):
            return tree
    return None


def changed(document: Value, op: str, steps: Steps, content: Value) -> Value:
    """The meaning of `document` after one RFC 6902 operation; the parts that change are copied.

    Raises PathError where the operation is not possible.
    """
    first, *rest = steps
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    if rest:
        copy[first] = changed(copy[first], op, tuple(rest), content)
    elif isinstance(copy, list) and op == "add":
        copy.insert(len(copy) if first == "-" else int(first), content)
    elif op == "add":
        copy[first] = content
    elif first not in (copy if isinstance(copy, dict) else range(len(copy))):
        raise PathError(f"cannot {op} `{first}`: it does not exist")
    elif op == "replace":
        copy[first] = content
    elif op == "remove":
        del copy[first]
    else:
        raise PathError(f"unknown operation `{op}`", "use add, remove, replace or test")
    return copy


def same(left: Any, right: Any) -> bool:
    """Equality as JSON has it: true is not 1, and 1 is 1.0."""
    if left is right:
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _get(document: Value, steps: Steps) -> Value:
    for step in steps:
        document = document[step]
    return document


# --- finding the place ------------------------------------------------------------------------------------


def _refuse_ambiguity(tree: Tree, steps: Steps) -> None:
    node = tree.root
    for depth, step in enumerate(steps):
        if node is None:
            return
        here = dotted(steps[: depth + 1])
        if isinstance(node, MappingNode):
            keys = [key for key, _ in node.value if key_text(key) == step]
            if len(keys) > 1:
                raise EditRefused(
                    f"the key `{here}` is duplicated", "remove one of them", *(tree.line(key) for key in keys)
                )
            merge = next((key for key, _ in node.value if is_merge(key)), None)
            if merge is not None and not keys:
                hint = "write the fields out instead of merging them"
                raise EditRefused(f"`{here}` may come from a merge key `<<`", hint, tree.line(merge))
        node = _child(node, step)
        if node is not None and tree.is_shared(node) and (depth == len(steps) - 1 or id(node) in tree.shared_ids()):
            raise EditRefused(
                f"`{here}` is shared through an anchor and an alias: an edit would change both places",
                "write the value out where the alias stands",
                tree.line(node),
            )


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MappingNode):
        return next((item for key, item in node.value if key_text(key) == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]  # type: ignore[no-any-return]  # nodes have no types
    return None


# --- the edits ----------------------------------------------------------------------------------------------


def _edits(tree: Tree, op: str, steps: Steps, content: Value) -> list[Edit]:
    parents: list[Node] = []
    node = tree.root
    for step in steps[:-1]:
        if node is None:
            raise _NotHere
        parents.append(node)
        node = _child(node, step)
    if not isinstance(node, (MappingNode, SequenceNode)):
        raise _NotHere  # adding into null: the null itself is replaced, one step further out
    target = _child(node, steps[-1])
    in_flow = bool(node.flow_style)
    if op == "remove" or (op == "add" and (target is None or isinstance(node, SequenceNode))):
        if not node.value or (len(node.value) == 1 and op == "remove"):
            raise _NotHere
        place = _Collection(tree, node, in_flow=in_flow)
        return place.removed(steps[-1]) if op == "remove" else place.added(steps[-1], content)
    if target is None:
        raise _NotHere
    return _replaced(tree, node, target, content, in_flow=in_flow)


def _whole(tree: Tree, content: Value) -> list[Edit]:
    if tree.root is None or "\n---" in tree.text[tree.start(tree.root) :]:
        raise _NotHere
    start, end = tree.span(tree.root)
    text = "\n".join(indented(block(content), int(tree.root.start_mark.column))).lstrip(" ")
    behind = tree.text[end:].lstrip()
    if not behind or behind[0] == "#":  # blanks and a comment would belong to a literal block
        return [Edit(Span(start, len(tree.text) - len(behind)), text + "\n")]
    return [Edit(Span(start, end), text + _newline_of(tree, end))]


def _replaced(tree: Tree, parent: Node, target: Node, content: Value, *, in_flow: bool) -> list[Edit]:
    start, end = tree.span(target)
    single = not isinstance(content, (dict, list)) or not content
    if in_flow or (isinstance(target, (MappingNode, SequenceNode)) and target.flow_style and target.value):
        return [Edit(Span(start, end), flow(content) if not single else _scalar(target, content, in_flow=True))]
    if isinstance(target, ScalarNode) or not target.value:
        if single:
            return _scalar_edits(tree, target, content)
        return _grown(tree, parent, target, content)
    if single:
        return _shrunk(tree, parent, target, content)
    if target.value and isinstance(content, dict) == isinstance(target, MappingNode):
        column = int(target.start_mark.column)
        first, *rest = block(content)
        return [Edit(Span(start, end), "\n".join([first, *indented(rest, column)]) + _newline_of(tree, end))]
    return _grown(tree, parent, target, content)


def _newline_of(tree: Tree, end: int) -> str:
    return "\n" if tree.text[end - 1] == "\n" else ""


def _scalar(target: Node, content: Value, *, in_flow: bool) -> str:
    if isinstance(content, (dict, list)):
        return flow(content)
    return scalar_like(target.style if isinstance(target, ScalarNode) else None, content, in_flow=in_flow)


def _scalar_edits(tree: Tree, target: Node, content: Value) -> list[Edit]:
    start, end = tree.span(target)
    old = tree.text[start:end]
    if not isinstance(target, ScalarNode) or target.style not in ("|", ">"):
        text = _scalar(target, content, in_flow=False)
        return [Edit(Span(start, end), text if old else " " + text)]
    if isinstance(content, str) and literal_is_safe(content) and target.style == "|":
        lines = old.split("\n")
        filled = next((line for line in lines[1:] if line.strip()), "")
        indent = filled[: len(filled) - len(filled.lstrip(" "))]
        if not indent or any(character.isdigit() for character in lines[0]):
            raise _NotHere
        new = "\n".join(literal(content, indent))
        header_rest = lines[0][1:].lstrip("+-")  # a comment behind the header stays
        header, _, body = new.partition("\n")
        return [Edit(Span(start, end), f"{header}{header_rest}\n{body}" + _newline_of(tree, end))]
    return [Edit(Span(start, end), _scalar(target, content, in_flow=False) + _newline_of(tree, end))]


def _own_line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _grown(tree: Tree, parent: Node, target: Node, content: Value) -> list[Edit]:
    """A scalar or an empty collection becomes a filled one."""
    start, end = tree.span(target)
    if isinstance(parent, SequenceNode):
        column = int(target.start_mark.column)
        first, *rest = block(content)
        return [Edit(Span(start, end), "\n".join([first, *indented(rest, column)]))]
    key = next(key for key, item in parent.value if item is target)
    column = int(key.start_mark.column) + (2 if isinstance(content, dict) else 0)
    lines = "\n" + "\n".join(indented(block(content), column))
    colon = tree.text.index(":", tree.end(key))
    if isinstance(target, (MappingNode, SequenceNode)) and target.value:
        return [Edit(Span(_own_line_end(tree.text, colon), _body_end(tree, end)), lines)]
    gap = tree.text[colon + 1 : start]
    if "\n" in tree.text[start:end] or "\n" in gap or gap.strip():
        raise _NotHere
    line_end = _own_line_end(tree.text, end)
    return [Edit(Span(colon + 1, end), ""), Edit(Span(line_end, line_end), lines)]


def _shrunk(tree: Tree, parent: Node, target: Node, content: Value) -> list[Edit]:
    """A filled block collection becomes a scalar or an empty collection."""
    start, end = tree.span(target)
    if isinstance(parent, SequenceNode):
        return [Edit(Span(start, end), _scalar(target, content, in_flow=False) + _newline_of(tree, end))]
    key = next(key for key, item in parent.value if item is target)
    colon = tree.text.index(":", tree.end(key))
    return [
        Edit(Span(colon + 1, colon + 1), " " + _scalar(target, content, in_flow=False)),
        Edit(Span(_own_line_end(tree.text, colon), _body_end(tree, end)), ""),
    ]


def _body_end(tree: Tree, end: int) -> int:
    return end - 1 if tree.text[end - 1] == "\n" else end


class _Collection:
    """A filled mapping or list, into which entries are put and from which they are taken."""

    def __init__(self, tree: Tree, node: Node, *, in_flow: bool) -> None:
        self.tree = tree
        self.node = node
        self.in_flow = in_flow
        self.entries = [entry if isinstance(entry, tuple) else (entry, entry) for entry in node.value]

    def added(self, step: str | int, content: Value) -> list[Edit]:
        """Put an entry at the end, or before the list item with that index."""
        end = self.tree.end(self.node)
        mapping = isinstance(self.node, MappingNode)
        entry = {str(step): content} if mapping else [content]
        last = self.tree.end(self.entries[-1][1])
        if not mapping and isinstance(step, int) and step < len(self.entries):
            return self._before(step, content)
        if self.in_flow:
            return [Edit(Span(last, last), ", " + flow(entry)[1:-1])]
        column = int(self.node.start_mark.column)
        lines = "\n".join(indented(block(entry), column))
        if self.tree.text[end - 1] == "\n":
            return [Edit(Span(end, end), lines + "\n")]
        line_end = _own_line_end(self.tree.text, end)
        return [Edit(Span(line_end, line_end), "\n" + lines)]

    def _before(self, index: int, content: Value) -> list[Edit]:
        start = self.tree.start(self.entries[index][0])
        if self.in_flow:
            return [Edit(Span(start, start), flow(content) + ", ")]
        line_start = self.tree.text.rfind("\n", 0, start) + 1
        column = int(self.node.start_mark.column)
        if self.tree.text[line_start:start].strip() != "-" or self.tree.text[line_start + column] != "-":
            raise _NotHere
        lines = "\n".join(indented(block([content]), column))
        return [Edit(Span(line_start, line_start), lines + "\n")]

    def removed(self, step: str | int) -> list[Edit]:
        """Take an entry out, with its line and the comment on it."""
        index = next(
            place
            for place, (key, _) in enumerate(self.entries)
            if (key_text(key) == step if isinstance(self.node, MappingNode) else place == step)
        )
        start, end = self.tree.start(self.entries[index][0]), self.tree.end(self.entries[index][1])
        text = self.tree.text
        if self.in_flow:
            if index + 1 < len(self.entries):
                return [Edit(Span(start, self.tree.start(self.entries[index + 1][0])), "")]
            return [Edit(Span(self.tree.end(self.entries[index - 1][1]), end), "")]
        line_start = text.rfind("\n", 0, start) + 1
        lead = text[line_start:start]
        next_line = end if text[end - 1] == "\n" else min(_own_line_end(text, end) + 1, len(text))
        if not lead.strip() or (lead.strip() == "-" and isinstance(self.node, SequenceNode)):
            return [Edit(Span(line_start, next_line), "")]
        if index == 0 and isinstance(self.node, MappingNode) and set(lead) <= {" ", "-"}:
            following = self.tree.start(self.entries[1][0])
            if not text[next_line:following].strip():
                return [Edit(Span(start, following), "")]
        raise _NotHere
