"""What a comparison finds, as data: changes with their impact, object by object.

Values are plain (dict, list, str, int, float, bool, None); a variable of nats.conf is `Variable`. Until
`redacted` has been over a `ReleaseDiff` it holds secrets, so only that function's result may reach a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import ResourceKey
    from natsvalues.text.paths import Path

Level = Literal[
    "none",
    "reload",
    "restart",
    "not-applied",
    "exposure",
    "outage",
    "refused",
    "deadlock",
    "identity",
    "data-loss",
]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From harmless to worst."""
MEANINGS: dict[Level, str] = {
    "none": "changes nothing that runs",
    "reload": "applied while everything keeps running",
    "restart": "pods restart",
    "not-applied": "the new setting does not take effect",
    "exposure": "something becomes reachable that was not",
    "outage": "a connection, an address or a server is lost",
    "refused": "the API server refuses the upgrade, or nats-server its configuration",
    "deadlock": "a cold start would hang",
    "identity": "the servers' identity to JetStream or to other regions changes",
    "data-loss": "streams or messages can be lost",
}


class Impact(NamedTuple):
    """What a change does: why, how that is known, and what to do about it; `id` is that of the declared impact."""

    level: Level
    reason: str = ""
    source: str = ""
    remedy: str = ""
    id: str = ""


NO_IMPACT = Impact("none")


class Change(NamedTuple):
    """One value that differs.

    `path` leads through the object, or, where `file` is set, through the configuration file that this key of
    its data holds. `op` is `add`, `remove`, `replace`, or `reorder` (the same items in another order; before and
    after are then the items' names). `derived` names the cause of a change that only follows from others.
    `pointer` is the JSON Pointer into the new object (into the old one for what is removed); empty inside files.
    Lines count from 1, in the file of either side. `named` is what beside the value tells what it is: the options
    before it in a list, the `name` or `path` of a `value`, on either side, with spaces between them.
    """

    path: Path
    op: Literal["add", "remove", "replace", "reorder"]
    before: Any = None
    after: Any = None
    file: str = ""
    impact: Impact = NO_IMPACT
    derived: str = ""
    before_line: int | None = None
    after_line: int | None = None
    pointer: str = ""
    named: str = ""


class ObjectDiff(NamedTuple):
    """One object that differs. `key` is the new one's, except where it is removed; `was` the old one of a rename.

    `before` and `after` are whole values, None where the object is missing. `impact` is that of adding, removing or
    renaming the object; those of its changes are in the changes. `hook` tells a Helm hook, `live` that
    the new side is what the cluster has.
    """

    key: ResourceKey
    op: Literal["add", "remove", "change", "rename"]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    changes: tuple[Change, ...] = ()
    impact: Impact = NO_IMPACT
    was: ResourceKey | None = None
    hook: bool = False
    live: bool = False
    before_line: int | None = None
    after_line: int | None = None

    @property
    def worst(self) -> Level:
        """The worst level of the object and its changes."""
        return worst([self.impact.level, *(change.impact.level for change in self.changes)])


class Note(NamedTuple):
    """Something about the comparison as a whole that a reader must know."""

    level: Level
    message: str
    remedy: str = ""
    id: str = ""


class About(NamedTuple):
    """Where a side came from, as far as it tells: `label` is what the user named.

    `region` is the region that it was rendered for, `context` the kube context in which it was read or would go.
    """

    label: str
    release: str = ""
    namespace: str = ""
    revision: int | None = None
    chart: str = ""
    app_version: str = ""
    region: str = ""
    context: str = ""


class ReleaseDiff(NamedTuple):
    """All that differs between two releases. `region` is set where several regions are compared at once."""

    old: About
    new: About
    objects: tuple[ObjectDiff, ...]
    values: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    region: str = ""
    drift: tuple[ObjectDiff, ...] = ()
    """What differs in the cluster from the old side; before is what the release says, after what is there."""
    variables: frozenset[str] = frozenset()
    """Names of variables that hold a secret, because of where either side uses them."""
    is_first: bool = False
    """Whether the old side is empty: nothing runs yet that could change."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not self.objects and not self.values and not self.drift

    @property
    def worst(self) -> Level:
        """The worst level of everything in it."""
        return worst([*(item.worst for item in (*self.objects, *self.drift)), *(note.level for note in self.notes)])

    def impacts(self) -> Iterator[tuple[ObjectDiff, Change | None, Impact]]:
        """Every impact but `none`, with the object and, unless it is the object's own, the change."""
        for item in (*self.objects, *self.drift):
            if item.impact.level != "none":
                yield item, None, item.impact
            for change in item.changes:
                if change.impact.level != "none":
                    yield item, change, change.impact


def worst(levels: list[Level]) -> Level:
    """The worst of several levels; `none` of no level."""
    return max(levels, key=LEVELS.index, default="none")


def at_least(level: Level, threshold: Level) -> bool:
    """Whether a level is as bad as the threshold, or worse."""
    return LEVELS.index(level) >= LEVELS.index(threshold)
