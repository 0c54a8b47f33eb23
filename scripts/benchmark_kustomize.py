"""The edits that natsvalues made, written as kustomize patches and resources, and both outputs made comparable."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import jsonpatch
import yaml

STAMPS = frozenset(f"natsvalues.io/{name}" for name in ("overlay-digest", "region", "version"))


def kustomization(folder: str, before: str, after: str) -> None:
    """Write what kustomize needs to make the edits that natsvalues made of `before`: patches and new objects."""
    old, new = objects(before), objects(after)
    os.makedirs(folder)
    shutil.copy(before, os.path.join(folder, "release.yaml"))
    added = [value for key, value in new.items() if key not in old]
    write_yaml(os.path.join(folder, "gateway.yaml"), added)
    patches = []
    for (kind, namespace, name), value in old.items():
        edits = jsonpatch.make_patch(value, new[kind, namespace, name]).patch
        if edits:
            target = {"kind": kind, "name": name, **({"namespace": namespace} if namespace else {})}
            patches.append({"target": target, "patch": json.dumps(edits)})
    content = {"resources": ["release.yaml", "gateway.yaml"], "patches": patches}
    write_yaml(os.path.join(folder, "kustomization.yaml"), [content])


def write_yaml(path: str, documents: list[Any]) -> None:
    """Write documents as YAML."""
    with open(path, "w", encoding="utf-8") as stream:
        yaml.dump_all(documents, stream, Dumper=yaml.CSafeDumper, sort_keys=False)


def objects(path: str) -> dict[tuple[str, str, str], Any]:
    """The objects of a stream by kind, namespace and name, without stamps and null fields."""
    with open(path, encoding="utf-8") as stream:
        values = [value for value in yaml.load_all(stream, Loader=yaml.CSafeLoader) if value is not None]
    objects = {}
    for value in values:
        metadata = value["metadata"]
        annotations = metadata.pop("annotations", None) or {}
        kept = {name: text for name, text in annotations.items() if name not in STAMPS}
        if kept:
            metadata["annotations"] = kept
        objects[value["kind"], metadata.get("namespace", ""), metadata["name"]] = without_null(value)
    return objects


def without_null(value: Any) -> Any:
    """A value without the fields that are null, which kustomize drops."""
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value
