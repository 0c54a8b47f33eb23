"""Compare two releases: every object that differs with its changes, before anybody judges what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.diff.changes import Change, Note, ObjectDiff, ReleaseDiff
from natsvalues.diff.comparison import compare
from natsvalues.diff.configuration import Unreadable, opened
from natsvalues.diff.derived import cause, is_origin, is_tracking, tracked
from natsvalues.diff.pairing import Pair, pairs
from natsvalues.manifests.objects import HELM_RELEASE
from natsvalues.manifests.plain import KIND
from natsvalues.manifests.stamps import stamped_region
from natsvalues.text.paths import PathError, concrete, pointer
from natsvalues.text.yamltree import find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.diff.changes import About
    from natsvalues.diff.configuration import ConfFile
    from natsvalues.diff.ignoring import Rule
    from natsvalues.diff.sides import Side
    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.objects import Entry
    from natsvalues.manifests.release import ResourceKey
    from natsvalues.text.paths import Path


class Comparison:
    """What differs between two sides, and what of them was opened for that."""

    def __init__(self, old: Side, new: Side) -> None:
        self.old, self.new = old, new
        for side in (old, new):
            side.release.require_readable([len(side.release.chunks) - 1] if side.release.chunks else [])
        self.old_files, old_unreadable, self.old_nats = opened(old)
        self.new_files, new_unreadable, self.new_nats = opened(new)
        self.unreadable = tuple(new_unreadable)
        """Configurations of the new side with which its servers do not start."""
        self.notes = [_unreadable(item) for item in old_unreadable]
        apart = self._apart()
        self.pairs = [pair for pair in pairs(old, new) if self._counts(pair) and pair.key not in apart]
        self._tracked = tracked(self.pairs)
        self.objects = [item for item in map(self._object, self.pairs) if item is not None]

    def leave_out(self, rules: list[Rule]) -> None:
        """Take out what the user's rules cover; an object of which nothing is left goes, too."""
        kept = []
        for item in self.objects:
            if any(rule.covers_whole(item.key) for rule in rules):
                continue
            changes = tuple(
                change for change in item.changes if not any(rule.covers(item.key, change) for rule in rules)
            )
            if changes or item.op != "change":
                kept.append(item._replace(changes=changes))
        self.objects = kept

    def _apart(self) -> frozenset[ResourceKey]:
        """What is not in the old release because Flux applies it beside that; noted."""
        if not self.old.release.mentioning(HELM_RELEASE):
            return frozenset()
        from natsvalues.diff.beside import beside, note  # few releases are Flux'

        apart = beside(self.old, self.new)
        self.notes += [note(entry, self.old) for entry in apart]
        return frozenset(entry.key for entry in apart)

    def _counts(self, pair: Pair) -> bool:
        """A hook that one side cannot know of is no difference."""
        if pair.old is None:
            return self.old.hooks_known or pair.new is None or not pair.new.is_hook
        return pair.new is not None or self.new.hooks_known or not pair.old.is_hook

    def _object(self, pair: Pair) -> ObjectDiff | None:
        old, new = pair.old, pair.new
        lines = (old.line_of() if old else None, new.line_of() if new else None)
        hook = any(entry is not None and entry.is_hook for entry in (old, new))
        before, after = (old.value if old else None), (new.value if new else None)
        if old is None or new is None:
            return ObjectDiff(pair.key, "remove" if new is None else "add", before, after, (), hook=hook,
                              before_line=lines[0], after_line=lines[1])  # fmt: skip
        changes = self._changes(old, new)
        renamed = old.key._replace(namespace="") != new.key._replace(namespace="")
        if not changes and not renamed:
            return None
        return ObjectDiff(pair.key, "rename" if renamed else "change", before, after, changes, hook=hook,
                          was=old.key if renamed else None, before_line=lines[0], after_line=lines[1])  # fmt: skip

    def _changes(self, old: Entry, new: Entry) -> tuple[Change, ...]:
        before, after = old.value, new.value
        files = self._files(old.key, new.key)
        if files:
            before, after = _without(before, files), _without(after, files)
        changes = []
        for change in compare(before, after, of_object=True):
            if is_origin(change.path) or is_tracking(change, self._tracked):
                continue
            old_steps = _steps(change.path, before) if change.op != "add" else None
            new_steps = _steps(change.path, after) if change.op != "remove" else None
            changes.append(
                change._replace(
                    derived=cause(change.path),
                    pointer=pointer((new_steps if new_steps is not None else old_steps) or ()),
                    before_line=old.line_of(*old_steps) if old_steps is not None else None,
                    after_line=new.line_of(*new_steps) if new_steps is not None else None,
                )
            )
        for file in files:
            was, is_now = self.old_files[old.key, file], self.new_files[new.key, file]
            changes += [
                change._replace(
                    before_line=_file_line(old, was, change) if change.op != "add" else None,
                    after_line=_file_line(new, is_now, change) if change.op != "remove" else None,
                )
                for change in compare(was.settings, is_now.settings, file=file)
            ]
        return tuple(changes)

    def _files(self, old: ResourceKey, new: ResourceKey) -> list[str]:
        """The keys of both ConfigMaps that are configuration files of a server."""
        return [file for key, file in self.old_files if key == old and (new, file) in self.new_files]

    def diff(self, objects: tuple[ObjectDiff, ...], notes: tuple[Note, ...], region: str = "") -> ReleaseDiff:
        """The whole, with objects as they were judged."""
        values: tuple[Change, ...] = ()
        if self.old.values is not None and self.new.values is not None:
            values = compare(self.old.values, self.new.values)
        old, new = _with_region(self.old.about, self.old_nats), _with_region(self.new.about, self.new_nats)
        is_first = self.old.release.is_empty and not self.new.release.is_empty
        return ReleaseDiff(old, new, objects, values, (*self.notes, *notes), region, is_first=is_first)


def _with_region(about: About, servers: Iterable[Nats]) -> About:
    """The side with the region that the annotations of its servers name, if it is not known yet."""
    stamped = (stamped_region(nats.statefulset) for nats in servers)
    return about if about.region else about._replace(region=next(filter(None, stamped), ""))


def _unreadable(item: Unreadable) -> Note:
    return Note("none", f"{item.key} {item.file} of the old side cannot be read ({item.message}): compared as text")


def _without(value: dict[str, Any], files: list[str]) -> dict[str, Any]:
    data = value.get("data")
    rest = {key: text for key, text in data.items() if key not in files} if isinstance(data, dict) else data
    return {**value, "data": rest}


def _steps(path: Path, value: Any) -> tuple[str | int, ...]:
    """The path with indices in the place of names."""
    try:
        return concrete(path, value)
    except PathError:  # inside something that one side has in another shape
        return ()


def _file_line(entry: Entry, file: ConfFile, change: Change) -> int:
    """The line of a setting, in the stream; that of the whole file where it does not stand as a block."""
    if entry.key.kind == KIND:
        return 1 + file.conf.text.count("\n", 0, file.offset_of(change.path))
    start = entry.line_of("data", change.file)
    node = find(entry.manifest.tree.root, *entry.within, "data", change.file)
    if getattr(node, "style", None) not in ("|", ">"):
        return start
    return start + 1 + file.conf.text.count("\n", 0, file.offset_of(change.path))
