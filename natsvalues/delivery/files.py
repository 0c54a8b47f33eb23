"""The files of an export: what marks them as ours, and what stands in them."""

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
    """The first line of every file of an export: who finds it may write the file anew."""
    return f"# natsvalues export {form} {region}: written anew by every export; change the overlays instead.\n"


def text(mark: str, words: str, *values: Any) -> str:
    """A file: the marker, a comment, the documents."""
    comment = "".join(f"# {line}".rstrip() + "\n" for line in words.splitlines())
    return mark + comment + "---\n".join("\n".join(block(value)) + "\n" for value in values)


def inline(value: Any) -> str:
    """A patch as a text inside another document.

    kustomize 5.8.2 trims such a text (run), which would take the line end off a nats.conf that stands last in it.
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
