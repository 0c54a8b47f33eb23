"""Which part of a configuration only a restart applies; the facts are in `reload_table`.

A failed reload is not reported to its caller (the chart's reloader, `nats-server --signal`): the server logs it,
continues with the complete old configuration, and reads the new one at its next start. This module is imported while
post-rendering, so it stays light; `reload_effect` has the effect of one change.
"""

from __future__ import annotations

from typing import Any

from natsvalues.manifests.conf.language import usual_path
from natsvalues.manifests.reload_table import FIRST, MOVED, ROWS, Row

Place = tuple[str, ...]
"""A path with `*` for the items of lists; in a rule also for the names of a map."""


def _places() -> dict[Place, list[Row]]:
    rules: dict[Place, list[Row]] = {}
    for row in ROWS:
        path = tuple(row.path.split("."))
        for depth in range(1, len(path)):
            rules.setdefault(path[:depth], [])
        rules.setdefault(path, []).append(row)
    return rules


PLACES = _places()
"""The rules for each path, with empty entries for the paths above it."""


def _always(row: Row) -> bool:
    """Whether a rule lets any change reload, on every version."""
    return row.outcome == "reload" and not row.when and row.since == FIRST and row.before is None


_UNSURE = {
    path[:depth] for path, rows in PLACES.items() for depth in range(1, len(path) + 1) if not all(map(_always, rows))
}
"""Where something does not always reload, there or below."""


def canonical(path: tuple[str | int, ...]) -> Place:
    """A path in the spelling of the table, with `*` for the items of lists."""
    usual = usual_path(path)
    for length in range(len(usual), 0, -1):
        if usual[:length] in MOVED:
            return (*MOVED[usual[:length]], *usual[length:])
    return usual


def step(at: Place, key: str) -> Place | None:
    """The table's path for a key below another path; None if the table has none."""
    place = (*at, key)
    if place in PLACES:
        return place
    anyone = (*at, "*")
    return anyone if anyone in PLACES else None


def restart_part(conf: dict[str, Any], at: Place = ()) -> dict[str, Any]:
    """The part of a configuration that on some version, for some change, only a restart applies.

    Lists stay whole unless they reload as a whole.
    """
    kept: dict[str, Any] = {}
    for key, item in conf.items():
        path = canonical((*at, key))
        reloads, sure = _reloads(path)
        if reloads and (sure or not isinstance(item, dict)):
            continue
        part = restart_part(item, path) if isinstance(item, dict) else item
        if part or not reloads:
            kept[key] = part
    return kept


def _reloads(path: Place) -> tuple[bool, bool]:
    """Whether any change of it reloads, by the nearest rule, and whether all under it does, too."""
    reloads = False
    at: Place = ()
    for key in path:
        further = step(at, key)
        if further is None:
            return reloads, True
        at = further
        if PLACES[at]:
            reloads = _always(PLACES[at][0])
    return reloads, at not in _UNSURE
