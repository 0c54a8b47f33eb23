"""How much of a release Secret the manifests take: Helm keeps a release in one Secret, and 1 MiB is its limit.

facts: the Secret holds base64 of gzip of JSON with the manifest, the chart and the values. The chart's own
share is not known here, so the warning comes early.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT = 1024 * 1024
"""Bytes a Secret may hold."""
WORTH_MEASURING = 700_000
"""Characters below which a release stays below the limit, however badly it compresses."""


def stored_size(pieces: Iterable[str]) -> int:
    """Bytes the manifests take in the release Secret, estimated with the fastest compression.

    Stops measuring once the limit is passed.
    """
    import zlib  # for large releases only

    compressor = zlib.compressobj(1)
    size = 0
    for piece in pieces:
        size += len(compressor.compress(piece.encode()))
        if size * 4 // 3 > LIMIT:
            break
    return (size + len(compressor.flush())) * 4 // 3
