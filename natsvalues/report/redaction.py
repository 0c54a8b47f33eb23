"""Secrets out of reports: by the names under which they are kept, and by the shapes they have.

Too much hidden is a nuisance, too little a leak: in doubt a value is hidden, and a text in which something is
assigned to a telling name is hidden whole.
"""

from __future__ import annotations

import re
from typing import Any

from natsvalues.text.natsconf import Raw, Variable

HIDDEN = "(redacted)"
_NAME = (
    r"pass(?:word|phrase|wd)?\b|password|passwd|pwd|token|secret|nkey|seed|cred(?:s|entials?)\b|credential"
    r"|private.?key|encryption.?key|api.?key|js.?key|jwt|resolver_preload|bcrypt|\bauth(?:orization)?\b"
)
_NAMES = re.compile(_NAME.replace(r"\b", r"(?![a-z])"), re.IGNORECASE)
# Names of objects, never what is in them.
_REFERENCES = re.compile(r"(?:secretName|secretKeyRef|secretRef|existingSecret|imagePullSecrets)\Z")
# Where a name does not tell: the key of an encrypted JetStream, and a variable found by its index.
_PLACES = re.compile(r"(?:^|\.)jetstream\.(?:key|ek)$|env\[\d+\]\.value$", re.IGNORECASE)
_LAST = re.compile(r"\[name=([^\]]*)\]\.value$|\[\"([^\"]*)\"\]$|([^.\[\]\"]*)(?:\[[^\]]*\])*$")
_SHAPES = re.compile(
    r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"  # bcrypt
    r"|\bS[OACUNXP][A-Z2-7]{56}\b"  # nkey seeds
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"  # JWT
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:Bearer|Basic)\s+\S+",
    re.DOTALL,
)
_USER_INFO = re.compile(r"(\w+://)[^/\s]*@")
_ASSIGNED = re.compile(rf"(?:{_NAME})[\w.-]*[\"']?\s*(?:[:=]|\s)\s*\S", re.IGNORECASE)
_IN_POD = re.compile(r"\$\([A-Za-z_]\w*\)")


def redacted(value: Any, path: str = "", kind: str = "") -> Any:
    """`value` with every secret replaced; `path` is where it stands, dotted, in an object of that kind.

    Variables of nats.conf and `$(VARIABLE)` of a pod are references, and stay.
    """
    if value is None or isinstance(value, (bool, Variable)):
        return value
    if _is_secret_data(path, kind):
        return HIDDEN
    last = _LAST.search(path)
    name = next((part for part in last.groups() if part), "") if last else ""
    tells = _PLACES.search(path) or (_NAMES.search(name) and not _REFERENCES.search(name))
    return _inside(value, path, kind, hide=bool(tells))


def _inside(value: Any, path: str, kind: str, *, hide: bool) -> Any:
    if value is None or isinstance(value, (bool, Variable)):
        return value
    if isinstance(value, dict):
        return {key: _entry(value, key, path, kind, hide=hide) for key in value}
    if isinstance(value, (list, tuple)) and not isinstance(value, Raw):
        after_option = [False, *(isinstance(item, str) and bool(_option(item)) for item in value)]
        return [_inside(item, path, kind, hide=hide or told) for item, told in zip(value, after_option, strict=False)]
    text = value.text if isinstance(value, Raw) else value
    if isinstance(text, str) and (_IN_POD.fullmatch(text) or (isinstance(value, Raw) and text.startswith("$"))):
        return value
    if hide:
        return HIDDEN
    return without_secrets(text) if isinstance(text, str) else value


def _entry(mapping: dict[str, Any], key: str, path: str, kind: str, *, hide: bool) -> Any:
    """One entry of a mapping; `{name: TOKEN, value: x}` tells by its name."""
    named = mapping.get("name")
    by_name = key == "value" and isinstance(named, str) and _NAMES.search(named)
    tells = by_name or (_NAMES.search(key) and not _REFERENCES.search(key))
    inner = f"{path}.{key}".lstrip(".")
    if _is_secret_data(inner, kind):
        return HIDDEN
    if _REFERENCES.search(key):
        return mapping[key]
    return _inside(mapping[key], inner, kind, hide=hide or bool(tells) or bool(_PLACES.search(inner)))


def _is_secret_data(path: str, kind: str) -> bool:
    return kind == "Secret" and path.startswith(("data", "stringData"))


def _option(word: str) -> bool:
    """Whether a word of a command line is an option whose value follows as the next word, and tells."""
    return word.startswith("-") and "=" not in word and bool(_NAMES.search(word))


def without_secrets(text: str) -> str:
    """A text with what has the shape of a secret replaced; hidden whole if it assigns to a telling name."""
    if _ASSIGNED.search(text):
        return HIDDEN
    return _SHAPES.sub(HIDDEN, _USER_INFO.sub(rf"\1{HIDDEN}@", text))
