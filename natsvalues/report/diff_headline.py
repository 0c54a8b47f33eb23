"""What a tired person understands of a diff in one line, and the words all its reports share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.diff.changes import MEANINGS
from natsvalues.report.diff_values import SIGNS, file_of, place, visible
from natsvalues.report.plain_values import counted

if TYPE_CHECKING:
    from natsvalues.diff.changes import About, Change, Impact, Level, Note, ObjectDiff, ReleaseDiff
    from natsvalues.report.diff_outline import Fold, Group, Outline

DRIFT = "the cluster differs from the old release"
Severity = Literal["error", "warning", "notice", ""]
SEVERITIES: dict[Level, Severity] = {
    "none": "",
    "reload": "notice",
    "restart": "notice",
    "not-applied": "warning",
    "exposure": "warning",
    "outage": "error",
    "refused": "error",
    "deadlock": "error",
    "identity": "error",
    "data-loss": "error",
}
"""How a level is marked: the three grades of a CI, and nothing for what has no effect."""
_DOES: dict[Level, tuple[str, str]] = {
    "none": ("without effect", "without effect"),
    "reload": ("is applied by a reload", "are applied by a reload"),
    "restart": ("restarts pods", "restart pods"),
    "not-applied": ("will not take effect", "will not take effect"),
    "exposure": ("opens something to the outside", "open something to the outside"),
    "outage": ("interrupts service", "interrupt service"),
    "refused": ("will be refused", "will be refused"),
    "deadlock": ("would make a cold start hang", "would make a cold start hang"),
    "identity": ("changes the servers' JetStream identity", "change the servers' JetStream identity"),
    "data-loss": ("can lose streams", "can lose streams"),
}


def headline(contents: Outline) -> str:
    """A sentence: the worst level, and what the worst change does here; with backticks around what is code."""
    counts = summary(contents)
    if not counts and not contents.notes:
        return "No differences" + (f" in {len(contents.regions)} regions" if contents.regions else "")
    if contents.worst == "none":
        return f"{name_of('none', is_first=contents.is_first)}: {contents.installs or counts or 'nothing differs'}"
    return f"{name_of(contents.worst)}{_worst(contents)}"


def _worst(contents: Outline) -> str:
    """Where the worst is and what it does, behind its level; of several the impact with the first id."""
    of_level = [group.sections for group in contents.groups if group.level == contents.worst]
    candidates = [
        (reason.impact.id, reason.impact.reason, object_title(section.item), reason.rows[0].regions)
        for sections in (*of_level, contents.drift)
        for section in sections
        for reason in section.reasons
        if reason.impact.level == contents.worst and reason.impact.reason
    ]
    candidates += [
        (shared.note.id, shared.note.message, "", shared.regions)
        for shared in contents.notes
        if shared.note.level == contents.worst
    ]
    if not candidates:
        return f": {summary(contents)}"
    _, reason, title, regions = min(candidates, key=lambda candidate: candidate[0])
    where = "all regions" if set(regions) == set(contents.regions) else visible(" and ".join(regions))
    return f"{f' in {where}' if regions else ''}: {f'{title}: ' if title else ''}{reason}"


def summary(contents: Outline) -> str:
    """How much there is of each level, and in how many regions anything differs; empty without differences."""
    parts = [_count(contents, level) for level in reversed(SEVERITIES)]
    if contents.folds:
        number = sum(fold.changes for fold in contents.folds)
        parts.append(f"{number} only {_verb(number, 'follows', 'follow')} from others")
    if contents.drift:
        number = sum(len(reason.rows) for section in contents.drift for reason in section.reasons)
        parts.append(f"{number} {_verb(number, 'differs', 'differ')} in the cluster from the old side")
    if contents.values:
        parts.append(
            f"{counted(len(contents.values), 'Helm value')} {_verb(len(contents.values), 'differs', 'differ')}"
        )
    counts = "; ".join(part for part in parts if part)
    return f"{counts}{_spread(contents)}" if counts else ""


def summary_below(contents: Outline) -> str:
    """The summary, where the headline is not the summary itself."""
    counts = summary(contents)
    return "" if not counts or counts in headline(contents) else counts


def name_of(level: Level, *, is_first: bool = False) -> str:
    """A level as a title: `DATA LOSS`; what has no effect in a first installation is that."""
    if level == "none":
        return "FIRST INSTALLATION" if is_first else "NO EFFECT"
    return level.upper().replace("-", " ")


def title_of(group: Group, contents: Outline) -> tuple[str, str]:
    """The title of a group, and what its level means."""
    if group.level == "none" and contents.is_first:
        return "NEW", "what is installed"
    return name_of(group.level), MEANINGS[group.level]


def state(diff: ReleaseDiff) -> str:
    """The worst of one region as a title."""
    return "no differences" if diff.is_empty and diff.worst == "none" else name_of(diff.worst, is_first=diff.is_first)


def _count(contents: Outline, level: Level) -> str:
    changes = sum(group.size for group in contents.groups if group.level == level)
    changes += sum(len(reason.rows) for hook in contents.hooks for reason in hook.reasons) if level == "none" else 0
    notes = sum(shared.note.level == level for shared in contents.notes) if level != "none" else 0
    if not changes and not notes:
        return ""
    is_first = level == contents.worst
    if level == "none" and contents.is_first:
        return counted(changes, "new object")
    subject = [counted(changes, "change") if is_first or notes else str(changes)] if changes else []
    subject += [counted(notes, "finding")] if notes else []
    return f"{' and '.join(subject)} {_verb(changes + notes, *_DOES[level])}"


def _spread(contents: Outline) -> str:
    if not contents.regions:
        return ""
    differing = sum(not diff.is_empty for diff in contents.diffs)
    return f" ({differing} of {len(contents.regions)} regions differ)"


def _verb(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def object_title(item: ObjectDiff) -> str:
    """An object for people: its kind, namespace and name, the old name of a rename, and whether it is a hook."""
    name = visible(str(item.key))
    name = f"{visible(str(item.was))} -> {name}" if item.was else name
    return name + (" (hook)" if item.hook else "")


def object_line(item: ObjectDiff) -> str:
    """What happens to the object itself: `+ new object`."""
    what = {"add": "new object", "remove": "object removed", "rename": "renamed"}
    if item.live:
        what = {"add": "in the cluster, and not in the release", "remove": "in the release, and not in the cluster"}
    return f"{SIGNS[item.op]} {what.get(item.op, 'the object')}"


def source_of(impact: Impact) -> str:
    """Where the fact comes from, and the id under which `natsvalues rules` explains it."""
    return f"{impact.source} [{impact.id}]" if impact.source and impact.id else impact.source


def message_of(note: Note) -> str:
    """A note, and the id under which `natsvalues rules` explains it."""
    return f"{note.message} [{note.id}]" if note.id else note.message


def change_place(change: Change) -> str:
    """`nats.conf: gateway.name`, or the path alone."""
    return f"{file_of(change)}: {place(change)}" if change.file else place(change)


def fold_line(fold: Fold) -> str:
    """`9 changes in 7 objects only follow from the chart version`."""
    where = f"{counted(fold.changes, 'change')} in {counted(fold.objects, 'object')}"
    return f"{where} only {_verb(fold.changes, 'follows', 'follow')} from {visible(fold.cause)}"


def side(about: About) -> str:
    """Where a side came from: what the user named, and what is known of it."""
    known = [
        f"region {about.region}" if about.region else "",
        f"release {about.namespace + '/' if about.namespace else ''}{about.release}" if about.release else "",
        f"revision {about.revision}" if about.revision is not None else "",
        f"chart {about.chart}" if about.chart else "",
        f"NATS {about.app_version}" if about.app_version else "",
        f"context {about.context}" if about.context else "",
    ]
    details = ", ".join(part for part in known if part and part not in about.label)
    return visible(f"{about.label} ({details})" if details else about.label)


def aside(change: Change, regions: tuple[str, ...], all_regions: tuple[str, ...]) -> str:
    """What else is to be said of a change: its regions, and what it follows from."""
    cause = f"(follows from {visible(change.derived)})" if change.derived else ""
    return f"{in_regions(regions, all_regions)} {cause}".strip()


def in_regions(regions: tuple[str, ...], all_regions: tuple[str, ...]) -> str:
    """`[us-east, eu-west]`, `[all regions]`, or nothing where only one diff is reported."""
    if not regions:
        return ""
    return "[all regions]" if set(regions) == set(all_regions) else visible(f"[{', '.join(regions)}]")
