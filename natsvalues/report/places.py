"""Where a region is, as the heads of reports say it."""

from __future__ import annotations


def place_line(region: str, context: str, namespace: str, release: str, revision: str) -> str:
    """`us-east: context prod-us, namespace nats, release nats, revision 4`; `revision` may be unknown, or several."""
    return f"{region}: context {context}, namespace {namespace}, release {release}, revision {revision}"
