"""Remove from texts what could be a secret: assignments to names such as `password`, and known formats.

Hiding too much is a nuisance, hiding too little is a leak: a text with an assignment to a sensitive name is hidden
completely.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

HIDDEN = "(redacted)"
Mark = Callable[[Any], str]
"""Gives the text that replaces a secret; it gets the secret, so that a keyed digest can show whether it changed."""
NAME = (
    r"pass(?:word|phrase|wd)?\b|password|passwd|pwd|token|secret|nkey|seed|cred(?:s|entials?)\b|credential"
    r"|private.?key|encryption.?key|api.?key|js.?key|jwt|resolver_preload|bcrypt|\bauth(?:orization)?\b"
)
_SHAPES = re.compile(
    r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"  # bcrypt
    r"|\bS[OACUNXP][A-Z2-7]{56}\b"  # nkey seeds
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # JWT
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:Bearer|Basic)\s+\S+",
    re.DOTALL,
)
_USER_INFO = re.compile(r"(\w+://)([^/\s]*)@")
_ASSIGNED = re.compile(rf"(?:{NAME})[\w.-]*[\"']?\s*(?:[:=>]|\s)\s*\S", re.IGNORECASE)


def hidden(_: Any) -> str:
    """A mark that reveals nothing about the secret."""
    return HIDDEN


def without_secrets(text: str, mark: Mark = hidden) -> str:
    """A text with what has the format of a secret replaced; hidden completely if it assigns to a sensitive name."""
    if _ASSIGNED.search(text):
        return mark(text)
    text = without_user_info(text, mark)
    return _SHAPES.sub(lambda match: mark(match[0]), text)


def without_user_info(text: str, mark: Mark = hidden) -> str:
    """A text with user and password of each url replaced, up to the last `@` before the path."""
    return _USER_INFO.sub(lambda match: f"{match[1]}{mark(match[2])}@", text)
