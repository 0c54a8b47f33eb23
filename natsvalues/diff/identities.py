"""What the items of a list are called, so that they are compared with their namesakes wherever they stand."""

from __future__ import annotations

from typing import Any

from natsvalues.text.paths import Item, field_of

CANDIDATES = (
    "mountPath",  # before name: one volume may be mounted at several paths
    "name",
    "metadata.name",
    "user",
    "nkey",
    "containerPort",
    "port",
    "topologyKey",
    "ip",
    "host",
    "type",
    "key",
    "url",
)
"""Fields by which Kubernetes, its controllers and nats-server tell items apart; the first that is unique counts."""


def identify(before: list[Any], after: list[Any]) -> tuple[dict[Item, Any], dict[Item, Any]] | None:
    """Both lists by what their items are called; None where they have no names, or not each its own."""
    if not all(isinstance(item, dict) for item in (*before, *after)) or not (before or after):
        return None
    for key in CANDIDATES:
        old, new = _by(key, before), _by(key, after)
        if old is not None and new is not None:
            return old, new
    return None


def _by(key: str, items: list[dict[str, Any]]) -> dict[Item, Any] | None:
    by_name: dict[Item, Any] = {}
    for item in items:
        name = field_of(item, key)
        if isinstance(name, bool) or not isinstance(name, (str, int)) or Item(key, name) in by_name:
            return None
        by_name[Item(key, name)] = item
    return by_name
