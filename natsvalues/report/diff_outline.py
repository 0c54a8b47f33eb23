"""What every report of a diff is made of: the worst impact first, the objects inside, noise folded.

A change that several regions share is one row that names them. What only follows from another change is counted
under its cause, unless it alone does something to its object; hooks without impact stand apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import LEVELS, Change, Impact, Level, Note, ObjectDiff, ReleaseDiff, worst
from natsvalues.diff.impact.whole import FIRST
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.manifests.release import ResourceKey


class Row(NamedTuple):
    """A change of an object; without one, the object itself that is added, removed or renamed.

    `regions` names those that share it, where several are compared.
    """

    item: ObjectDiff
    change: Change | None
    regions: tuple[str, ...] = ()

    @property
    def impact(self) -> Impact:
        """What it does."""
        return self.change.impact if self.change else self.item.impact


class Reasoned(NamedTuple):
    """Rows of one object with one impact, so that the reason is said once."""

    impact: Impact
    rows: tuple[Row, ...]


class Section(NamedTuple):
    """An object in a group."""

    item: ObjectDiff
    reasons: tuple[Reasoned, ...]


class Group(NamedTuple):
    """All of one level."""

    level: Level
    sections: tuple[Section, ...]

    @property
    def size(self) -> int:
        """How many rows it has."""
        return sum(len(reason.rows) for section in self.sections for reason in section.reasons)


class Fold(NamedTuple):
    """How many changes, in how many objects, only follow from a cause."""

    cause: str
    changes: int
    objects: int


class SharedNote(NamedTuple):
    """A note, and the regions it holds for where several are compared."""

    note: Note
    regions: tuple[str, ...] = ()


class Setting(NamedTuple):
    """A change of a Helm value, and the regions that share it where several are compared."""

    change: Change
    regions: tuple[str, ...] = ()


class Outline(NamedTuple):
    """A whole report. Groups and notes stand worst first.

    `installs` is what a first installation installs; where nothing is worse, it is the headline, and no note.
    """

    diffs: tuple[ReleaseDiff, ...]
    worst: Level
    groups: tuple[Group, ...]
    hooks: tuple[Section, ...]
    drift: tuple[Section, ...]
    folds: tuple[Fold, ...]
    notes: tuple[SharedNote, ...]
    values: tuple[Setting, ...]
    installs: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs anywhere."""
        return all(diff.is_empty for diff in self.diffs)

    @property
    def is_first(self) -> bool:
        """Whether nothing runs yet in any region that is compared."""
        return all(diff.is_first for diff in self.diffs)

    @property
    def regions(self) -> tuple[str, ...]:
        """The names of the regions, empty for one diff."""
        return tuple(diff.region for diff in self.diffs) if len(self.diffs) > 1 else ()


def outline(diffs: tuple[ReleaseDiff, ...]) -> Outline:
    """Bring the changes of all regions in the order of a report."""
    rows = _merged(diffs, (row for diff in diffs for row in _rows(diff, diff.objects)))
    drift = _merged(diffs, (row for diff in diffs for row in _rows(diff, diff.drift)))
    own = {(row.item.key, row.impact.level) for row in rows if row.change is None or not row.change.derived}
    derived = [row for row in rows if _is_noise(row, own)]
    others = [row for row in rows if not _is_noise(row, own)]
    hooks = [row for row in others if row.item.hook and row.impact.level == "none"]
    rest = [row for row in others if not (row.item.hook and row.impact.level == "none")]
    by_level = {level: [row for row in rest if row.impact.level == level] for level in reversed(LEVELS)}
    level, notes = worst([diff.worst for diff in diffs]), _notes(diffs)
    first = [shared for shared in notes if shared.note.id == FIRST]
    installs = "; ".join(
        f"{' and '.join(shared.regions)}: {shared.note.message}" if len(first) > 1 else shared.note.message
        for shared in first
    )
    return Outline(
        diffs,
        level,
        tuple(Group(level, _sections(of_level)) for level, of_level in by_level.items() if of_level),
        _sections(hooks),
        _sections(drift),
        _folds(derived),
        tuple(shared for shared in notes if shared.note.id != FIRST or level != "none"),
        _values(diffs),
        installs,
    )


def _rows(diff: ReleaseDiff, objects: tuple[ObjectDiff, ...]) -> Iterator[Row]:
    for item in objects:
        if item.op != "change" or item.impact.level != "none":
            yield Row(item, None, (diff.region,))
        for change in item.changes:
            yield Row(item, change, (diff.region,))


def _is_noise(row: Row, own: set[tuple[ResourceKey, Level]]) -> bool:
    """Whether a change only follows from others, and does nothing that another change of the object does not."""
    if row.change is None or not row.change.derived:
        return False
    return row.impact.level == "none" or (row.item.key, row.impact.level) in own


def _merged(diffs: tuple[ReleaseDiff, ...], rows: Iterable[Row]) -> list[Row]:
    """The rows, those that are the same in several regions as one."""
    if len(diffs) == 1:
        return [row._replace(regions=()) for row in rows]
    merged: dict[Any, Row] = {}
    for row in rows:
        identity = _identity(row)
        first = merged.get(identity)
        regions = (*first.regions, *row.regions) if first else row.regions
        merged[identity] = (first or row)._replace(regions=tuple(dict.fromkeys(regions)))
    return list(merged.values())


def _identity(row: Row) -> Any:
    """What must be equal for two rows to say the same; values by `repr`, since lists have no hash and 1 equals True."""
    item = row.item
    whole = (item.key, item.was, item.op, item.hook)
    if row.change is None:
        return (*whole, item.impact, repr(item.before) if item.op == "remove" else repr(item.after))
    return (*whole, _same(row.change))


def _same(change: Change) -> Any:
    bare = change._replace(before=None, after=None, before_line=None, after_line=None)
    return (bare, repr(change.before), repr(change.after))


def _sections(rows: list[Row]) -> tuple[Section, ...]:
    by_object: dict[ResourceKey, list[Row]] = {}
    for row in rows:
        by_object.setdefault(row.item.key, []).append(row)
    return tuple(Section(same[0].item, _reasons(same)) for same in by_object.values())


def _reasons(rows: list[Row]) -> tuple[Reasoned, ...]:
    by_impact: dict[Impact, list[Row]] = {}
    for row in rows:
        by_impact.setdefault(row.impact, []).append(row)
    return tuple(Reasoned(impact, tuple(same)) for impact, same in by_impact.items())


def _folds(rows: list[Row]) -> tuple[Fold, ...]:
    by_cause: dict[str, list[Row]] = {}
    for row in rows:
        by_cause.setdefault(row.change.derived if row.change else "", []).append(row)
    return tuple(Fold(cause, len(same), len({row.item.key for row in same})) for cause, same in by_cause.items())


def _notes(diffs: tuple[ReleaseDiff, ...]) -> tuple[SharedNote, ...]:
    regions_of: dict[Note, tuple[str, ...]] = {}
    for diff in diffs:
        for note in diff.notes:
            regions_of[note] = (*regions_of.get(note, ()), *((diff.region,) if len(diffs) > 1 else ()))
    ordered = sorted(regions_of.items(), key=lambda entry: -LEVELS.index(entry[0].level))
    return tuple(SharedNote(note, tuple(dict.fromkeys(regions))) for note, regions in ordered)


def _values(diffs: tuple[ReleaseDiff, ...]) -> tuple[Setting, ...]:
    settings: dict[Any, Setting] = {}
    for diff in diffs:
        for change in diff.values:
            first = settings.setdefault(_same(change), Setting(change))
            if len(diffs) > 1:
                settings[_same(change)] = first._replace(regions=(*first.regions, diff.region))
    return tuple(settings.values())
