"""The edits of a rendering as patches that need no natsvalues when they are applied.

They are the operations that the pipeline made and checked. They follow `test` operations (RFC 6902) on what
they replace: made for one rendering, they must not be applied silently to a newer one. kustomize reports a missing
target only for strategic merge patches. So each object's annotations come first, as such a patch (kustomize has
annotations of its own beside them). (Run on kustomize 5.8.2 and kubectl 1.37.1.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonpatch

from natsvalues.errors import InternalError, NatsvaluesError
from natsvalues.manifests.carried import uncarried
from natsvalues.manifests.release import FILENAME_ANNOTATION, Release, ResourceKey
from natsvalues.overlays.pipeline import Edited, Result, render
from natsvalues.overlays.transforms.stamps import is_stamped
from natsvalues.records import NamedTuple
from natsvalues.text.paths import from_pointer, pointer
from natsvalues.text.stream import Chunk
from natsvalues.text.yamledit import same

if TYPE_CHECKING:
    from natsvalues.overlays.plan import Plan

Operation = dict[str, Any]
_ANNOTATIONS = ("metadata", "annotations")
STALE = "this export is of another rendering, export again"


class ObjectPatch(NamedTuple):
    """The changes of one object: annotations to add, then the operations, tests first."""

    key: ResourceKey
    api_version: str
    annotations: dict[str, str]
    operations: tuple[Operation, ...]

    @property
    def target(self) -> dict[str, str]:
        """The object as a kustomize target; names there are regular expressions."""
        version = self.api_version.rpartition("/")[2]
        fields = {"group": self.key.group, "version": version, "kind": self.key.kind, "name": self.key.name}
        if self.key.namespace:
            fields["namespace"] = self.key.namespace
        return {field: text.replace(".", r"\.") if field == "name" else text for field, text in fields.items() if text}

    @property
    def merge(self) -> dict[str, Any]:
        """The annotations as a strategic merge patch, which fails if the object is not there."""
        metadata: dict[str, Any] = {"annotations": self.annotations} if self.annotations else {}
        metadata["name"] = self.key.name
        if self.key.namespace:
            metadata["namespace"] = self.key.namespace
        return {"apiVersion": self.api_version, "kind": self.key.kind, "metadata": metadata}


class Export(NamedTuple):
    """The changes from a rendering to the region's release: patches, and new objects."""

    result: Result
    patches: tuple[ObjectPatch, ...]
    added: tuple[dict[str, Any], ...]


def export(release: Release, plan: Plan) -> Export:
    """The edits that the region needs, for `release` as it was rendered. Raises as `render` does, and NV-F003."""
    result = render(_uncarried(release), plan)
    rendered = result.release.rendered(result.nats.statefulset.number)
    if rendered is None or is_stamped(rendered):
        raise NatsvaluesError(
            "NV-F003",
            "this rendering was already made by natsvalues: patches of it would fit no other rendering",
            where=(release.where(rendered.line if rendered else 1, "metadata.annotations"),),
            hint="use the chart's own rendering: helm template … | natsvalues export …",
        )
    patches = tuple(_patch(result, edited) for edited in result.edited)
    added = [result.release.added[number].manifest.value for number in sorted(result.release.added, reverse=True)]
    return Export(result, patches, tuple(added))


def _uncarried(release: Release) -> Release:
    """The release without the annotation that Helm 4 shows to post-renderers only: no other rendering has it."""
    chunks = list(release.chunks)
    for number in release.mentioning(FILENAME_ANNOTATION):
        manifest = release.manifest(number)
        if manifest is not None:
            chunks[number] = Chunk(uncarried(manifest).text, chunks[number].line)
    return Release.of(chunks, release.file)


def _patch(result: Result, edited: Edited) -> ObjectPatch:
    manifest = result.release.manifest(edited.number)
    if manifest is None:
        raise InternalError("NV-X004", "an edited document is missing")
    annotations, rest = _annotations(edited)
    operations = _without_overwritten(rest)
    image = _image(edited.before, result.nats.container) if manifest.key == result.nats.statefulset.key else None
    tests = _tests(edited.before, operations, image)
    absent = _absent(edited.before, operations)
    metadata = edited.before["metadata"]
    merged_annotations = {**(metadata.get("annotations") or {}), **annotations}
    merged = (
        {**edited.before, "metadata": {**metadata, "annotations": merged_annotations}} if annotations else edited.before
    )
    means = f"{STALE}: {manifest.key.kind} {manifest.key.name}"
    if not same(jsonpatch.apply_patch(merged, [*telling(tests, means), *operations]), manifest.value):
        raise InternalError("NV-X004", f"the patch of {manifest.key} does not do what post-rendering does")
    guarded = (*telling([*tests, *absent], means), *operations)
    return ObjectPatch(manifest.key, str(manifest.value.get("apiVersion", "")), annotations, guarded)


def telling(tests: list[Operation], means: str) -> list[Operation]:
    """The tests, on a copy of what they test; the copy has the meaning of a failure as its name, and is removed again.

    All that tools print of a failure is the path: `testing value /data/nats.conf failed: test failed` (run with
    kustomize 5.8.2 and kubectl 1.37.1; Flux and Helmfile apply patches with the same library).
    """
    if not tests:
        return []
    copy = pointer((means,))
    parts = dict.fromkeys(from_pointer(test["path"])[0] for test in tests)
    return [
        {"op": "add", "path": copy, "value": {}},
        *({"op": "copy", "from": pointer((part,)), "path": copy + pointer((part,))} for part in parts),
        *({**test, "path": copy + test["path"]} for test in tests),
        {"op": "remove", "path": copy},
    ]


def _annotations(edited: Edited) -> tuple[dict[str, str], tuple[Operation, ...]]:
    """The annotations that the operations only add to the object, and the other operations."""
    path = pointer(_ANNOTATIONS)
    on_annotations = [operation for operation in edited.operations if _touches(operation["path"], path)]
    present = edited.before["metadata"].get("annotations") or {}
    annotations: dict[str, str] = {}
    for operation in on_annotations:
        steps = from_pointer(operation["path"])[len(_ANNOTATIONS) :]
        if operation["op"] != "add" or (not steps and present):
            return {}, edited.operations
        annotations |= {steps[0]: operation["value"]} if steps else operation["value"]
    return annotations, tuple(operation for operation in edited.operations if operation not in on_annotations)


def _without_overwritten(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """The operations without those that a later one on the same path overrides, such as earlier texts of nats.conf."""
    kept: list[Operation] = []
    for number, operation in enumerate(operations):
        later = operations[number + 1 :]
        again = next((place for place, item in enumerate(later) if item["path"] == operation["path"]), None)
        is_overridden = (
            again is not None
            and operation["op"] == later[again]["op"] == "replace"
            and not any(_touches(item["path"], operation["path"]) for item in later[:again])
        )
        if not is_overridden:
            kept.append(operation)
    return tuple(kept)


def _touches(path: str, other: str) -> bool:
    """Whether one of two paths contains the other."""
    return f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/")


def _image(statefulset: Any, container: str) -> str | None:
    """The path of the server's image: its version decided about the probes."""
    for number, item in enumerate(statefulset["spec"]["template"]["spec"]["containers"]):
        if item.get("name") == container and "image" in item:
            return pointer(("spec", "template", "spec", "containers", number, "image"))
    return None


def _tests(before: Any, operations: tuple[Operation, ...], image: str | None) -> list[Operation]:
    """One `test` for each value that the operations replace, and for the name of each list item they lead through."""
    wanted: dict[str, Any] = {}
    for path in [*([image] if image else []), *(operation["path"] for operation in operations)]:
        seen = _along(before, path)
        for depth, (step, content) in enumerate(seen, 1):
            if isinstance(step, int) and isinstance(content, dict) and isinstance(content.get("name"), str):
                wanted[pointer((*(step for step, _ in seen[:depth]), "name"))] = content["name"]
        if len(seen) == len(from_pointer(path)) and seen[-1][1] not in (None, {}, []):  # tools drop what is empty
            wanted[path] = seen[-1][1]
    return [{"op": "test", "path": path, "value": content} for path, content in wanted.items()]


def _absent(before: Any, operations: tuple[Operation, ...]) -> list[Operation]:
    """One `test` for null for each new field: a value that is there now would be lost.

    RFC 6902 has no such test. kustomize passes it if the field is absent (run; so does the library that
    Flux and Helmfile apply patches with, as it is the same).
    """
    paths: dict[str, None] = {}
    for operation in operations:
        seen, steps = _along(before, operation["path"]), from_pointer(operation["path"])
        parent = seen[-1][1] if seen else before
        last = len(seen) == len(steps) - 1 and isinstance(parent, dict)
        if operation["op"] == "add" and (last or (len(seen) == len(steps) and seen[-1][1] in (None, {}))):
            paths[operation["path"]] = None
    return [{"op": "test", "path": path, "value": None} for path in paths]


def _along(before: Any, path: str) -> list[tuple[str | int, Any]]:
    """The steps of a path as far as they exist, each with its value."""
    seen: list[tuple[str | int, Any]] = []
    at = before
    for part in from_pointer(path):
        step = int(part) if isinstance(at, list) and part.isdigit() else part
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            break
        seen.append((step, at))
    return seen
