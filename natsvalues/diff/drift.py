"""What differs in the cluster from what a release says: fields changed by others, things missing, orphans.

Only what the release states counts, and what somebody else than helm added; defaults that the API server filled in
do not. Who changed a field, and when, is in the object's managedFields.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Literal

from natsvalues.diff.changes import NO_IMPACT, Change, ObjectDiff
from natsvalues.diff.comparison import at, compare
from natsvalues.diff.derived import KUSTOMIZATION, is_origin
from natsvalues.diff.identities import identify
from natsvalues.diff.impact import of_drift
from natsvalues.diff.impact.live import Drift
from natsvalues.diff.standing import standing, together
from natsvalues.manifests.release import ResourceKey, key_of
from natsvalues.records import NamedTuple
from natsvalues.supercluster.region_state import Decision
from natsvalues.text.paths import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.diff.standing import Standing
    from natsvalues.manifests.objects import Entry
    from natsvalues.manifests.release import Release
    from natsvalues.text.paths import Path

CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "kubelet", "cloud-controller-manager")
RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"


class Owner(NamedTuple):
    """Who last set a field: the manager's name, how (`Apply` or `Update`), and when."""

    manager: str
    operation: str
    time: str
    fields: dict[str, Any]


class Upgrade(NamedTuple):
    """What is to happen next: the objects of the new side, and whether a field that others own is a conflict.

    It is where Helm applies on the server's side without --force-conflicts. `decision` is that of the overlays.
    `beside` are the objects that Flux applies beside the release: Helm's next upgrade does nothing with them.
    """

    planned: Iterable[Entry]
    meets_conflicts: bool
    decision: Decision = Decision()
    beside: frozenset[ResourceKey] = frozenset()


class _Plan(NamedTuple):
    """The same for one object; empty where the new side does not have it."""

    value: dict[str, Any]
    meets_conflicts: bool
    is_beside: bool


def drift(
    old: Release, stated: list[Entry], live: list[dict[str, Any]], namespace: str, upgrade: Upgrade
) -> list[ObjectDiff]:
    """What differs between the objects that are stated and the live ones of the same identity, and what that does.

    `stated` are those of the release, without hooks, and those that are applied beside it.
    """
    plans = {_placed(entry.key, namespace): entry.value for entry in upgrade.planned}
    values = {_placed(key_of(value), namespace): value for value in live}
    there = [(entry, values[key]) for entry in stated if (key := _placed(entry.key, namespace)) in values]
    does = standing(
        old, namespace, [_as_stated(value, entry.key.namespace) for entry, value in there], upgrade.decision
    )
    differences = []
    for entry in stated:
        value, is_beside = values.get(_placed(entry.key, namespace)), entry.key in upgrade.beside
        if value is None:
            fate = of_drift(Drift("missing", entry.key, is_beside=is_beside))
            missing = together(does.of_object(entry.key), fate)
            differences.append(ObjectDiff(entry.key, "remove", entry.value, None, impact=missing, live=True))
            continue
        conflicts = upgrade.meets_conflicts and not is_beside
        plan = _Plan(plans.get(_placed(entry.key, namespace), {}), conflicts, is_beside)
        changes = tuple(_with_effects(_changes(entry, value, plan), entry.key, does))
        if changes:
            differences.append(ObjectDiff(entry.key, "change", entry.value, value, changes, live=True))
    return differences


def _with_effects(changes: Iterable[Change], key: ResourceKey, does: Standing) -> Iterator[Change]:
    """The changes with what each does here; a changed configuration file setting by setting."""
    for change in changes:
        inside = does.in_file(key, change.path)
        if inside:
            yield from (item._replace(impact=together(item.impact, change.impact)) for item in inside)
        else:
            yield change._replace(impact=together(does.of_change(key, change.path), change.impact))


def _as_stated(value: dict[str, Any], namespace: str) -> dict[str, Any]:
    """A live object without bookkeeping, with a namespace only where the release states one."""
    kept = _without_bookkeeping(value)
    metadata = {key: item for key, item in kept["metadata"].items() if key != "namespace"}
    return {**kept, "metadata": {**metadata, "namespace": namespace} if namespace else metadata}


def orphans(
    old: Release, stated: list[Entry], live: list[dict[str, Any]], name: str, namespace: str
) -> list[ObjectDiff]:
    """Live objects that helm created for this release, that the release does not have, and that Flux did not take.

    What each does is that of an object which the release as it is stated gets in addition.
    """
    known = {_placed(entry.key, namespace) for entry in stated}
    leftovers = list(_leftovers(live, known, name, namespace))
    stated_in = namespace if all(entry.key.namespace for entry in stated) else ""
    more = [_as_stated(value, stated_in) for value in leftovers]
    does = standing(old, namespace, [*(entry.value for entry in stated), *more], Decision()) if more else None
    differences = []
    for value, seen in zip(leftovers, more, strict=True):
        key = _placed(key_of(value), namespace)
        effect = does.of_object(key_of(seen)) if does is not None else NO_IMPACT
        impact = together(effect, of_drift(Drift("leftover", key)))
        differences.append(ObjectDiff(key, "add", None, _without_bookkeeping(value), impact=impact, live=True))
    return differences


def _leftovers(
    live: list[dict[str, Any]], known: set[ResourceKey], name: str, namespace: str
) -> Iterator[dict[str, Any]]:
    for value in live:
        metadata = value.get("metadata") or {}
        annotations = metadata.get("annotations") or {}
        if KUSTOMIZATION in (metadata.get("labels") or {}):
            continue
        if annotations.get(RELEASE_NAME) != name or annotations.get(RELEASE_NAMESPACE) != namespace:
            continue
        if _placed(key_of(value), namespace) not in known:
            yield value


def _placed(key: ResourceKey, namespace: str) -> ResourceKey:
    return key if key.namespace else key._replace(namespace=namespace)


def _changes(entry: Entry, live: dict[str, Any], plan: _Plan) -> Iterator[Change]:
    owners = list(_owners(live))
    reported: set[int] = set()
    stated = _as_stored(entry.value)
    for change in compare(stated, _restricted(stated, live), of_object=True):
        if change.op == "reorder" or change.path[:1] == ("apiVersion",) or _is_filled_in(change):
            continue
        if change.op == "add":  # an item of a list by name
            reported.add(id(_at(live, change.path)))
        yield _judged(change, _owner_of(change.path, owners), plan, entry.key)
    for owner in owners:
        if owner.manager.startswith("helm") or owner.manager in CONTROLLERS:
            continue
        for path in _leaves(owner.fields):
            value = _at(live, path)
            if any(id(_at(live, path[: length + 1])) in reported for length in range(len(path))):
                continue
            if value is not None and _at(stated, path) is None and not _is_bookkeeping(path):
                yield _judged(Change(path, "add", None, value), owner, plan, entry.key)


def _is_bookkeeping(path: Path) -> bool:
    """Whether a field is the API server's own, or that of a program that applies objects."""
    return path[:1] == ("status",) or path[-1] == "kubectl.kubernetes.io/last-applied-configuration" or is_origin(path)


def _is_filled_in(change: Change) -> bool:
    """A null that the API server gave a value, or an empty map or list that it dropped."""
    return (change.op == "add" and not isinstance(change.path[-1], Item)) or (
        change.op == "remove" and change.before in ({}, [])
    )


def _as_stored(stated: dict[str, Any]) -> dict[str, Any]:
    """An object as the API server keeps it: stringData of a Secret goes into data."""
    texts = stated.get("stringData")
    if stated.get("kind") != "Secret" or not isinstance(texts, dict):
        return stated
    data = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    return {
        **{key: item for key, item in stated.items() if key != "stringData"},
        "data": {**(stated.get("data") or {}), **data},
    }


def _restricted(stated: Any, live: Any) -> Any:
    """The live value as far as the release states anything about it."""
    if isinstance(stated, dict) and isinstance(live, dict):
        return {key: _restricted(item, live[key]) for key, item in stated.items() if key in live}
    if isinstance(stated, list) and isinstance(live, list):
        named = identify(stated, live)
        if named is not None:
            stated_items, live_items = named
            return [_restricted(stated_items.get(name), item) for name, item in live_items.items()]
        if len(stated) == len(live):
            return [_restricted(*pair) for pair in zip(stated, live, strict=True)]
    return live


def _judged(change: Change, owner: Owner | None, plan: _Plan, key: ResourceKey) -> Change:
    """A change by hand, with what it means for the next upgrade."""
    planned = _at(_as_stored(plan.value), change.path)
    conflicts = owner is not None and plan.meets_conflicts
    kind: Literal["added", "changed"] = "added" if change.op == "add" else "changed"
    return change._replace(
        impact=of_drift(Drift(kind, key, change.path, change.after, _who(owner), planned, conflicts, plan.is_beside))
    )


def _who(owner: Owner | None) -> str:
    """Who set a field, and when; the server records no time of scaling."""
    if owner is None:
        return "somebody changed it"
    return f"{owner.manager} set it" + (f" ({owner.time})" if owner.time else "")


def _owners(live: dict[str, Any]) -> Iterator[Owner]:
    for entry in (live.get("metadata") or {}).get("managedFields") or []:
        if isinstance(entry, dict) and isinstance(entry.get("fieldsV1"), dict):
            yield Owner(
                str(entry.get("manager")), str(entry.get("operation")), str(entry.get("time") or ""), entry["fieldsV1"]
            )


def _owner_of(path: Path, owners: list[Owner]) -> Owner | None:
    """The latest manager other than helm that owns a path, or something around it."""
    matches = [owner for owner in owners if not owner.manager.startswith("helm") and _owns(owner.fields, path)]
    return max(matches, key=lambda owner: owner.time, default=None)


def _owns(fields: Any, path: Path) -> bool:
    for part in path:
        if not isinstance(fields, dict):
            return False
        inner = next((value for key, value in fields.items() if _means(key, part)), None)
        if inner is None:
            return False
        fields = inner
        if fields == {}:
            return True  # the whole value, whatever is in it
    return True


def _means(key: str, part: Any) -> bool:
    """Whether a key of managedFields means a part of a path: `f:NAME`, or `k:{…}` for an item of a list."""
    if isinstance(part, Item):
        return key.startswith("k:") and json.loads(key[2:]).get(part.key) == part.value
    return key == f"f:{part}"


def _leaves(fields: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The paths that managedFields own."""
    for key, inner in fields.items():
        if key.startswith("f:"):
            step: Any = key[2:]
        elif key.startswith("k:"):
            name, value = next(iter(json.loads(key[2:]).items()))
            step = Item(name, value)
        else:
            continue
        if isinstance(inner, dict) and any(other != "." for other in inner):
            yield from _leaves(inner, (*path, step))
        else:
            yield (*path, step)


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = at(value, part)
    return value


def _without_bookkeeping(value: dict[str, Any]) -> dict[str, Any]:
    """An object without what the API server keeps about it."""
    metadata = value.get("metadata") or {}
    kept = {key: metadata[key] for key in ("name", "namespace", "labels", "annotations") if key in metadata}
    return {**{key: item for key, item in value.items() if key != "status"}, "metadata": kept}
