"""The files that nats.conf includes, and what they set.

facts, run on nats-server 2.10.26 and 2.15.1: an include may stand in any block, and in an included file; of one key,
the last in the order of the text counts, and a block replaces a block. The server joins an include's path to the folder
of the file in which it stands.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import config_path, joined
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import ConfSyntaxError, located_includes, read, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.chart import Nats


class Included(NamedTuple):
    """One included file, and the path of the block of nats.conf in which its settings take effect.

    `settings` are its values with those of the files that it includes; None if it is not in the ConfigMap of nats.conf.
    `offset` is the place of the include in nats.conf that leads to it.
    """

    block: tuple[str | int, ...]
    file: str
    settings: dict[str, Any] | None
    offset: int


def text_of_include(nats: Nats, path: str) -> str | None:
    """The text of an included file, by its path relative to nats.conf; None if the ConfigMap does not have it."""
    if nats.plain is not None:
        file = nats.plain.included.get(joined("", path))
        return file.text if file is not None else None
    folder = posixpath.dirname(config_path(nats.container_value) or "")
    parent, name = posixpath.split(posixpath.normpath(f"{folder or '.'}/{path}"))
    text = nats.config_map.value["data"].get(name)
    return text if parent == posixpath.normpath(folder or ".") and isinstance(text, str) else None


def included(nats: Nats) -> list[Included]:
    """Each file that nats.conf includes anywhere; of files in files, only those that are not in the ConfigMap.

    Raises ConfSyntaxError for a file that the server would refuse; its message names the file.
    """
    if "include" not in nats.conf.lower():  # reading takes longer, and few files have any
        return []
    return [
        item
        for block, include in located_includes(read(nats.conf))
        for item in _of(nats, block, include.path, include.span.start)
    ]


def _of(nats: Nats, block: tuple[str | int, ...], path: str, offset: int) -> Iterator[Included]:
    text = text_of_include(nats, path)
    if text is None:
        yield Included(block, path, None, offset)
        return
    folder = posixpath.dirname(path)
    try:
        conf = read(text)
        prefix = f"{folder}/" if folder else ""
        entries = value(conf, loader=lambda inner: text_of_include(nats, prefix + inner) or "")
    except ConfSyntaxError as error:
        raise ConfSyntaxError(nats.conf, offset, f"{path}, line {error.line}: {error.message}", error.hint) from None
    yield Included(block, path, entries, offset)
    for inner, include in located_includes(conf):
        nested = _of(nats, (*block, *inner), prefix + include.path, offset)
        yield from (item for item in nested if item.settings is None)
