"""The digest by which a server names the configuration that it has loaded: `config_digest` in /varz.

facts, run with `nats-server -t`: SHA-256 of the configuration as Go writes it in JSON, variables filled in. 2.11 leaves
out the keys that other values refer to as variables, 2.12 to 2.15 do not; 2.10 has no digest (2.10.26, 2.11.10, 2.12.8,
2.14.6 and 2.15.1).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from natsvalues.text.digests import digest
from natsvalues.text.natsconf.nodes import ConfArray, ConfMap, Entry
from natsvalues.text.natsconf.values import unresolved, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from natsvalues.text.natsconf.nodes import Conf, Node

_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def loaded_digests(conf: Conf, env: Mapping[str, str], loader: Callable[[str], str] | None = None) -> tuple[str, ...]:
    """The digests that a server may report for this configuration: that of 2.12 and newer, and that of 2.11.

    Empty where a variable has no value in `env`, or stands for a floating-point number. Raises ConfSyntaxError.
    """
    if unresolved(conf, env, loader):
        return ()
    whole = value(conf, env, loader)
    if any(isinstance(item, float) for item in _leaves(whole)):
        return ()  # Go writes them otherwise
    used = {str(node.value) for node in _scalars(conf.root) if node.kind == "variable"}
    return tuple(dict.fromkeys(f"sha256:{digest(_as_go(item))}" for item in (whole, _without(whole, used))))


def _as_go(item: Any) -> str:
    text = json.dumps(item, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "".join(_ESCAPED.get(letter, letter) for letter in text) + "\n"


def _without(item: dict[str, Any], used: set[str]) -> dict[str, Any]:
    """Without these keys, in maps inside maps, too; what is inside lists stays."""
    return {
        key: _without(inner, used) if isinstance(inner, dict) else inner
        for key, inner in item.items()
        if key not in used
    }


def _leaves(item: Any) -> Iterator[Any]:
    if isinstance(item, (dict, list)):
        for inner in item.values() if isinstance(item, dict) else item:
            yield from _leaves(inner)
    else:
        yield item


def _scalars(node: Node) -> Iterator[Any]:
    if isinstance(node, ConfMap):
        for entry in node.entries:
            if isinstance(entry, Entry):
                yield from _scalars(entry.value)
    elif isinstance(node, ConfArray):
        for item in node.items:
            yield from _scalars(item)
    else:
        yield node
