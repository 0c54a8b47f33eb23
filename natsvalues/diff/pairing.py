"""Which object of the old release is which of the new: by identity, then by likeness where a name changed."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.objects import Entry, entries
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from natsvalues.diff.sides import Side
    from natsvalues.manifests.release import Release, ResourceKey

_HEAD = re.compile(r"\A---[^\n]*\n(?:#[^\n]*\n)*")
_NAMED = re.compile(r"""["']?name["']?:[ \t]*["']?([^\s"',}]+)""")
_LIKE_ENOUGH = 0.6
"""Share of equal leaves from which two objects of one kind count as one that was renamed."""
_MOST_CANDIDATES = 64
"""Of one kind; with more that came and went, likeness would cost their product."""
NAMES_APART = frozenset(("name", "namespace"))


class Pair(NamedTuple):
    """An object of either side, or of both."""

    old: Entry | None
    new: Entry | None

    @property
    def key(self) -> ResourceKey:
        """The identity by which reports call it."""
        entry = self.new or self.old
        assert entry is not None  # noqa: S101 - a pair is never of nothing
        return entry.key


def pairs(old: Side, new: Side) -> list[Pair]:
    """The objects that are not the same text on both sides, paired; in the new side's order, removed ones last.

    Objects whose text is equal are never parsed. Raises YamlSyntaxError with its place.
    """
    old_numbers, new_numbers = _differing(old.release, new.release)
    namespace = old.about.namespace or new.about.namespace
    before = _by_key(entries(old.release, old_numbers), namespace)
    after = _by_key(entries(new.release, new_numbers), namespace)
    gone = {key: entry for key, entry in before.items() if key not in after}
    came = {key: entry for key, entry in after.items() if key not in before}
    # Of two documents with one identity, one may be word for word on the other side, and so unparsed yet.
    after |= _twins(gone, new.release, set(new_numbers), namespace)
    before |= _twins(came, old.release, set(old_numbers), namespace)
    gone = {key: entry for key, entry in gone.items() if key not in after}
    came = {key: entry for key, entry in came.items() if key not in before}
    renamed = _renames(gone, came)
    pairs_of_new = [Pair(before.get(key) or renamed.get(key), entry) for key, entry in after.items()]
    taken = {id(entry) for entry in renamed.values()}
    return pairs_of_new + [Pair(entry, None) for key, entry in gone.items() if id(entry) not in taken]


def _differing(old: Release, new: Release) -> tuple[list[int], list[int]]:
    """The numbers of the documents of either side that the other does not have word for word."""
    texts = [[_HEAD.sub("", chunk.text).rstrip() for chunk in side.chunks] for side in (old, new)]
    common = Counter(texts[0]) & Counter(texts[1])
    return _beyond(texts[0], common), _beyond(texts[1], common)


def _beyond(texts: list[str], common: Counter[str]) -> list[int]:
    left = Counter(common)
    numbers = []
    for number, text in enumerate(texts):
        if left[text] > 0:
            left[text] -= 1
        else:
            numbers.append(number)
    return numbers


def _by_key(listed: Iterable[Entry], namespace: str) -> dict[ResourceKey, Entry]:
    """By identity; an object without a namespace is in the release's. Of two with one identity the last counts."""
    return {_placed(entry.key, namespace): entry for entry in listed}


def _placed(key: ResourceKey, namespace: str) -> ResourceKey:
    return key if key.namespace else key._replace(namespace=namespace)


def _twins(
    lone: dict[ResourceKey, Entry], release: Release, parsed: set[int], namespace: str
) -> dict[ResourceKey, Entry]:
    """For objects without a counterpart, the one of that identity among the documents not parsed yet."""
    if not lone:
        return {}
    unparsed = [number for number in range(len(release.chunks)) if number not in parsed]
    names = {key.name for key in lone}
    likely = [number for number in unparsed if names.intersection(_NAMED.findall(release.chunks[number].text))]
    by_key = _by_key(entries(release, likely), namespace)
    return {key: by_key[key] for key in lone if key in by_key}


def _renames(gone: dict[ResourceKey, Entry], came: dict[ResourceKey, Entry]) -> dict[ResourceKey, Entry]:
    """For objects that came, the one that went and is most like it."""
    renamed: dict[ResourceKey, Entry] = {}
    for kind in {(key.group, key.kind) for key in gone} & {(key.group, key.kind) for key in came}:
        old = [(key, _leaves(entry.value)) for key, entry in gone.items() if (key.group, key.kind) == kind]
        new = [(key, _leaves(entry.value)) for key, entry in came.items() if (key.group, key.kind) == kind]
        if max(len(old), len(new)) > _MOST_CANDIDATES:
            continue
        likeness = sorted(
            ((_likeness(was, is_now), old_key, new_key) for old_key, was in old for new_key, is_now in new),
            reverse=True,
        )
        used: set[ResourceKey] = set()
        for share, old_key, new_key in likeness:
            if share >= _LIKE_ENOUGH and old_key not in used and new_key not in renamed:
                renamed[new_key] = gone[old_key]
                used.add(old_key)
    return renamed


def _likeness(old: Counter[Any], new: Counter[Any]) -> float:
    total = max(sum(old.values()), sum(new.values()))
    return sum((old & new).values()) / total if total else 0.0


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Counter[Any]:
    """What an object says, leaf by leaf, without its name: lists without their order."""
    leaves: Counter[Any] = Counter()
    if isinstance(value, dict):
        for key, item in value.items():
            if not (path == ("metadata",) and key in NAMES_APART):
                leaves += _leaves(item, (*path, key))
    elif isinstance(value, list):
        for item in value:
            leaves += _leaves(item, (*path, "-"))
    else:
        leaves[path, repr(value)] = 1
    return leaves
