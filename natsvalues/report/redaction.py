"""Secrets out of reports: by the names under which they are kept, and by the shapes they have (`text.secrets`).

Too much hidden is a nuisance, too little a leak: in doubt a value is hidden.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from natsvalues.text.natsconf import Raw, Variable
from natsvalues.text.secrets import HIDDEN, NAME, Mark, hidden, without_secrets

__all__ = ["HIDDEN", "Mark", "hidden", "redacted", "without_secrets"]

_NAMES = re.compile(NAME.replace(r"\b", r"(?![a-z])"), re.IGNORECASE)
# Names of objects, never what is in them.
_REFERENCES = re.compile(r"(?:secretName|secretKeyRef|secretRef|existingSecret|imagePullSecrets)\Z")
# Where a name does not tell: the key of an encrypted JetStream, and a variable found by its index.
_PLACES = re.compile(r"(?:^|\.)jetstream\.(?:key|ek)$|env\[\d+\]\.value$", re.IGNORECASE)
_LAST = re.compile(r"\[name=([^\]]*)\]\.value$|\[\"([^\"]*)\"\]$|([^.\[\]\"]*)(?:\[[^\]]*\])*$")
_IN_POD = re.compile(r"\$\([A-Za-z_]\w*\)")


def redacted(value: Any, path: str = "", kind: str = "", mark: Mark = hidden) -> Any:
    """`value` with every secret replaced; `path` is where it stands, dotted, in an object of that kind.

    Variables of nats.conf and `$(VARIABLE)` of a pod are references, and stay.
    """
    if value is None or isinstance(value, (bool, Variable)):
        return value
    if _is_secret_data(path, kind):
        return _secret_data(value, mark)
    last = _LAST.search(path)
    name = next((part for part in last.groups() if part), "") if last else ""
    tells = _PLACES.search(path) or (_NAMES.search(name) and not _REFERENCES.search(name))
    return _inside(value, path, _How(kind, mark), hide=bool(tells))


class _How(NamedTuple):
    """The kind of the object that everything stands in, and what stands in the place of a secret."""

    kind: str
    mark: Mark


def _inside(value: Any, path: str, how: _How, *, hide: bool) -> Any:
    if value is None or isinstance(value, (bool, Variable)):
        return value
    if isinstance(value, dict):
        return {key: _entry(value, key, path, how, hide=hide) for key in value}
    if isinstance(value, (list, tuple)) and not isinstance(value, Raw):
        after_option = [False, *(isinstance(item, str) and bool(_option(item)) for item in value)]
        return [_inside(item, path, how, hide=hide or told) for item, told in zip(value, after_option, strict=False)]
    text = value.text if isinstance(value, Raw) else value
    if isinstance(text, str) and (_IN_POD.fullmatch(text) or (isinstance(value, Raw) and text.startswith("$"))):
        return value
    if hide:
        return how.mark(text)
    return without_secrets(text, how.mark) if isinstance(text, str) else value


def _entry(mapping: dict[str, Any], key: str, path: str, how: _How, *, hide: bool) -> Any:
    """One entry of a mapping; `{name: TOKEN, value: x}` tells by its name."""
    named = mapping.get("name")
    by_name = key == "value" and isinstance(named, str) and _NAMES.search(named)
    tells = by_name or (_NAMES.search(key) and not _REFERENCES.search(key))
    inner = f"{path}.{key}".lstrip(".")
    if _is_secret_data(inner, how.kind):
        return _secret_data(mapping[key], how.mark)
    if _REFERENCES.search(key):
        return mapping[key]
    return _inside(mapping[key], inner, how, hide=hide or bool(tells) or bool(_PLACES.search(inner)))


def _is_secret_data(path: str, kind: str) -> bool:
    return kind == "Secret" and path.startswith(("data", "stringData"))


def _secret_data(value: Any, mark: Mark) -> Any:
    """A Secret's data with its keys, which are no secret, and nothing of what is under them."""
    if isinstance(value, dict):
        return {key: _secret_data(item, mark) for key, item in value.items()}
    return value if value is None else mark(value)


def _option(word: str) -> bool:
    """Whether a word of a command line is an option whose value follows as the next word, and tells."""
    return word.startswith("-") and "=" not in word and bool(_NAMES.search(word))
