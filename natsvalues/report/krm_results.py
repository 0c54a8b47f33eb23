"""The `results` in the ResourceList of a KRM function (config.kubernetes.io/v1): errors, warnings, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.errors import ManyErrors, NatsvaluesError, Where
from natsvalues.manifests.carried import INDEX, INTERNAL, PATH
from natsvalues.report.json_v1 import changes
from natsvalues.text.secrets import without_formats

if TYPE_CHECKING:
    from natsvalues.delivery.resource_list import ResourceList
    from natsvalues.manifests.release import Manifest
    from natsvalues.overlays.patches import Notice, Receipt
    from natsvalues.overlays.pipeline import Result

_SEVERITY = {"warning": "warning", "note": "info"}


def succeeded(given: ResourceList, result: Result, *, each: bool) -> list[dict[str, Any]]:
    """The results of a run: its warnings, then one `info` that counts its changes and notes.

    With `each` one `info` for each note and for each change, with its rule as a tag, in its place: kpt prints all of
    them at every run.
    """
    if each:
        shown = zip(result.receipts, changes(result), strict=True)
        return [_notice(given, item) for item in result.notices] + [
            _change(result, receipt, entry) for receipt, entry in shown
        ]
    warnings = [_notice(given, item) for item in result.notices if item.level == "warning"]
    return [*warnings, {"message": _summary(result), "severity": "info"}]


def _summary(result: Result) -> str:
    objects = list(dict.fromkeys(str(receipt.target) for receipt in result.receipts))
    changed = f"{len(result.receipts)} in {', '.join(objects)}" if objects else "none"
    notes = sum(notice.level == "note" for notice in result.notices)
    hint = "; `results: all` in the functionConfig lists them" if objects or notes else ""
    return f"region {result.plan.region.name}: changes: {changed}; notes: {notes or 'none'}{hint}"


def failed(given: ResourceList, error: NatsvaluesError) -> list[dict[str, Any]]:
    """The results of a run that failed: each error, with its code as a tag."""
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    return [
        {
            "message": _words(item.message, item.where, item.hint),
            "severity": "error",
            **_place(given, item.where),
            "tags": {"code": item.code},
        }
        for item in errors
    ]


def _notice(given: ResourceList, notice: Notice) -> dict[str, Any]:
    message = _words(notice.message, notice.where, notice.hint)
    return {"message": message, "severity": _SEVERITY[notice.level], **_place(given, notice.where)}


def _words(message: str, where: tuple[Where, ...], hint: str) -> str:
    words = "\n".join([message, *(f" --> {place}" for place in where), *([f"help: {hint}"] if hint else [])])
    return without_formats(words)


def _place(given: ResourceList, where: tuple[Where, ...]) -> dict[str, Any]:
    """The first known place: in an item of the list, else in a file."""
    for place in where:
        number = given.item_at(place.line) if place.file == given.release.file and place.line else None
        manifest = given.release.manifest(number) if number is not None else None
        if manifest is not None:
            field = {"field": {"path": place.field}} if place.field else {}
            return {"resourceRef": _reference(manifest.value), **field, **_file(manifest)}
    elsewhere = next((place for place in where if place.file != given.release.file), None)
    if elsewhere is None:
        return {}
    field = {"field": {"path": elsewhere.field}} if elsewhere.field else {}
    return {**field, "file": {"path": elsewhere.file}}


def _reference(value: dict[str, Any]) -> dict[str, str]:
    metadata = value.get("metadata") or {}
    reference = {
        "apiVersion": value.get("apiVersion"),
        "kind": value.get("kind"),
        "name": metadata.get("name"),
        "namespace": metadata.get("namespace"),
    }
    return {field: str(text) for field, text in reference.items() if text}


def _file(manifest: Manifest) -> dict[str, Any]:
    """The file of a package that an item came from, if the orchestrator states it."""
    path = manifest.annotations.get(INTERNAL + PATH) or manifest.annotations.get(PATH)
    index = str(manifest.annotations.get(INTERNAL + INDEX) or manifest.annotations.get(INDEX) or "0")
    if not path:
        return {}
    return {"file": {"path": str(path)} | ({"index": int(index)} if index.isdigit() else {})}


def _change(result: Result, receipt: Receipt, entry: dict[str, Any]) -> dict[str, Any]:
    """One change; values are those of the JSON report, without secrets."""
    path = f"{entry['file']}: {entry['path']}" if entry["file"] else entry["path"]
    values = {name: entry[key] for name, key in (("currentValue", "before"), ("proposedValue", "after"))}
    field = {"path": path} | {name: item for name, item in values.items() if item is not None}
    numbers = result.release.numbers()
    manifests = result.release.manifests(numbers, lambda manifest: manifest.key == receipt.target)
    source = f" ({receipt.source})" if receipt.source else ""
    return {
        "message": f"{receipt.why}{source}",
        "severity": "info",
        **({"resourceRef": _reference(manifests[0].value)} if manifests else {}),
        **({"field": field} if path else {}),
        "tags": {"rule": receipt.rule},
    }
