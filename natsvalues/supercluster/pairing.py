"""Which NATS of an old release each NATS of a new release continues."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import ResourceKey


def paired(
    old: Iterable[Nats], new: Iterable[Nats], renamed: Mapping[ResourceKey, ResourceKey] | None = None
) -> list[tuple[Nats | None, Nats | None]]:
    """Pairs of old and new NATS; None on the side that has no counterpart.

    Paired are first those with the same StatefulSet, or renamed as `renamed` says (new key to old key); then those
    whose StatefulSets differ only in that one rendering states no namespace; then the last one of either side.
    """
    left = {nats.statefulset.key: nats for nats in old}
    news = list(new)
    befores = [left.pop((renamed or {}).get(nats.statefulset.key, nats.statefulset.key), None) for nats in news]
    for index, nats in enumerate(news):
        same = next((key for key in left if _is_same(key, nats.statefulset.key)), None)
        if befores[index] is None and same is not None:
            befores[index] = left.pop(same)
    unpaired = [index for index, before in enumerate(befores) if before is None]
    if len(left) == 1 and len(unpaired) == 1:
        befores[unpaired[0]] = left.popitem()[1]
    return [*zip(befores, news, strict=True), *((nats, None) for nats in left.values())]


def _is_same(old: ResourceKey, new: ResourceKey) -> bool:
    """Whether two keys can be one object: an empty namespace stands for the release's, whatever it is."""
    return "" in (old.namespace, new.namespace) and old._replace(namespace="") == new._replace(namespace="")
