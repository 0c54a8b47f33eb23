"""Read the server's configuration file out of its ConfigMap; errors have a file and line to open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.manifests.included import included
from natsvalues.overlays.patches import Notice
from natsvalues.text.natsconf import ConfArray, ConfMap, ConfSyntaxError, Entry, read, symbolic
from natsvalues.text.natsconf.reader import MISLEADING, UNCLOSED
from natsvalues.text.natsconf.scalars import BEFORE_2_15_1
from natsvalues.text.paths import dotted
from natsvalues.text.yamltree import find

if TYPE_CHECKING:
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.included import Included
    from natsvalues.manifests.release import Release
    from natsvalues.text.natsconf import Conf

REFUSED = MISLEADING | {UNCLOSED}
"""Constructs that the server accepts but reads differently than they look; an edit would go to the wrong place."""
OTHER_NAMES = {"system": "system_account"}
"""Names that the server accepts for other settings."""
DECISIVE = {"cluster", "gateway", "jetstream", "server_name"}
"""Settings that natsvalues always writes, or must know for safe edits."""
GATEWAY_KEYS = {
    *("name", "port", "listen", "advertise", "gateways"),
    *("reject_unknown", "reject_unknown_cluster"),
}
"""The settings of the gateway's block that natsvalues writes in the stages that have one."""
_INSIDE: dict[tuple[str | int, ...], set[str]] = {
    (): DECISIVE,
    ("cluster",): {"name"},
    ("gateway",): GATEWAY_KEYS,
    ("jetstream",): {"domain", "enabled", "enable"},
}
"""The same, by the block in which they stand."""


def read_server_conf(release: Release, nats: Nats) -> tuple[dict[str, Any], list[Notice]]:
    """The value of the file, variables by name, and a warning for each misleading construct in it.

    Raises NatsvaluesError for a file the server would refuse, and for one that hides a decisive setting in an
    included file of the same ConfigMap, in whichever block: included files are never edited.
    """
    try:
        conf = read(nats.conf)
    except ConfSyntaxError as error:
        raise placed(release, nats, error) from None
    notices = []
    for offset, message in conf.findings:
        if message == BEFORE_2_15_1:
            continue  # a fault of the server's version, as others: overlays/conf_faults.py
        line = conf_line(nats) + nats.conf.count("\n", 0, offset)
        where = release.where(line, f"{nats.config_map.key} {nats.config_key}")
        if message in REFUSED:
            raise NatsvaluesError(
                "NV-C004",
                f"{nats.config_key}: {message}",
                where=(where,),
                hint="the server reads other settings than the text suggests: fix this in the chart's values",
            )
        notices.append(Notice("warning", f"nats.conf: {message}", (where,)))
    meant = symbolic(conf)
    _refuse_other_spellings(release, nats, meant)
    refuse_hidden(release, nats, _INSIDE | {("gateway",): set()})  # a block that goes in stage local may have them
    return meant, notices


def _refuse_other_spellings(release: Release, nats: Nats, meant: dict[str, Any]) -> None:
    """The server ignores the case of keys; natsvalues would add a second key."""
    for block in ((), ("cluster",), ("gateway",), ("jetstream",)):
        inside = meant.get(block[0]) if block else meant
        for key in inside if isinstance(inside, dict) else ():
            usual = OTHER_NAMES.get(key.lower(), key.lower()) if not block else key.lower()
            if key != usual and (block or usual in DECISIVE | {"accounts", "system_account"}):
                raise NatsvaluesError(
                    "NV-C005",
                    f"`{key}` is another spelling of `{usual}`",
                    where=(release.where(line_of(nats, (*block, key)), f"{nats.config_map.key} {nats.config_key}"),),
                    hint=f"write `{usual}`, as the chart does: natsvalues only finds that spelling",
                )


def refuse_hidden(release: Release, nats: Nats, decisive: dict[tuple[str | int, ...], set[str]]) -> None:
    """Raise if an included file sets what natsvalues would have to edit: for each block, these keys."""
    try:
        files = included(nats)
    except ConfSyntaxError as error:
        raise placed(release, nats, error) from None
    for item in files:
        hidden = sorted(key for key in item.settings or () if _is_decisive(item.block, key, decisive))
        if hidden:
            names = ", ".join(dotted((*item.block, key)) for key in hidden)
            name = item.file.rpartition("/")[2]
            raise NatsvaluesError(
                "NV-T061",
                f"{name}, which nats.conf includes, sets {names}",
                where=(release.where(nats.config_map.line_of("data", name), str(nats.config_map.key)),),
                hint="natsvalues edits nats.conf and leaves included files alone: move these settings into the "
                "chart's\nown values (config.cluster, config.gateway, config.jetstream, config.merge)",
            )


def _is_decisive(block: tuple[str | int, ...], key: str, decisive: dict[tuple[str | int, ...], set[str]]) -> bool:
    """Whether an included key of a block is one of these, or is inside one whose own block has no keys here."""
    path = (*block, key.lower())
    ends = [length for length in range(1, len(path) + 1) if path[length - 1] in decisive.get(path[: length - 1], ())]
    return any(length == len(path) or path[:length] not in decisive for length in ends)


def placed(release: Release, nats: Nats, error: ConfSyntaxError) -> NatsvaluesError:
    """The error with its place in the stream as well as in the ConfigMap's file."""
    key, name = nats.config_map.key, nats.config_key
    error.where = (
        release.where(conf_line(nats) + error.line - 1),
        release.where(nats.config_map.line, f'{key} data["{name}"], line {error.line}, column {error.column}'),
    )
    return error


def line_of(nats: Nats, path: tuple[str | int, ...]) -> int:
    """The line, in the stream, of a setting of the file; of the block around it where it does not exist yet."""
    return conf_line(nats) + nats.conf.count("\n", 0, offset_of(read(nats.conf), path))


def offset_of(conf: Conf, path: tuple[str | int, ...]) -> int:
    """Where a setting begins; if it is not set, the block around it."""
    node: Any = conf.root
    offset = 0
    for part in path:
        if isinstance(node, ConfMap):
            entry = next((item for item in reversed(node.entries) if getattr(item, "key", None) == part), None)
            if not isinstance(entry, Entry):
                break
            node, offset = entry.value, entry.span.start
        elif isinstance(node, ConfArray) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            offset = node.span.start
        else:
            break
    return offset


def unread_file(nats: Nats) -> str:
    """The path of a file that nats.conf includes outside of all blocks and the ConfigMap does not have; or nothing."""
    return next((item.file for item in included(nats) if item.settings is None and not item.block), "")


def unreadable(nats: Nats, stated: dict[tuple[str | int, ...], set[str]]) -> list[tuple[Included, list[str]]]:
    """Each include whose file is not in the ConfigMap, with the settings that natsvalues relies on and it may set.

    `stated` are further such keys, by the block in which they stand. Of one key the last in the text counts.
    """
    listed = []
    root = read(nats.conf).root
    outside = {"system_account", *(entry.key for entry in _entries(root) if entry.key == "accounts")}
    for item in included(nats):
        if item.settings is None:
            keys = _INSIDE.get(item.block, set()) | stated.get(item.block, set())
            keys |= outside if not item.block else set()
            later = _keys_after(root, item)
            names = sorted(dotted((*item.block, key)) for key in keys - later - {"port", "listen", "enable", "sync"})
            listed += [(item, names)] if names else []
    return listed


def _keys_after(root: ConfMap, item: Included) -> set[str]:
    """The keys that stand after an include in its block of nats.conf; none if the block is in another file."""
    node: Any = root
    for part in item.block:
        node = next((entry.value for entry in reversed(_entries(node)) if entry.key == part), None)
    return {entry.key for entry in _entries(node) if entry.span.start > item.offset}


def _entries(node: Any) -> list[Entry]:
    return [entry for entry in node.entries if isinstance(entry, Entry)] if isinstance(node, ConfMap) else []


def conf_line(nats: Nats) -> int:
    """The line, in the stream, on which the first line of the file's text stands."""
    node = find(nats.config_map.tree.root, "data", nats.config_key)
    line = nats.config_map.line_of("data", nats.config_key)
    return line + (1 if getattr(node, "style", None) in ("|", ">") else 0)
