"""Versions of nats-server, as image references state them."""

from __future__ import annotations

import re

from natsvalues.records import NamedTuple

_TAG = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?\Z")
Release = tuple[int, int, int]
"""The three numbers of a released version."""
_LAST_PATCH = 999
_LEVELS = {(2, 11, 4): 1, (2, 12, 8): 3, (2, 14, 2): 4, (2, 15, 1): 5}
"""The API level at /jsz, from the first release on that was asked; 2.10.26 has none."""
NEEDS_ALL_VOTES = (2, 12)
"""The first release with `needs_all_votes`."""


class ServerVersion(NamedTuple):
    """A nats-server version; `known` is false if the image tag has no version: then 2.10 is assumed.

    `exact` is false for a tag such as 2.12, which is a patch of that minor version, usually the newest.
    """

    major: int
    minor: int
    patch: int
    known: bool = True
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" if self.known else "unknown"

    @property
    def program(self) -> str:
        """The server in a sentence: `nats-server 2.14.2`, without a number if it is not known."""
        if not self.known:
            return "nats-server"
        return f"nats-server {self}" if self.exact else f"nats-server {self.major}.{self.minor}"

    @property
    def newest(self) -> Release:
        """The newest release that it may be."""
        return (self.major, self.minor, self.patch if self.exact else _LAST_PATCH)

    @property
    def names_clusters(self) -> bool:
        """Whether `cluster.name` is known; servers before 2.2.0 do not start with it (run on 2.1.7, read in 2.2.0).

        A tag such as 1.0.3 is a version of the image: no server before 2.0 has gateways.
        """
        return self.major < 2 or (self.major, self.minor) >= (2, 2)  # noqa: PLR2004 - the version

    @property
    def api_level(self) -> int:
        """The API level of JetStream: a stream that needs a higher one is offline. Releases between count as the older.

        facts: asked at /jsz on 2.10.26, 2.11.4, 2.11.10, 2.12.8, 2.14.2, 2.14.6 and 2.15.1.
        """
        return max((level for release, level in _LEVELS.items() if release <= self.newest), default=0)

    @property
    def has_leader_free_check(self) -> bool:
        """Whether any health check is leader-free: `js-enabled-only` came with 2.9.10 (read in the tags)."""
        return self[:3] >= (2, 9, 10)

    @property
    def serves_without_leader(self) -> bool:
        """Whether `js-server-only` is leader-free (measured on 2.10.26 and 2.11.4)."""
        return (self.major, self.minor) >= (2, 11)

    @property
    def needs_all_votes(self) -> bool:
        """Whether servers with empty stores elect a meta leader only with the votes of all servers that they count.

        facts: nats-server commit bb0f67388; measured on 2.11.4 and 2.14.6.
        """
        return (self.major, self.minor) >= NEEDS_ALL_VOTES


def too_old(version: ServerVersion) -> tuple[str, str] | None:
    """Why natsvalues cannot render a region with this server, and what to do; None if it can."""
    if version.names_clusters:
        return None
    message = f"server {version} is too old: before 2.2 the servers do not start with a cluster's name"
    hint = (
        "run a newer nats-server; if the image's tag is not the server's version, set nats.version in the region's file"
    )
    return message, hint


UNKNOWN = ServerVersion(2, 10, 0, known=False)
"""Assumed where the version is unknown: checks that are leader-free on 2.10 are leader-free on every version."""


def version_of_image(image: str) -> ServerVersion:
    """The version in an image reference's tag, such as `nats:2.14.2-alpine`; UNKNOWN without one."""
    name = image.split("@", 1)[0].rsplit("/", 1)[-1]
    _, _, tag = name.partition(":")
    return parse_version(tag) or UNKNOWN


def parse_version(text: str) -> ServerVersion | None:
    """`2.14.2`, `v2.11`, `2.12.8-alpine`; None for anything else."""
    match = _TAG.match(text)
    if match is None:
        return None
    return ServerVersion(int(match[1]), int(match[2]), int(match[3] or 0), exact=match[3] is not None)
