"""Places of findings: file, line, column and field of a value in a manifest or inside its nats.conf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import Where
from natsvalues.overlays.server_conf import conf_line, offset_of
from natsvalues.text.composer import MappingNode, Node, ScalarNode, SequenceNode
from natsvalues.text.paths import dotted
from natsvalues.text.spans import line_column
from natsvalues.text.yamltree import key_text

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import Manifest, Release
    from natsvalues.text.natsconf import Conf
    from natsvalues.text.yamltree import Tree


def in_manifest(release: Release, manifest: Manifest, *keys: str | int) -> Where:
    """The place of a field; if the field does not exist, of the deepest one around it."""
    field = f"{manifest.key}" + (f": {dotted(keys)}" if keys else "")
    return place(release.file, manifest.line, manifest.tree, keys or ("kind",), field)


def place(file: str, first_line: int, tree: Tree, keys: tuple[str | int, ...], field: str) -> Where:
    """The place of the deepest of `keys` in a document that starts at `first_line`; `field` is its name in messages."""
    mark: Node | None = tree.root
    node: Node | None = tree.root
    for key in keys:
        entry = _entry(node, key)
        if entry is None:
            break
        mark, node = entry
    if isinstance(node, ScalarNode) and node.value:
        mark = node
    if mark is None:
        return Where(file, first_line, field=field)
    return Where(file, first_line + tree.line(mark) - 1, int(mark.start_mark.column) + 1, field)


def _entry(node: Node | None, key: str | int) -> tuple[Node, Node] | None:
    """The node that marks a key's place, and its value."""
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    if isinstance(node, MappingNode):
        return next(((name, item) for name, item in reversed(node.value) if key_text(name) == key), None)
    return None


def in_conf(release: Release, nats: Nats, conf: Conf, *path: str | int) -> Where:
    """The place of a setting of nats.conf; if it is not set, of the block around it."""
    line, column = line_column(nats.conf, offset_of(conf, path))
    manifest = nats.config_map
    field = f"{manifest.key} {nats.config_key}" + (f": {dotted(path)}" if path else "")
    first = conf_line(nats)
    if first == manifest.line_of("data", nats.config_key):  # quoted text: lines inside it are not lines of the file
        return Where(release.file, first, None, field)
    raw = manifest.tree.text.split("\n")[first - manifest.line + line - 1]
    meant = nats.conf.split("\n")[line - 1]
    margin = len(raw) - len(meant) if meant and raw.endswith(meant) else 0
    return Where(release.file, first + line - 1, margin + column, field)
