"""Remove secrets from reports, by the names of their fields and by their formats (`text.secrets`).

Hiding too much is a nuisance, hiding too little is a leak: in doubt a value is hidden.
"""

from __future__ import annotations

import re
from typing import Any

from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import Raw, Variable
from natsvalues.text.secrets import HIDDEN, NAME, Mark, hidden, without_secrets

__all__ = ["HIDDEN", "Mark", "hidden", "redacted", "without_secrets"]

_NAMES = re.compile(NAME.replace(r"\b", r"(?![a-z])"), re.IGNORECASE)
# Names of objects, never their contents.
_REFERENCES = re.compile(r"(?:secretName|secretKeyRef|secretRef|existingSecret|imagePullSecrets)\Z")
# Where the name alone is not enough: the key of an encrypted JetStream, and a variable by its index.
_PLACES = re.compile(r"(?:^|\.)jetstream\.(?:merge\.)?(?:key|ek)$|env\[\d+\]\.value$", re.IGNORECASE)
_IN_POD = re.compile(r"\$\([A-Za-z_]\w*\)")
# The parts of a dotted path: a quoted key, an item by its name, an index, a key.
_PART = re.compile(r"\[\"([^\"]*)\"\]|\[[\w.]+=([^\]]*)\]|\[(?:\d+|-)\]|([^.\[\]]+)")
# Blocks that hold secrets under arbitrary names, and other settings, too.
_BLOCKS = re.compile(r"auth(?:orization)?\Z", re.IGNORECASE)
_SECRET_DATA = {"Secret": ("data", "stringData"), "ConfigMap": ("binaryData",)}
_APPLIED = "last-applied-configuration"


def redacted(value: Any, path: str = "", kind: str = "", mark: Mark = hidden, *, named: str = "") -> Any:
    """`value` with every secret replaced; `path` is its dotted path in an object of that kind.

    `named` is the text beside it that names it: a command-line option, or the name or path of a `value`.
    Variables of nats.conf and `$(VARIABLE)` of a pod are references, and stay.
    """
    if value is None or isinstance(value, (bool, Variable)):
        return value
    if _is_secret_data(path, kind):
        return _secret_data(value, mark)
    parts = [match.groups() for match in _PART.finditer(path)]
    keys = [quoted or key for quoted, _, key in parts if quoted or key]
    if any(_REFERENCES.search(key) for key in keys):
        return value
    by_item = len(parts) > 1 and parts[-1][2] == "value" and _NAMES.search(parts[-2][1] or "")
    by_key = any(
        names_a_secret(key) and not (_BLOCKS.match(key) and number) for number, key in enumerate(reversed(keys))
    )
    hide = _PLACES.search(path) or _NAMES.search(named) or by_item or by_key
    return _inside(value, path, _How(kind, mark), hide=bool(hide))


def names_a_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return bool(_NAMES.search(name)) or name.endswith(_APPLIED) or name == "stringData"


class _How(NamedTuple):
    """The kind of the whole object, and what replaces a secret."""

    kind: str
    mark: Mark


def _inside(value: Any, path: str, how: _How, *, hide: bool) -> Any:
    if value is None or isinstance(value, (bool, Variable)):
        return value
    if isinstance(value, dict):
        return {key: _entry(value, key, path, how, hide=hide) for key in value}
    if isinstance(value, (list, tuple)) and not isinstance(value, Raw):
        after_option = [False, *(isinstance(item, str) and bool(_option(item)) for item in value)]
        return [
            _inside(item, path, how, hide=hide or secret) for item, secret in zip(value, after_option, strict=False)
        ]
    text = value.text if isinstance(value, Raw) else value
    if isinstance(text, str) and (_IN_POD.fullmatch(text) or (isinstance(value, Raw) and text.startswith("$"))):
        return value
    if hide:
        return how.mark(text)
    return without_secrets(text, how.mark) if isinstance(text, str) else value


def _entry(mapping: dict[str, Any], key: str, path: str, how: _How, *, hide: bool) -> Any:
    """One entry of a mapping; in `{name: TOKEN, value: x}` the name decides, in a JSON Patch the path."""
    names = [mapping.get(name) for name in ("name", "path")] if key == "value" else []
    by_name = any(isinstance(name, str) and _NAMES.search(name) for name in names)
    inner = f"{path}.{key}".lstrip(".")
    kind = mapping.get("kind")  # of a whole object, which may stand in Helm's values
    if _is_secret_data(inner, how.kind) or (isinstance(kind, str) and key in _SECRET_DATA.get(kind, ())):
        return _secret_data(mapping[key], how.mark)
    if _REFERENCES.search(key):
        return mapping[key]
    return _inside(mapping[key], inner, how, hide=hide or by_name or names_a_secret(key) or bool(_PLACES.search(inner)))


def _is_secret_data(path: str, kind: str) -> bool:
    return path.startswith(_SECRET_DATA.get(kind, ())) if kind in _SECRET_DATA else False


def _secret_data(value: Any, mark: Mark) -> Any:
    """A Secret's data: the keys, which are not secret, without their values."""
    if isinstance(value, dict):
        return {key: _secret_data(item, mark) for key, item in value.items()}
    return value if value is None else mark(value)


def _option(word: str) -> bool:
    """Whether a command-line argument is an option for a secret whose value is the next argument."""
    return word.startswith("-") and "=" not in word and bool(_NAMES.search(word))
