"""The user's own RFC 6902 operations, on a named object or on a path inside nats.conf.

Inside nats.conf a text in the chart's form `<< $TOKEN >>` or `<< 8MB >>` is written verbatim, so that the
server reads a variable or a size; any other text is written as a quoted string.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.overlays.patches import Outcome, Patch
from natsvalues.overlays.scene import Scene, overlay_error
from natsvalues.text.natsconf import Raw
from natsvalues.text.paths import Op, from_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.manifests.release import Manifest
    from natsvalues.overlays.model import UserPatch
    from natsvalues.text.yamltree import Value

RULE = "patches"
_VERBATIM = re.compile(r"<<\s*(.*?)\s*>>", re.DOTALL)
_LOOKS_BARE = re.compile(r"\$\w+|\d+[kKmMgGtTpPeE][iI]?[bB]?")


def user_operation(scene: Scene, number: int, index: int) -> Iterator[Outcome]:
    """Operation `index` of the region's patch `number`, on the target in its current state."""
    patch = scene.plan.region.patches[number]
    at = ("patches", number)
    why = patch.why or "your own patch"
    if patch.target.file is None:
        manifest = _target(scene, patch, at)
        ops = _ops(scene, patch.ops[index], (*at, "ops", index), manifest.value)
        yield Patch(manifest.key, ops, RULE, why)
        return
    if patch.target.file != scene.nats.config_key or any((patch.target.kind, patch.target.name)):
        raise overlay_error(
            "NV-T050",
            f"the target file `{patch.target.file}` is not the server's configuration file",
            scene.plan,
            *at,
            "target",
            hint=f"write target: {{file: {scene.nats.config_key}}} alone, or kind and name",
        )
    ops = _ops(scene, patch.ops[index], (*at, "ops", index), scene.conf)
    if any(_LOOKS_BARE.fullmatch(text) for op in ops for text in _texts(op.value)):
        yield scene.warning(
            "a value that looks like a variable or a size is written as a quoted string, and the server reads a string",
            scene.plan.positions.where(*at, "ops", index),
            hint='for a variable or a size write "<< $TOKEN >>" or "<< 8MB >>"',
        )
    yield scene.in_conf(RULE, why, *(op._replace(value=_verbatim(op.value)) for op in ops))


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    inside = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [text for item in inside for text in _texts(item)]


def _verbatim(content: Any) -> Any:
    if isinstance(content, str):
        match = _VERBATIM.fullmatch(content)
        return Raw(match[1]) if match else content
    if isinstance(content, dict):
        return {key: _verbatim(item) for key, item in content.items()}
    return [_verbatim(item) for item in content] if isinstance(content, list) else content


def _target(scene: Scene, patch: UserPatch, at: tuple[str | int, ...]) -> Manifest:
    target = patch.target
    if not target.kind:
        raise overlay_error(
            "NV-T051",
            "the target has neither a kind nor a file",
            scene.plan,
            *at,
            "target",
            hint="target: {kind: StatefulSet, name: nats}, or target: {file: nats.conf}",
        )
    words = [word for word in (target.kind, target.name) if word]
    matches = scene.release.manifests(
        scene.release.mentioning(*words),
        lambda manifest: (
            manifest.key.kind == target.kind
            and target.name in (None, manifest.key.name)
            and target.namespace in (None, manifest.key.namespace)
        ),
    )
    if len(matches) != 1:
        names = ", ".join(
            f"{item.key.name} ({f'line {item.line}' if item.number >= 0 else 'added by natsvalues'})"
            for item in matches
        )
        kinds = scene.release.manifests(
            scene.release.mentioning(target.kind), lambda item: item.key.kind == target.kind
        )
        there = names or ", ".join(manifest.key.name for manifest in kinds) or "none"
        raise NatsvaluesError(
            "NV-T052",
            f"the patch's target {' '.join(words)} matches {len(matches)} objects, not one",
            where=(scene.plan.positions.where(*at, "target"),),
            hint=f"there is: {there}" + ("; give target.name" if names and not target.name else ""),
        )
    return matches[0]


def _ops(scene: Scene, raw: dict[str, Any], here: tuple[str | int, ...], document: Value) -> tuple[Op, ...]:
    """One operation as `Op`s; `move` and `copy` are replaced by `add` and `remove`."""
    kind, path, origin = raw.get("op"), raw.get("path"), raw.get("from")
    unknown = sorted(set(raw) - {"op", "path", "value", "from"})
    if kind not in ("add", "remove", "replace", "test", "move", "copy") or not isinstance(path, str) or unknown:
        raise overlay_error(
            "NV-T053",
            "not an RFC 6902 operation",
            scene.plan,
            *here,
            hint="an operation is {op: add, path: /a/b, value: …}; op is add, remove, replace, test, move or copy",
        )
    needed = "from" if kind in ("move", "copy") else None if kind == "remove" else "value"
    if needed is not None and needed not in raw:
        raise overlay_error("NV-T053", f"`{kind}` needs `{needed}`", scene.plan, *here)
    if needed != "from":
        return (Op(str(kind), from_pointer(path), raw.get("value")),)
    moved = _at(scene, document, str(origin), here)
    taken = (Op("remove", from_pointer(str(origin))),) if kind == "move" else ()
    return (*taken, Op("add", from_pointer(path), moved))


def _at(scene: Scene, document: Any, text: str, here: tuple[str | int, ...]) -> Any:
    for part in from_pointer(text):
        try:
            document = document[int(part)] if isinstance(document, list) else document[part]
        except (KeyError, ValueError, IndexError, TypeError):
            raise overlay_error("NV-T054", f"`{text}` does not exist in the target", scene.plan, *here) from None
    return document
