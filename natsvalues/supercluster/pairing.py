"""Which servers of a new release continue which of the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from natsvalues.manifests.chart import Nats
    from natsvalues.manifests.release import ResourceKey


def paired(
    old: Iterable[Nats], new: Iterable[Nats], renamed: Mapping[ResourceKey, ResourceKey] | None = None
) -> list[tuple[Nats | None, Nats | None]]:
    """Pairs of old and new servers, None where there are none on that side.

    By the StatefulSet's identity, whether or not a rendering states the namespace; then by `renamed` (new to old);
    then the only one left on either side.
    """
    left = {nats.statefulset.key: nats for nats in old}
    pairs: list[tuple[Nats | None, Nats | None]] = []
    for nats in new:
        key = nats.statefulset.key
        same = next((known for known in left if known._replace(namespace="") == key._replace(namespace="")), None)
        before = left.pop((renamed or {}).get(key, key), None) or (left.pop(same) if same else None)
        pairs.append((before, nats))
    unpaired = [index for index, (before, _) in enumerate(pairs) if before is None]
    if len(left) == 1 and len(unpaired) == 1:
        pairs[unpaired[0]] = (left.popitem()[1], pairs[unpaired[0]][1])
    return [*pairs, *((nats, None) for nats in left.values())]
