"""A configuration by the usual spelling of each key, which is how demands and other readers look things up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.conf import language
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]


class CommandLine(NamedTuple):
    """What decides beside the configuration: whether JetStream runs, and the names that the command line gives."""

    jetstream: bool
    server_name: bool = False
    cluster_name: str | None = None


class Settings(NamedTuple):
    """A configuration by its usual spellings, with the command line."""

    conf: dict[str, Any]
    line: CommandLine

    def at(self, *path: str) -> Any:
        """The setting at a path; None if there is none."""
        value: Any = self.conf
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def block(self, *path: str) -> dict[str, Any]:
        """The block at a path; empty if there is none."""
        value = self.at(*path)
        return value if isinstance(value, dict) else {}

    def blocks(self, *path: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """The blocks in the list at a path, each with its own path; none if there is no list."""
        yield from blocks_in(self.at(*path), path)

    @property
    def is_named(self) -> bool:
        """Whether the server has a name, from the configuration or the command line."""
        return self.line.server_name or is_set(self.at("server_name"))

    def listens(self, name: str) -> bool:
        """Whether a block opens a port: a port that is not 0, by itself or in `listen`."""
        block = self.block(name)
        given = [block.get(key) for key in ("port", "listen")]
        return any(_port(item) not in (None, 0) for item in given)


def usual(conf: dict[str, Any]) -> tuple[dict[str, Any], dict[Path, Path]]:
    """A configuration with the usual spelling of each key, and the written path of each path that differs."""
    written: dict[Path, Path] = {}
    return _usual("server", conf, (), (), written), written


def _usual(block: str, value: dict[str, Any], at: Path, source: Path, written: dict[Path, Path]) -> dict[str, Any]:
    keys = language.keys_of(block)
    if at == source and _is_usual(keys, value):
        return value
    result: dict[str, Any] = {}
    for name, item in value.items():
        key = keys.get(name if block in language.EXACT else name.lower())
        path, origin = (*at, key.names[0] if key else name), (*source, name)
        forms = key.forms if key else ()
        if path != origin:
            written[path] = origin
        result[str(path[-1])] = _usual_value(forms, item, path, origin, written)
    return result


def _is_usual(keys: dict[str, language.Key], block: dict[str, Any]) -> bool:
    """Whether a block has usual keys only, and no block inside: so it is with each of hundreds of remotes."""
    for name, item in block.items():
        key = keys.get(name)
        if key is None or key.names[0] != name or isinstance(item, dict):
            return False
        if isinstance(item, list) and any(isinstance(part, (dict, list)) for part in item):
            return False
    return True


def _usual_value(forms: tuple[str, ...], value: Any, at: Path, source: Path, written: dict[Path, Path]) -> Any:
    form = next((form for form in forms if language.fits(form, value)), "")
    if isinstance(value, dict):
        block, entry = language.block_of(form), language.entry_of(form)
        if block is not None:
            return _usual(block, value, at, source, written)
        inner = language.alternatives(entry or "")
        return {name: _usual_value(inner, item, (*at, name), (*source, name), written) for name, item in value.items()}
    if isinstance(value, list):
        inner = language.alternatives(language.item_of(form) or "")
        return [_usual_value(inner, item, (*at, index), (*source, index), written) for index, item in enumerate(value)]
    return value


def _port(given: Any) -> Any:
    """The port of an address; the variable if it is one."""
    return int(given.rpartition(":")[2] or 0) if isinstance(given, str) and language.fits("address", given) else given


def blocks_in(listed: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The blocks in a list that stands at a path; none if it is no list."""
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(item, dict):
            yield (*path, index), item


def is_set(value: Any) -> bool:
    """Whether a setting has a value that is not empty."""
    return value not in (None, "", [])
