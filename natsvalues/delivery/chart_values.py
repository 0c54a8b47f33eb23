"""The chart's values: read, checked against what the chart knows, and completed with its defaults.

facts: the upstream chart has no schema, so a key it does not know is silently ignored (run with charts 1.2.11, 1.3.16
and 2.14.2). The chart's keys and defaults are in `chart_values.yaml`; those of charts before 1.0 in `old_keys`.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import Any, NamedTuple

from natsvalues.delivery.old_keys import successor
from natsvalues.delivery.templates import TEMPLATE_KEYS, evaluated
from natsvalues.errors import NatsvaluesError, Where, raise_all
from natsvalues.overlays.patches import Notice
from natsvalues.text.composer import MappingNode, Node
from natsvalues.text.reading import dotted, nearest
from natsvalues.text.yamltree import Tree, find, key_text

Values = dict[str, Any]
Path = tuple[str | int, ...]

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:[-+][0-9A-Za-z.+-]*)?\Z")
NEWEST = "2.14.2"
_SERVERS = {(1, 0): "2.9.19", (1, 1): "2.10.0", (1, 2): "2.10.0", (1, 3): "2.11.0"}
"""The first server that each of the 1.x charts came with; from 2.x on a chart has its server's number."""
_NAMES = {str: "a text", int: "a whole number", bool: "true or false", dict: "a mapping", list: "a list"}


class Chart(NamedTuple):
    """A version of the chart, and the server it runs unless the values say otherwise."""

    version: str
    major: int
    server: str


def chart(version: str | None) -> Chart:
    """The chart of a version; the newest known where none is given.

    Raises NatsvaluesError for what is no version, for charts before 1.0 (of other values), and for ones to come.
    """
    text = version or NEWEST
    found = _VERSION.match(text)
    if found is None:
        raise NatsvaluesError(
            "NV-V001", f"`{text}` is not a version of the chart", hint="give all of it, such as --chart-version 2.14.2"
        )
    major, minor, patch = (int(part) for part in found.groups())
    if major not in (1, 2):
        known = "the values of charts before 1.0 were others" if major == 0 else "its values are not known here"
        raise NatsvaluesError(
            "NV-V001",
            f"chart {text}: {known}",
            hint="natsvalues writes values for charts 1.0 to 2.x; the post-renderer works on what any chart rendered",
        )
    servers = [server for (_, least), server in _SERVERS.items() if least <= minor]
    return Chart(text, major, f"{major}.{minor}.{patch}" if major > 1 else servers[-1])


@cache
def defaults(asked: Chart) -> Values:
    """The chart's own values. Shared, so not to be changed."""
    path = os.path.join(os.path.dirname(__file__), "chart_values.yaml")
    with open(path, encoding="utf-8") as file:
        values: Values = Tree(file.read()).value
    values["container"]["image"]["tag"] = f"{asked.server}-alpine"
    values["podTemplate"]["configChecksumAnnotation"] = asked.major == 1
    return values


def completed(given: Values, asked: Chart, places: Places) -> Values:
    """The user's values over the chart's, as Helm puts them together, templates of names evaluated.

    Raises NatsvaluesError with every value that is not of the kind the chart needs.
    """
    errors: list[NatsvaluesError] = []
    values = _over(defaults(asked), evaluated(given, common_labels(given)), (), places, errors)
    raise_all(errors)
    return values


def common_labels(given: Values) -> Values:
    """The labels that the user gives to every object."""
    found = (given.get("global") or {}).get("labels") if isinstance(given.get("global") or {}, dict) else None
    return found if isinstance(found, dict) else {}


class Places(NamedTuple):
    """Where the user's values stand; each key in the file that has it, the last that does."""

    files: tuple[tuple[str, Tree], ...] = ()

    def where(self, path: Path) -> Where:
        """The line of a key, or of what is around it."""
        for depth in range(len(path), 0, -1):
            for name, tree in reversed(self.files):
                node = _key(find(tree.root, *path[: depth - 1]), path[depth - 1])
                if node is not None:
                    return Where(name, tree.line(node), field=dotted(path))
        return Where(self.files[-1][0] if self.files else "values", field=dotted(path) or None)


def _key(node: Node | None, key: str | int) -> Node | None:
    """What tells where a value begins: its key; an item of a list has none."""
    if isinstance(node, MappingNode):
        return next((name for name, _ in reversed(node.value) if key_text(name) == key), None)
    return find(node, key)


def _over(default: Values, given: Values, path: Path, places: Places, errors: list[NatsvaluesError]) -> Values:
    merged = {}
    for key, usual in default.items():
        value = given.get(key, usual)
        here = (*path, key)
        if value is usual or (value is None and not usual):
            merged[key] = copied(usual)
        elif value is None:
            message = "null takes the chart's default away, and the chart does not do without it"
            hint = "leave the key out, or give it a value"
            errors.append(NatsvaluesError("NV-V002", message, where=(places.where(here),), hint=hint))
        elif isinstance(usual, dict) and usual and isinstance(value, dict) and not _is_template(value):
            merged[key] = _over(usual, value, here, places, errors)
        else:
            fault = _fault(value, usual)
            if fault:
                errors.append(NatsvaluesError("NV-V002", *fault, where=(places.where(here),)))
            merged[key] = copied(value)
    for key in given.keys() - default.keys():
        merged[key] = given[key]
    return merged


def copied(value: Any) -> Any:
    """A value of its own, so that what is merged over it changes nothing else."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


class _Fault(NamedTuple):
    message: str


def _fault(value: Any, usual: Any) -> _Fault | None:
    """What is wrong with a value whose default is `usual`; a text may be unset, so null has no kind of its own."""
    if _is_template(value) and not (isinstance(usual, dict) and not usual):
        return _Fault("the chart's templates decide this value, so what it comes to is not known here: state it")
    kind = str if usual is None else type(usual)
    fits = isinstance(value, kind) and isinstance(value, bool) == (kind is bool)
    if fits or (kind is str and isinstance(value, (int, float)) and not isinstance(value, bool)):
        return None
    return _Fault(f"{_NAMES[kind]} is expected, and this is {_NAMES.get(type(value), 'a number')}")


def _is_template(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and not TEMPLATE_KEYS.isdisjoint(value)


def ignored(given: Values, asked: Chart, places: Places) -> list[Notice]:
    """A warning for each key that the chart ignores, with the key to use."""
    return list(_ignored(given, defaults(asked), (), places))


def _ignored(given: Values, known: Values, path: Path, places: Places) -> list[Notice]:
    found = []
    for key, value in given.items():
        here = (*path, key)
        if key not in known:
            found += _unknown(value, here, known, places)
        elif isinstance(value, dict) and isinstance(known[key], dict) and known[key]:
            found += _ignored(value, known[key], here, places)
    return found


def _unknown(value: Any, path: Path, known: Values, places: Places) -> list[Notice]:
    """One warning for an unknown key, or one for each old key inside it that has a successor of its own."""
    names = tuple(str(part) for part in path)
    told = successor(names)
    if told is None and isinstance(value, dict):
        inside = [notice for key, item in value.items() for notice in _unknown(item, (*path, key), {}, places)]
        if any(notice.hint for notice in inside):
            return inside
    hint = f"since chart 1.0 it is {told}" if told else nearest(names[-1], known)
    return [Notice("warning", f"the chart ignores `{dotted(path)}`", (places.where(path),), hint)]
