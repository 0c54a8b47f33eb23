"""What nats-server does, by version: versions in image references, and which health checks need no leader.

Measured on real servers 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1: `js-enabled-only=true` (and the deprecated
`js-enabled=true`) answers 200 without a meta leader on all of them, `js-server-only=true` only from 2.11.0 on
(before, it was evaluated after the leader check). Unknown or mis-cased parameters are ignored by the server, which
makes the check the strict one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TAG = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?\Z")
_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))  # what Go's ParseBool reads as true

JS_SERVER_ONLY = "/healthz?js-server-only=true"
JS_ENABLED_ONLY = "/healthz?js-enabled-only=true"


class ServerVersion(NamedTuple):
    """A nats-server version; `known` is false where the image tag has no version and 2.10 is assumed."""

    major: int
    minor: int
    patch: int
    known: bool = True

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" if self.known else "unknown"

    @property
    def has_leader_free_check(self) -> bool:
        """Whether any health check is leader-free: `js-enabled-only` came with 2.9.10 (read in the tags)."""
        return self[:3] >= (2, 9, 10)

    @property
    def serves_without_leader(self) -> bool:
        """Whether `js-server-only` is leader-free here."""
        return (self.major, self.minor) >= (2, 11)


UNKNOWN = ServerVersion(2, 10, 0, known=False)
"""Assumed where the version is unknown: checks that are leader-free on 2.10 are leader-free on every version."""


def version_of_image(image: str) -> ServerVersion:
    """The version in an image reference's tag, such as `nats:2.14.2-alpine`; UNKNOWN without one."""
    name = image.split("@", 1)[0].rsplit("/", 1)[-1]
    _, _, tag = name.partition(":")
    return parse_version(tag) or UNKNOWN


def parse_version(text: str) -> ServerVersion | None:
    """`2.14.2`, `v2.11`, `2.12.8-alpine`; None for anything else."""
    found = _TAG.match(text)
    return ServerVersion(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def ready_path(version: ServerVersion) -> str:
    """The health check that succeeds once the server accepts connections; it never waits for a meta leader."""
    return JS_SERVER_ONLY if version.serves_without_leader else JS_ENABLED_ONLY


def needs_leader(path: str, version: ServerVersion) -> bool:
    """Whether a probe of this path fails while there is no meta leader (JetStream on, clustered)."""
    endpoint, _, query = path.partition("?")
    if endpoint.rstrip("/") != "/healthz":
        return False
    asked: dict[str, str] = {}
    for part in query.split("&"):
        name, _, text = part.partition("=")
        asked.setdefault(name, text)  # the server, too, uses the first of several
    given = {name for name, text in asked.items() if text in _TRUE}
    if given & {"js-enabled-only", "js-enabled"}:
        return False
    return not ("js-server-only" in given and version.serves_without_leader)
