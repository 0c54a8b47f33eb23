"""A diff as JSON, format 1. A change of meaning gets a new module; the types inside may change freely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues import __version__
from natsvalues.diff.changes import LEVELS, Change, Impact, Note, ObjectDiff, ReleaseDiff, worst
from natsvalues.report.diff_headline import headline
from natsvalues.report.diff_outline import outline
from natsvalues.report.plain_values import plain
from natsvalues.text.paths import dotted

if TYPE_CHECKING:
    from natsvalues.manifests.release import ResourceKey

FORMAT = 1


def report(diffs: tuple[ReleaseDiff, ...]) -> dict[str, Any]:
    """The whole report: what is worst, how many of each level, and each region (one without a name for a lone diff)."""
    levels = [impact.level for diff in diffs for _, _, impact in diff.impacts()]
    return {
        "format": FORMAT,
        "natsvalues": __version__,
        "differs": any(not diff.is_empty for diff in diffs),
        "worst": worst([diff.worst for diff in diffs]),
        "headline": headline(outline(diffs)),
        "counts": {level: levels.count(level) for level in LEVELS if level in levels},
        "regions": [_region(diff) for diff in diffs],
    }


def _region(diff: ReleaseDiff) -> dict[str, Any]:
    return {
        "region": diff.region or None,
        "old": diff.old._asdict(),
        "new": diff.new._asdict(),
        "worst": diff.worst,
        "firstInstallation": diff.is_first,
        "notes": [_note(note) for note in diff.notes],
        "objects": [_object(item) for item in diff.objects],
        "drift": [_object(item) for item in diff.drift],
        "values": [_change(change) for change in diff.values],
    }


def _note(note: Note) -> dict[str, Any]:
    return {"level": note.level, "message": note.message, "remedy": note.remedy or None, "id": note.id or None}


def _object(item: ObjectDiff) -> dict[str, Any]:
    return {
        "object": _key(item.key),
        "was": _key(item.was) if item.was else None,
        "op": item.op,
        "hook": item.hook,
        "worst": item.worst,
        "impact": _impact(item.impact),
        "lines": {"old": item.before_line, "new": item.after_line},
        "content": plain(item.after if item.op == "add" else item.before) if item.op in ("add", "remove") else None,
        "changes": [_change(change) for change in item.changes],
    }


def _key(key: ResourceKey) -> dict[str, str]:
    return key._asdict()


def _impact(impact: Impact) -> dict[str, Any]:
    return {name: text or None for name, text in impact._asdict().items()}


def _change(change: Change) -> dict[str, Any]:
    return {
        "file": change.file or None,
        "path": dotted(change.path),
        "pointer": None if change.file else change.pointer,
        "op": change.op,
        "before": plain(change.before),
        "after": plain(change.after),
        "impact": _impact(change.impact),
        "derived": change.derived or None,
        "lines": {"old": change.before_line, "new": change.after_line},
    }
