"""Secrets out of reports: by the names under which they are kept, and by the shapes they have."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "(redacted)"
_NAME = r"pass(?:word|phrase|wd)?|token|secret|nkey|seed|cred(?:s|entials?)|private.?key|jwt|resolver_preload|api.?key"
_NAMES = re.compile(_NAME, re.IGNORECASE)
_REFERENCES = re.compile(r"secret(?:Name|KeyRef|s)?$|secretKeyRef|imagePullSecrets", re.IGNORECASE)
# Where a name does not tell: the key of an encrypted JetStream, and a variable found by its index.
_PLACES = re.compile(r"(?:^|\.)jetstream\.(?:key|ek|encryption_key)$|env\[\d+\]\.value$", re.IGNORECASE)
_USER_INFO = re.compile(r"(\w+://)[^/@\s\"']+@")
_SHAPES = re.compile(
    r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"  # bcrypt
    r"|\bS[OACUNXP][A-Z2-7]{56}\b"  # nkey seeds
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # JWT
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_ASSIGNED = re.compile(
    rf"((?:{_NAME})[\w-]*[\"']?\s*[:=]\s*)(?!\$[A-Za-z_])(\"[^\"\n]*\"|'[^'\n]*'|[^\s,;}}\]]+)", re.IGNORECASE
)
_REFERENCE = re.compile(r"\$[A-Za-z_]\w*|\$\([A-Za-z_]\w*\)")


def redacted(value: Any, path: str = "", kind: str = "") -> Any:
    """`value` with every secret replaced; `path` is where it stands, dotted, in an object of that kind."""
    if kind == "Secret" and path.startswith(("data", "stringData")) and value is not None:
        return HIDDEN
    if isinstance(value, dict):
        if isinstance(value.get("name"), str) and _NAMES.search(value["name"]) and "value" in value:
            value = {**value, "value": value["value"] if _is_reference(value["value"]) else HIDDEN}
        return {key: redacted(item, f"{path}.{key}".lstrip("."), kind) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redacted(item, path, kind) for item in value]
    name = path.rpartition(".")[2]
    tells = _PLACES.search(path) or (_NAMES.search(name) and not _REFERENCES.search(path))
    if value is not None and tells and not _is_reference(value):
        return HIDDEN
    return without_secrets(value) if isinstance(value, str) else value


def without_secrets(text: str) -> str:
    """A text with what looks like a secret replaced, and what is assigned to a name that tells of one."""
    text = _SHAPES.sub(HIDDEN, _USER_INFO.sub(rf"\1{HIDDEN}@", text))
    return _ASSIGNED.sub(rf"\1{HIDDEN}", text)


def _is_reference(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and bool(_REFERENCE.fullmatch(value)))
