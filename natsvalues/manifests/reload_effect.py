"""The effect of one configuration change at a reload, from the table, for a server version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.reload import PLACES, Place, canonical, step
from natsvalues.manifests.reload_table import FIRST, ROWS, RUN_ON, Outcome, Row
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.server import Release, ServerVersion

REASONS: dict[Outcome, str] = {
    "reload": "a reload applies it",
    "refused": "the server refuses the whole reload and keeps its old configuration until it restarts",
    "ignored": "a reload succeeds, but the change has no effect until the server restarts",
    "crash": "the server panics at the reload, and restarts with the new configuration",
}
_WORST: tuple[Outcome, ...] = ("reload", "ignored", "refused", "crash")
_UNLISTED = Row("", "refused", source="not in the table")


class Effect(NamedTuple):
    """The effect of a change at a reload; `known` is false for a setting that the table does not have."""

    outcome: Outcome
    reason: str
    source: str
    known: bool


def effect(path: tuple[str | int, ...], before: Any, after: Any, version: ServerVersion) -> Effect:
    """The effect of a reload after this change of a configuration, on a server of this version.

    `before` and `after` are plain values as `natsconf.symbolic` gives them, None for absent; of maps and lists
    each part that differs is looked up, and the worst is returned; without a known version, the worst of all versions.
    """
    row = rule(path, before, after, version)
    reason = f"{REASONS[row.outcome]}: {row.note}" if row.note else REASONS[row.outcome]
    if row is _UNLISTED:
        reason = f"{REASONS['refused']}: it refuses every change that it does not expect"
    return Effect(row.outcome, reason, source(row), row is not _UNLISTED)


def rule(path: tuple[str | int, ...], before: Any, after: Any, version: ServerVersion) -> Row:
    """The row of the table that applies to this change; one without a path if there is none."""
    releases = [version[:3]] if version.known else _steps()
    changes = _changes(canonical(path), before, after)
    rows = [_worst([_judged(*change, release) for release in releases]) for change in changes]
    listed = [row for row in rows if row]
    return max(listed, key=lambda row: _WORST.index(row.outcome), default=_UNLISTED)


def _worst(rows: list[Row | None]) -> Row | None:
    """The worst rule of several versions; a version that does not know the setting is left out."""
    known = [row for row in rows if row and row is not _UNLISTED]
    return max(known, key=lambda row: _WORST.index(row.outcome)) if known else rows[0]


def source(row: Row) -> str:
    """The source of the rule."""
    on = [release for release in RUN_ON if holds(row, release)]
    return row.source or f"run on nats-server {', '.join('.'.join(map(str, release)) for release in on)}"


def _changes(at: Place, before: Any, after: Any, block: str = "") -> Iterator[tuple[Place, str]]:
    """The parts that differ, each with its kind of change; `block` is the kind inside an added or removed block."""
    parts = _parts(before), _parts(after)
    if before is None or after is None:
        yield at, block or ("added" if before is None else "removed")
        block = "came" if before is None else "went"
    elif not parts[0] and not parts[1]:
        yield at, _kind(before, after)
    for key in parts[0] | parts[1]:
        one, other = parts[0].get(key), parts[1].get(key)
        if not same(one, other):
            yield from _changes(canonical((*at, key)), one, other, block)


def _parts(value: Any) -> dict[str | int, Any]:
    if isinstance(value, dict):
        return value
    return dict(enumerate(value)) if isinstance(value, list) and any(isinstance(item, dict) for item in value) else {}


def _kind(before: Any, after: Any) -> str:
    if type(before) is int and type(after) is int:
        return "grown" if after > before else "shrunk"
    return "changed"


def _judged(path: Place, kind: str, release: Release) -> Row | None:
    """The rule for one change; None inside a block that was added or removed, unless a rule is about its content."""
    row_so_far: Row | None = None
    whole = kind in ("came", "went")
    at: Place = ()
    for depth, key in enumerate(path, 1):
        further = step(at, key)
        if further is None:
            return None if whole else row_so_far or _UNLISTED
        at = further
        here = kind if depth == len(path) else "inside"
        fitting = (row for row in PLACES[at] if holds(row, release) and (not row.when or here in _kinds(row)))
        row_so_far = next(fitting, None if whole and depth == len(path) else row_so_far)
    return row_so_far if whole else row_so_far or _UNLISTED


def _kinds(row: Row) -> list[str]:
    kinds = row.when.split()
    return [*kinds, "grown", "shrunk"] if "changed" in kinds else kinds


def holds(row: Row, release: Release) -> bool:
    """Whether the rule applies to this version."""
    return row.since <= release and (row.before is None or release < row.before)


def _steps() -> list[Release]:
    return sorted({FIRST, *(row.since for row in ROWS), *(row.before for row in ROWS if row.before)})
