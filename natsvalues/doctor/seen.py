"""What was seen of live regions at one moment: plain values, which a bundle stores as they are.

Everything that is judged is read from here. What could not be seen is in `unseen`, with the reason.
"""

from __future__ import annotations

from typing import Any

from natsvalues.manifests.stored import deployed
from natsvalues.records import NamedTuple

FORMAT = 1
"""Of a bundle. A change of meaning gets a new number."""

Object = dict[str, Any]


class Page(NamedTuple):
    """A server's answer to one path of its monitoring port; status 0 and the reason where there was none."""

    status: int
    body: str


class RegionSeen(NamedTuple):
    """One region: where it is, and what was seen of it.

    `objects`: by kind in the plural, as the API server gives them, without who manages their fields.
    `pages`: by pod, then by path. `troubles`: by pod, the last log line of each kind of trouble.
    `digests`: by pod, how the server may name the nats.conf of the ConfigMap, with which it was loaded; empty where
    that needs what was not seen.
    `secrets`: by name, None for one that does not exist; else `keys`, and `certificates` by key.
    `names`: by host, then by asker (`here` or `cluster`), `addresses` or a `fault`.
    `gateways`: by `HOST:PORT`, what its listener said: see `natsvalues.outside.dialling.Greeting`.
    `balancers`: by Service, what the cloud has for its load balancer: see `natsvalues.doctor.clouds.seen.CloudSeen`.
    `about`: of the cluster: `version`, `nodes` (name, kubelet and providerID), `corefile`.
    `revisions`: of the release as Helm keeps them, oldest first: `revision`, `status`, `stamped` (rendered through
    natsvalues), `edited` (it is deployed, and the ConfigMap has another nats.conf than it has).
    `unseen`: by question, why it has no answer.
    """

    name: str
    context: str
    namespace: str
    release: str
    objects: dict[str, list[Object]]
    pages: dict[str, dict[str, Page]]
    troubles: dict[str, dict[str, str]]
    digests: dict[str, list[str]]
    secrets: dict[str, Object | None]
    names: dict[str, Object]
    gateways: dict[str, Object]
    balancers: dict[str, Object]
    about: Object
    revisions: list[Object]
    unseen: dict[str, str]

    @property
    def place(self) -> str:
        """The context and the namespace: the file of its places."""
        return f"{self.context}/{self.namespace}"

    @property
    def revision(self) -> int | None:
        """The revision that is deployed; the last of all where none is, None where none was seen."""
        kept = [(item["revision"], item["status"]) for item in self.revisions]
        return deployed(kept) if kept else None

    @property
    def revision_line(self) -> str:
        """That revision in words, with the newest where that is another one."""
        newest = self.revisions[-1] if self.revisions else None
        if newest is None:
            return "unknown"
        if newest["revision"] == self.revision:
            return f"{self.revision}" + ("" if newest["status"] == "deployed" else f" ({newest['status']})")
        return f"{self.revision} ({newest['revision']} is {newest['status']})"


class Seen(NamedTuple):
    """All regions, and when they were looked at: `2026-11-29T14:00:00Z`.

    `here`: of the machine that looked: `plugins`, what stops its helms from loading plugins (`what`, `remedy`).
    """

    at: str
    regions: tuple[RegionSeen, ...]
    here: Object = {}  # noqa: RUF012


def nothing_seen(name: str, context: str, namespace: str, release: str) -> RegionSeen:
    """The record of a region before anything was looked at: collections of its own, to which is added what is seen."""
    return RegionSeen(name, context, namespace, release, {}, {}, {}, {}, {}, {}, {}, {}, {}, [], {})


def content_of(seen: Seen) -> Object:
    """The record as JSON has it."""
    regions = []
    for region in seen.regions:
        pages = {pod: {path: page._asdict() for path, page in of.items()} for pod, of in region.pages.items()}
        regions.append({**region._asdict(), "pages": pages})
    return {"format": FORMAT, "at": seen.at, "regions": regions, "here": seen.here}


def seen_in(content: Any) -> Seen:
    """The record that JSON has. Raises KeyError, TypeError or ValueError for anything else."""
    if content["format"] != FORMAT:
        raise ValueError(content["format"])
    regions = []
    for item in content["regions"]:
        pages = {pod: {path: Page(**page) for path, page in of.items()} for pod, of in item["pages"].items()}
        nothing = nothing_seen(item["name"], item["context"], item["namespace"], item["release"])
        regions.append(nothing._replace(**{**item, "pages": pages}))
    return Seen(str(content["at"]), tuple(regions), dict(content["here"]))
