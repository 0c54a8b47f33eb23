"""A release as Helm stores it: one Secret (or ConfigMap) for each revision, read without a cluster.

facts: the Secret is `sh.helm.release.v1.NAME.vREVISION` of type helm.sh/release.v1; under `data.release` stands
base64 of base64 of gzip of JSON, in a ConfigMap once less base64. The gzip is optional. Seen with Helm 3.19 and 4.3.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import TYPE_CHECKING, Any

from natsvalues.errors import NatsvaluesError
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.errors import Where
    from natsvalues.manifests.objects import Entry

TYPE = "helm.sh/release.v1"
GZIP = b"\x1f\x8b"
MOST_BYTES = 32 * 1024 * 1024
"""The most bytes that a release may decompress to: Helm can store 1 MiB, which text that people write fills with 10."""
MOST_DOCUMENTS = 20_000
"""The most documents of a release: Helm sends a request for each."""


class Hook(NamedTuple):
    """A hook of a release: the template it came from, and its document."""

    path: str
    manifest: str


class Stored(NamedTuple):
    """One revision: the manifest without its hooks, the hooks, the user's values, and its names."""

    name: str
    namespace: str
    revision: int
    status: str
    chart: str
    app_version: str
    manifest: str
    hooks: tuple[Hook, ...]
    values: dict[str, Any] | None

    @property
    def stream(self) -> str:
        """Manifest and hooks as one stream, as `helm template` prints them."""
        hooks = "".join(f"---\n# Source: {hook.path}\n{hook.manifest.rstrip()}\n" for hook in self.hooks)
        joint = "" if not hooks or self.manifest.endswith("\n") or not self.manifest else "\n"
        return self.manifest + joint + hooks


def is_stored(entry: Entry) -> bool:
    """Whether an object is a release that Helm stored."""
    value = entry.value
    if entry.key.kind == "Secret":
        return value.get("type") == TYPE
    labels = (value.get("metadata") or {}).get("labels")
    return entry.key.kind == "ConfigMap" and isinstance(labels, dict) and labels.get("owner") == "helm"


def revisions(entries: Iterator[Entry], where: Where) -> list[Stored]:
    """Every stored revision among objects, in their order. Raises NatsvaluesError for one that cannot be read."""
    return [_read(entry, where._replace(line=entry.line_of())) for entry in entries if is_stored(entry)]


def deployed(revisions: list[tuple[int, str]]) -> int:
    """The last revision that is deployed; the last of all where none is, as after a first install that failed.

    From the deployed one Helm computes its changes: the newest may have failed, and then it is unknown how much of it
    the cluster has.
    """
    matching = [revision for revision, status in revisions if status == "deployed"]
    return (matching or [revision for revision, _ in revisions])[-1]


def _read(entry: Entry, where: Where) -> Stored:
    data = entry.value.get("data")
    text = data.get("release") if isinstance(data, dict) else None
    place = where._replace(field="data.release")
    try:
        stored = _of(json.loads(_unpacked(str(text).encode(), place, twice=entry.key.kind == "Secret")))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, zlib.error):
        raise NatsvaluesError(
            "NV-D003",
            f"{entry.key} is not a release as Helm stores it",
            where=(place,),
            hint="export it completely: kubectl get secret sh.helm.release.v1.NAME.vREVISION -o yaml",
        ) from None
    if stored.manifest.count("\n---") > MOST_DOCUMENTS:
        raise _too_large(f"more than {MOST_DOCUMENTS} documents", place)
    return stored


def _too_large(much: str, place: Where) -> NatsvaluesError:
    return NatsvaluesError(
        "NV-F014",
        f"the stored release has {much}",
        where=(place,),
        hint="Helm cannot have stored it: see who wrote this object",
    )


def _unpacked(text: bytes, place: Where, *, twice: bool) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
        if twice:
            data = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError from error
    if not data.startswith(GZIP):
        return data
    unpacking = zlib.decompressobj(wbits=31)
    content = unpacking.decompress(data, MOST_BYTES)
    if unpacking.unconsumed_tail:
        raise _too_large(f"more than {MOST_BYTES // 1024 // 1024} MiB", place)
    if not unpacking.eof:
        raise ValueError  # truncated
    return content


def _of(release: dict[str, Any]) -> Stored:
    chart = (release.get("chart") or {}).get("metadata") or {}
    return Stored(
        str(release["name"]),
        str(release.get("namespace") or ""),
        int(release.get("version") or 0),
        str((release.get("info") or {}).get("status") or ""),
        f"{chart.get('name', '')}-{chart.get('version', '')}".strip("-"),
        str(chart.get("appVersion") or ""),
        str(release.get("manifest") or ""),
        tuple(Hook(str(hook.get("path")), str(hook.get("manifest"))) for hook in release.get("hooks") or ()),
        release.get("config") or {},
    )
