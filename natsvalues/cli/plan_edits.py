"""`natsvalues plan --write`: the next step's `move` fields, written into the overlay files; everything else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.cli.outputs import Output, write
from natsvalues.errors import NatsvaluesError, Where
from natsvalues.files import content
from natsvalues.runbook.written import move_value
from natsvalues.text.paths import Op
from natsvalues.text.stream import split
from natsvalues.text.yamledit import edit
from natsvalues.text.yamltree import Tree

if TYPE_CHECKING:
    from natsvalues.runbook.step import Edit, Step


def write_moves(step: Step) -> None:
    """Write the files, all or none. Raises NatsvaluesError for a file that cannot be edited."""
    texts: dict[str, str] = {}
    for item in step.edits:
        texts[item.file] = _edited(texts.get(item.file) or content(item.file).decode(), item)
    write([Output(file, text) for file, text in texts.items()])


def _edited(text: str, item: Edit) -> str:
    chunks = [chunk.text for chunk in split(text)]
    for number, chunk in enumerate(chunks):
        tree = Tree(chunk)
        value = tree.value if tree.root is not None else None
        if not isinstance(value, dict) or value.get("name") != item.region or value.get("kind") != "Region":
            continue
        if item.move is not None:
            ops: tuple[Op, ...] = (Op("add", ("move",), move_value(item.move)),)
        else:
            ops = (Op("remove", ("move",)),) if "move" in value else ()
        chunks[number] = edit(tree, ops).text
        return "".join(chunks)
    raise NatsvaluesError(
        "NV-M005",
        f"the file has no overlay of `{item.region}` any more",
        where=(Where(item.file),),
        hint="run it again",
    )
