"""Secrets out of reports: by the names under which they are kept, and by the shapes they have."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "(redacted)"
_NAMES = re.compile(
    r"pass(word|phrase|wd)?$|token|secret|nkey|seed|creds|credential|private.?key|jwt|resolver_preload|bcrypt",
    re.IGNORECASE,
)
_REFERENCES = re.compile(r"secret(Name|KeyRef|s)?$|\.secret$|secretKeyRef", re.IGNORECASE)
_USER_INFO = re.compile(r"(\w+://)[^/@\s\"]+@")
_SHAPES = re.compile(
    r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"  # bcrypt
    r"|\bS[OACUNXP][A-Z2-7]{56}\b"  # nkey seeds
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # JWT
)


def redacted(value: Any, path: str = "") -> Any:
    """`value` with every secret replaced; `path` is where it stands, dotted."""
    if isinstance(value, dict):
        return {key: redacted(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redacted(item, path) for item in value]
    name = path.rpartition(".")[2]
    if value is not None and _NAMES.search(name) and not _REFERENCES.search(path) and not _is_reference(value):
        return HIDDEN
    if isinstance(value, str):
        return _SHAPES.sub(HIDDEN, _USER_INFO.sub(rf"\1{HIDDEN}@", value))
    return value


def _is_reference(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and bool(re.fullmatch(r"\$[A-Za-z_]\w*", value)))
