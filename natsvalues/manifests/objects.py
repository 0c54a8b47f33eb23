"""The objects of a release, for comparison: one entry each, also for items of a `List`; hooks are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.manifests.release import Manifest, ResourceKey, key_of
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from natsvalues.manifests.release import Release

HOOK = "helm.sh/hook"
HELM_RELEASE, HELM_RELEASE_NAMESPACE = "helm.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace"
"""Labels of every object of a release that Flux' helm-controller installed."""


class Entry(NamedTuple):
    """One object: its identity, what it means, and where it stands."""

    key: ResourceKey
    value: dict[str, Any]
    manifest: Manifest
    within: tuple[str | int, ...] = ()
    """The path to the object inside its document: empty, or that of an item of a List."""

    @property
    def is_hook(self) -> bool:
        """Whether Helm runs it as a hook, and does not keep it among the release's objects."""
        metadata = self.value.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        return isinstance(annotations, dict) and HOOK in annotations

    def line_of(self, *steps: str | int) -> int:
        """The line, in the stream, of the deepest of the steps that exists."""
        return self.manifest.line_of(*self.within, *steps)


def entries(release: Release, numbers: Iterable[int]) -> Iterator[Entry]:
    """The objects in these documents. Raises YamlSyntaxError with its place for what is not YAML."""
    for manifest in release.manifests(numbers, lambda _: True):
        items = manifest.value.get("items")
        if manifest.key.kind == "List" and isinstance(items, list):
            for index, item in enumerate(items):
                if isinstance(item, dict) and isinstance(item.get("kind"), str):
                    yield Entry(key_of(item), item, manifest, ("items", index))
        else:
            yield Entry(manifest.key, manifest.value, manifest)
