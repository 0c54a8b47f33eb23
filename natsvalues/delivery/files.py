"""The files of an export: their first line, by which an export recognises them, and their content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.text.yamledit import same
from natsvalues.text.yamltree import Tree
from natsvalues.text.yamlwrite import block

if TYPE_CHECKING:
    from natsvalues.delivery.patches import ObjectPatch

STAMPS = "stamps.yaml"
GATEWAY = "gateway.yaml"


def marker(form: str, region: str) -> str:
    """How every file of an export begins: an export may overwrite only such files."""
    return f"# natsvalues export {form} {region}: "


def first_line(form: str, region: str) -> str:
    """The first line of every file of an export."""
    return f"{marker(form, region)}overwritten by every export; change the overlays instead.\n"


def text(head: str, words: str, *values: Any) -> str:
    """A file: the first line, a comment, the documents."""
    comment = "".join(f"# {line}".rstrip() + "\n" for line in words.splitlines())
    return head + comment + "---\n".join("\n".join(block(value)) + "\n" for value in values)


def inline(value: Any) -> str:
    """A patch as a text inside another document.

    kustomize 5.8.2 trims such a text (run), which would remove the line end of a nats.conf at its end.
    """
    lines = "\n".join(block(value)) + "\n"
    return lines if same(Tree(lines.strip()).value, value) else lines + "# so that the last line keeps its end\n"


def names(patches: tuple[ObjectPatch, ...]) -> dict[str, ObjectPatch]:
    """Each patch by the name of its file: `statefulset-nats.yaml`, with the namespace where that is not enough."""
    by_file: dict[str, ObjectPatch] = {}
    for patch in patches:
        name = f"{patch.key.kind}-{patch.key.name}"
        if f"{name}.yaml".lower() in by_file:
            name += f"-{patch.key.namespace}"
        by_file[f"{name}.yaml".lower()] = patch
    return by_file
