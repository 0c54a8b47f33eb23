"""Where a chart's values set a setting of nats.conf.

facts (run with charts 1.2.11, 1.3.16 and 2.14.2): `config.merge` is merged into the whole configuration, and
`config.BLOCK.merge` into one block; the latter comes first.
"""

from __future__ import annotations

from typing import Any

BLOCKS = ("cluster", "jetstream", "gateway", "leafnodes", "websocket", "mqtt", "resolver")
"""The blocks that have a `merge` of their own."""
Keys = tuple[str | int, ...]


def keys_of_setting(values: dict[str, Any], path: Keys) -> Keys | None:
    """The keys under which these values merge a setting into nats.conf; None if they do not."""
    candidates: list[Keys] = [("config", "merge", *path)]
    if path and path[0] in BLOCKS:
        candidates.append(("config", path[0], "merge", *path[1:]))
    return next((keys for keys in candidates if path and _has(values, keys)), None)


def _has(values: Any, keys: Keys) -> bool:
    for key in keys:
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True
