"""Remove secrets from reports, by the names of their fields and by their formats (`text.secrets`).

Hiding too much is a nuisance, hiding too little is a leak: in doubt a value is hidden.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import ConfArray, ConfMap, Entry, Raw, Variable
from natsvalues.text.paths import Item
from natsvalues.text.secret_names import BLOCK, READABLE_IN_BLOCK, flat, is_key_of, is_reference, kind_of
from natsvalues.text.secrets import PLAIN, Hiding, is_public_key, kind_of_option, without_formats, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.text.natsconf import Node
    from natsvalues.text.paths import Path
    from natsvalues.text.spans import Span

_SECRET = "secret"  # noqa: S105 - a kind of secrets
_SECRET_DATA = {"Secret": ("data", "stringData"), "ConfigMap": ("binaryData",)}
_ENCRYPTION = frozenset(("key", "ek", "prev_key", "prev_ek"))
_VOLUME = frozenset(("secret", "serviceAccountToken"))
_APPLIED = "last-applied-configuration"
_IMAGES = frozenset(("image", "repository"))
_REFERENCE = r"\$\([A-Za-z_]\w*\)|<<\s*\$[A-Za-z_]\w*\s*>>"
_VARIABLE = r"\$[A-Za-z_]\w*"
# The parts of a dotted path: a quoted key, an item by its name, an index, a key.
_PART = re.compile(r"\[\"([^\"]*)\"\]|\[([\w.]+)=([^\]]*)\]|\[(\d+|-)\]|([^.\[\]]+)")
_LONG_KEY = 16
_WORDS_BEFORE = 8


class Place(NamedTuple):
    """Where a value stands: the kind of the object, and the keys on the way, of items what identifies them.

    `kind` is that of the secret which hides the value and all below it; empty if nothing does. `is_data`: inside data
    that is secret whatever its keys are.
    """

    object_kind: str = ""
    keys: tuple[str, ...] = ()
    kind: str = ""
    is_data: bool = False

    def below(self, part: str | int | Item, how: Hiding, named: str = "") -> Place:
        """The place of one part below; `named` is what a field beside it calls it."""
        if self.is_data or isinstance(part, int) or part == "-":
            return self
        if isinstance(part, Item):
            return self._replace(keys=(*self.keys, str(part.value)))
        part = str(part)
        keys = (*self.keys, part)
        if not self.keys and part in _SECRET_DATA.get(self.object_kind, ()):
            return self._replace(keys=keys, kind=_SECRET, is_data=True)
        return self._replace(keys=keys, kind=self._kind(part, how, named))

    def _kind(self, key: str, how: Hiding, named: str) -> str:
        above = self.keys[-1] if self.keys else ""
        if is_reference(key) or (key in _VOLUME and "volumes" in self.keys):
            return ""
        if self.kind not in ("", BLOCK):
            return self.kind
        kind = kind_of_name(key, how)
        if key == "value":
            kind = kind_of_name(named or above, how) or (_SECRET if above == "env" and not named else "")
        if kind:
            return kind
        if is_key_of(above, key) or (key in _ENCRYPTION and "jetstream" in self.keys[-2:]):
            return "key"
        if self.kind and flat(key) in READABLE_IN_BLOCK:
            return BLOCK if key == "users" else ""
        return self.kind

    def hides(self) -> str:
        """The kind of a text or number at this place; empty where its name says nothing."""
        return self.kind or (_SECRET if self.keys and self.keys[-1] in _VOLUME else "")


def redacted(value: Any, path: str | Path = "", kind: str = "", how: Hiding = PLAIN, *, named: str = "") -> Any:
    """`value` with every secret replaced; `path` leads to it in an object of that kind.

    `named` are the texts beside it that name it: command-line options, the name or path of a `value`.
    Variables of nats.conf and `$(VARIABLE)` of a pod are references, and stay.
    """
    place = Place(kind)
    for part in _parts(path) if isinstance(path, str) else path:
        place = place.below(part, how)
    for name in named.split():
        if not place.kind:
            by_name = kind_of_option(name, str(value)) if name.startswith("-") else kind_of_name(name, how)
            place = place._replace(kind=by_name)
    return redacted_at(value, place, how)


def kind_of_name(name: str, how: Hiding = PLAIN) -> str:
    """The kind of secret that a field or variable of this name holds; empty for none."""
    return kind_of(name) or (
        _SECRET if name in how.variables or name == "stringData" or name.endswith(_APPLIED) else ""
    )


def redacted_at(value: Any, place: Place, how: Hiding) -> Any:
    """`value`, which stands at that place, with every secret replaced."""
    if value is None or isinstance(value, Variable) or (isinstance(value, bool) and not place.is_data):
        return value
    if isinstance(value, dict):
        places = {key: entry_place(value, key, place, how) for key in value}
        return {_shown_key(key, how): redacted_at(value[key], places[key], how) for key in value}
    if isinstance(value, Raw):
        return _scalar(value, value.text, place, how)
    if isinstance(value, (list, tuple)):
        return [redacted_at(item, item_place(value, index, place), how) for index, item in enumerate(value)]
    return _scalar(value, value, place, how)


def entry_place(mapping: dict[Any, Any], key: Any, place: Place, how: Hiding) -> Place:
    """The place of an entry of a mapping; in `{name: TOKEN, value: x}` the name decides, in a JSON Patch the path."""
    kind = mapping.get("kind")
    if isinstance(kind, str) and not place.is_data:
        place = place._replace(object_kind=kind, keys=())  # an object, which may stand in Helm's values
    beside = (mapping.get("name"), mapping.get("path")) if key == "value" else ()
    return place.below(str(key), how, " ".join(item for item in beside if isinstance(item, str)))


def item_place(items: list[Any] | tuple[Any, ...], index: int, place: Place) -> Place:
    """The place of an item of a list, which a command-line option before it may name."""
    item = items[index]
    if place.kind or not isinstance(item, str):
        return place
    words = [word for word in items[max(0, index - _WORDS_BEFORE) : index] if isinstance(word, str)]
    kind = kind_of_option(item, "", " ".join(words)) if item.startswith("-") else ""
    if not kind and words and words[-1].startswith("-"):
        kind = kind_of_option(words[-1], item, " ".join(words[:-1]))
    return place._replace(kind=kind)


def _shown_key(key: Any, how: Hiding) -> Any:
    return without_formats(key, how) if isinstance(key, str) and ("@" in key or len(key) >= _LONG_KEY) else key


def _scalar(value: Any, text: Any, place: Place, how: Hiding) -> Any:
    if isinstance(text, str) and not place.is_data and ("$" in text or place.kind):
        is_variable = isinstance(value, Raw) and re.fullmatch(_VARIABLE, text)
        if is_variable or re.fullmatch(_REFERENCE, text) or is_public_key(text):
            return value
    if kind := place.hides():
        return how.mark(text, kind)
    if not isinstance(text, str):
        return value
    shown = without_formats(text, how) if {*place.keys[-1:]} & _IMAGES else without_secrets(text, how)
    return value if shown == text else shown


def _parts(path: str) -> Iterator[str | int | Item]:
    for match in _PART.finditer(path):
        quoted, field, item, index, key = match.groups()
        if field is not None:
            yield Item(field, item)
        elif index is not None:
            yield int(index) if index.isdigit() else index
        else:
            yield key or quoted or ""


def conf_secrets(node: Node, place: Place, how: Hiding) -> Iterator[tuple[Span, str]]:
    """The spans of scalars of a nats.conf that are secret, or hold one, with what is shown in their place."""
    if isinstance(node, ConfMap):
        for entry in node.entries:
            if isinstance(entry, Entry):
                yield from conf_secrets(entry.value, place.below(entry.key, how), how)
    elif isinstance(node, ConfArray):
        for item in node.items:
            yield from conf_secrets(item, place, how)
    elif node.kind != "variable":
        shown = redacted_at(node.value, place, how)
        if shown != node.value:
            yield node.span, str(shown)
