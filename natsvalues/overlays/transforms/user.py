"""The user's own RFC 6902 operations, on a named object or on a path inside nats.conf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.patches import Outcome, Patch
from natsvalues.overlays.scene import Scene, overlay_error
from natsvalues.text.paths import Op, from_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Manifest
    from natsvalues.overlays.model import UserPatch
    from natsvalues.text.yamltree import Value

RULE = "patches"


def user_patches(scene: Scene, number: int) -> Iterator[Outcome]:
    """The patch with that number in the region's list."""
    patch = scene.plan.region.patches[number]
    why = patch.why or "your own patch"
    at = ("patches", number)
    if patch.target.file is not None:
        if patch.target.file != scene.nats.config_key or any((patch.target.kind, patch.target.name)):
            raise overlay_error(
                "NV-T050",
                f"the target `{patch.target.file}` is not the server's configuration file",
                scene.plan,
                *at,
                "target",
                hint=f"write target: {{file: {scene.nats.config_key}}} alone, or kind and name",
            )
        yield Patch(
            scene.nats.config_map.key, _ops(scene, patch, at, scene.conf), RULE, why, file=scene.nats.config_key
        )
        return
    manifest = _target(scene, patch, at)
    yield Patch(manifest.key, _ops(scene, patch, at, manifest.value), RULE, why)


def _target(scene: Scene, patch: UserPatch, at: tuple[str | int, ...]) -> Manifest:
    target = patch.target
    if not target.kind:
        raise overlay_error(
            "NV-T051",
            "the target names neither a kind nor a file",
            scene.plan,
            *at,
            "target",
            hint="target: {kind: StatefulSet, name: nats}, or target: {file: nats.conf}",
        )
    words = [word for word in (target.kind, target.name) if word]
    found = scene.release.manifests(
        scene.release.mentioning(*words),
        lambda manifest: (
            manifest.key.kind == target.kind
            and target.name in (None, manifest.key.name)
            and target.namespace in (None, manifest.key.namespace)
        ),
    )
    if len(found) != 1:
        names = ", ".join(f"{manifest.key.name} (line {manifest.line})" for manifest in found)
        kinds = scene.release.manifests(
            scene.release.mentioning(target.kind), lambda item: item.key.kind == target.kind
        )
        there = names or ", ".join(manifest.key.name for manifest in kinds) or "none"
        raise NatsvaluesError(
            "NV-T052",
            f"the patch's target {target.kind} {target.name or ''} was found {len(found)} times, not once",
            where=(scene.plan.positions.where(*at, "target"),),
            hint=f"there is: {there}",
        )
    return found[0]


def _ops(scene: Scene, patch: UserPatch, at: tuple[str | int, ...], document: Value) -> tuple[Op, ...]:
    """The operations as ours; `move` and `copy` are spelled out, on the document as it is before the patch."""
    ops: list[Op] = []
    for index, raw in enumerate(patch.ops):
        here = (*at, "ops", index)
        kind, path, origin = raw.get("op"), raw.get("path"), raw.get("from")
        unknown = sorted(set(raw) - {"op", "path", "value", "from"})
        if kind not in ("add", "remove", "replace", "test", "move", "copy") or not isinstance(path, str) or unknown:
            raise overlay_error(
                "NV-T053",
                "not an RFC 6902 operation",
                scene.plan,
                *here,
                hint="an operation is {op: add, path: /a/b, value: …}; op is add, remove, replace,\ntest, move or copy",
            )
        if kind in ("move", "copy"):
            if not isinstance(origin, str):
                raise overlay_error("NV-T053", f"`{kind}` needs `from`", scene.plan, *here)
            moved = _at(scene, document, origin, here)
            ops += [Op("remove", from_pointer(origin))] if kind == "move" else []
            ops.append(Op("add", from_pointer(path), moved))
        elif kind != "remove" and "value" not in raw:
            raise overlay_error("NV-T053", f"`{kind}` needs `value`", scene.plan, *here)
        else:
            ops.append(Op(str(kind), from_pointer(path), raw.get("value")))
    return tuple(ops)


def _at(scene: Scene, document: Any, text: str, here: tuple[str | int, ...]) -> Any:
    for part in from_pointer(text):
        try:
            document = document[int(part)] if isinstance(document, list) else document[part]
        except (KeyError, ValueError, IndexError, TypeError):
            raise overlay_error("NV-T054", f"`{text}` does not exist in the target", scene.plan, *here) from None
    return document
