"""What a health check's path asks of the server, as the server reads it.

facts: run on nats-server 2.10.26, 2.11.4, 2.12.8, 2.14.6 and 2.15.1.
"""

from __future__ import annotations

import re
from typing import NamedTuple

KNOWN = frozenset(
    ("js-enabled", "js-enabled-only", "js-server-only", "js-meta-only", "details", "account", "stream", "consumer")
)
_BOOLEAN = frozenset(("js-enabled", "js-enabled-only", "js-server-only", "js-meta-only", "details"))
_PARSED = frozenset(("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False", ""))
_ESCAPED = re.compile(r"%3f", re.IGNORECASE)


class Question(NamedTuple):
    """A path: the parameters it gives, those the server ignores, and the status it always answers (0: none)."""

    path: str
    given: dict[str, str]
    unknown: tuple[str, ...]
    refused: int


def question(path: str) -> Question:
    """Take a path apart. Another endpoint than /healthz asks nothing that is known here."""
    endpoint, _, query = path.partition("?")
    if endpoint.rstrip("/") != "/healthz":
        return Question(path, {}, (), 404 if _ESCAPED.search(endpoint) else 0)
    given: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, _, text = part.partition("=")
        given.setdefault(name, text)  # the server, too, looks at the first of several
    wrong = any(name in _BOOLEAN and text not in _PARSED for name, text in given.items())
    return Question(path, given, tuple(name for name in given if name not in KNOWN), 400 if wrong else 0)
