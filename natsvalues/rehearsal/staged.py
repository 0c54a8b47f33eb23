"""Overlays with other stages than those in their files, written to a folder for a post-renderer to read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from natsvalues.files import content, listed
from natsvalues.overlays.folder import documents
from natsvalues.text.paths import Op
from natsvalues.text.yamledit import edit
from natsvalues.text.yamltree import Tree

if TYPE_CHECKING:
    from natsvalues.overlays.folder import Overlays
    from natsvalues.rehearsal.stage import Stages


def folder_with_stages(overlays: Overlays, stages: Stages, folder: str) -> str:
    """The overlays' own folder if it has these stages; else `folder`, with copies that have. Missing ones are local."""
    wanted = {name: stages.get(name, "local") for name in overlays.regions}
    if all(file.region.stage == wanted[name] for name, file in overlays.regions.items()):
        return overlays.folder
    os.makedirs(folder, exist_ok=True)
    for name in listed(overlays.folder, (".yaml", ".yml")):
        path = os.path.join(overlays.folder, name)
        for number, document in enumerate(documents(path, content(path).decode())):
            tree = Tree(document.text)
            if isinstance(tree.value, dict) and tree.value.get("kind") == "Region":
                tree = edit(tree, (Op("add", ("stage",), wanted[str(tree.value["name"])]),))
            with open(os.path.join(folder, f"{number}-{name}"), "w", encoding="utf-8") as file:
                file.write(tree.text)
    return folder
