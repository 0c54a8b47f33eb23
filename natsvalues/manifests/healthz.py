"""What the path of a health check means to a nats-server.

facts, run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1: plain `/healthz` answers 503 while a clustered
JetStream has no meta leader. `js-enabled-only=true` (and the deprecated `js-enabled=true`) answers 200 without one on
all of them, `js-server-only=true` only from 2.11.0 on (before, it was evaluated after the leader check). Parameters
that the server does not know, and ones in another case, are ignored, which leaves the strict check. A value that Go's
ParseBool does not accept is answered with 400, an escaped `?` with 404, and so is `/healthz/` (run on 2.14.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.manifests.server import ServerVersion

JS_SERVER_ONLY = "/healthz?js-server-only=true"
JS_ENABLED_ONLY = "/healthz?js-enabled-only=true"
KNOWN = frozenset(
    ("js-enabled", "js-enabled-only", "js-server-only", "js-meta-only", "details", "account", "stream", "consumer")
)
_BOOLEAN = frozenset(("js-enabled", "js-enabled-only", "js-server-only", "js-meta-only", "details"))
_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))  # what Go's ParseBool reads as true
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False", ""))


class HealthQuery(NamedTuple):
    """A path with its parameters by name; `on` are those that are true, `ignored` those that the server does not know.

    `refused` is the HTTP status with which the server refuses the path, whatever its health; 0 if it does not.
    """

    path: str
    parameters: dict[str, str]
    on: frozenset[str]
    ignored: tuple[str, ...]
    refused: int
    is_healthz: bool


def health_query(path: str) -> HealthQuery:
    """Parse a path. Of endpoints other than /healthz only a misspelled /healthz is known: the server answers 404."""
    endpoint, _, query = path.partition("?")
    if endpoint != "/healthz":
        misspelled = "%3f" in endpoint.lower() or endpoint.rstrip("/") == "/healthz"
        return HealthQuery(path, {}, frozenset(), (), 404 if misspelled else 0, is_healthz=False)
    parameters: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, _, text = part.partition("=")
        parameters.setdefault(name, text)  # the server also uses the first of several
    invalid = any(name in _BOOLEAN and text not in _TRUE | _FALSE for name, text in parameters.items())
    on = frozenset(name for name, text in parameters.items() if name in KNOWN and text in _TRUE)
    ignored = tuple(name for name in parameters if name not in KNOWN)
    return HealthQuery(path, parameters, on, ignored, 400 if invalid else 0, is_healthz=True)


def ready_path(version: ServerVersion) -> str:
    """The path that answers 200 once the listeners accept connections, without a meta leader."""
    return JS_SERVER_ONLY if version.serves_without_leader else JS_ENABLED_ONLY


def may_need_leader(path: str, version: ServerVersion) -> bool:
    """Whether a check of this path fails without a meta leader, or could: an unknown version may be 2.10."""
    query = health_query(path)
    if not query.is_healthz or query.on & {"js-enabled-only", "js-enabled"}:
        return False
    return not ("js-server-only" in query.on and version.serves_without_leader)


def needs_leader(path: str, version: ServerVersion) -> bool:
    """Whether a check of this path fails while there is no meta leader (JetStream on, clustered).

    For an unknown version, only what is true of every version: a guess must not cause a warning.
    """
    if version.known:
        return may_need_leader(path, version)
    return may_need_leader(path, version) and "js-server-only" not in health_query(path).on
