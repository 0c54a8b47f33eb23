"""The configuration files of NATS servers inside ConfigMaps, opened so that settings are compared, not lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.chart import Nats, all_nats
from natsvalues.manifests.included import included
from natsvalues.manifests.settings import settings
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import Conf, ConfArray, ConfMap, ConfSyntaxError, Entry, Include, includes, read, value

if TYPE_CHECKING:
    from natsvalues.diff.sides import Side
    from natsvalues.manifests.release import ResourceKey
    from natsvalues.text.paths import Path


class ConfFile(NamedTuple):
    """One configuration file as the server reads it; `settings` has the variables that it does not define by name."""

    conf: Conf
    settings: dict[str, Any]
    included: tuple[tuple[int, dict[str, Any]], ...] = ()
    """The place of each include in the text, and what its file sets; empty where that is a file by itself."""

    def offset_of(self, path: Path) -> int:
        """Where, in the file's text, the deepest part of a path stands that exists."""
        node: Any = self.conf.root
        offset = 0
        for part in path:
            inner = _step(node, part)
            if inner is None:
                return self._included(node, part, offset)
            node, offset = inner
        return offset

    def _included(self, node: Any, part: Any, offset: int) -> int:
        """Where the file is included that sets a key of a block; `offset` if none does."""
        entries = node.entries if isinstance(node, ConfMap) else ()
        places = [entry.span.start for entry in entries if isinstance(entry, Include)]
        return next((at for at, keys in reversed(self.included) if at in places and part in keys), offset)


def _step(node: Any, part: Any) -> tuple[Any, int] | None:
    """The node and the offset of one part of a path."""
    if isinstance(node, ConfMap):
        entries = [item for item in node.entries if isinstance(item, Entry) and item.key == part]
        return (entries[-1].value, entries[-1].span.start) if entries else None
    if not isinstance(node, ConfArray):
        return None
    if isinstance(part, int):
        return (node.items[part], node.items[part].span.start) if part < len(node.items) else None
    for item in node.items:
        entries = [entry for entry in getattr(item, "entries", ()) if getattr(entry, "key", None) == part.key]
        if entries and getattr(entries[-1].value, "value", None) == part.value:
            return item, item.span.start
    return None


def _plain(nats: Nats) -> ConfFile:
    """A plain file with everything that it includes."""
    inside = tuple((item.offset, item.settings or {}) for item in included(nats))
    return ConfFile(read(nats.conf), settings(nats), inside)


class Unreadable(NamedTuple):
    """A configuration that the server would refuse: which, and why (never quoting its text)."""

    key: ResourceKey
    file: str
    message: str


def opened(side: Side) -> tuple[dict[tuple[ResourceKey, str], ConfFile], list[Unreadable], list[Nats]]:
    """Every configuration file of every NATS of a side by ConfigMap and key, those that cannot be read, the NATS."""
    files: dict[tuple[ResourceKey, str], ConfFile] = {}
    unreadable: list[Unreadable] = []
    servers = all_nats(side.release)
    for nats in servers:
        if nats.plain is not None:
            files[nats.config_map.key, nats.config_key] = _plain(nats)
            continue
        data = nats.config_map.value["data"]
        pending = [nats.config_key]
        while pending:
            name = pending.pop()
            if (nats.config_map.key, name) in files or not isinstance(data.get(name), str):
                continue
            try:
                conf = read(data[name])
                files[nats.config_map.key, name] = ConfFile(conf, value(conf))
            except ConfSyntaxError as error:
                unreadable.append(Unreadable(nats.config_map.key, name, f"line {error.line}: {error.message}"))
                continue
            pending += [include.path.rpartition("/")[2] for include in includes(conf)]
    return files, unreadable, servers
