"""Paths into a document: keys, indices, and list items identified by a field such as `name`."""

from __future__ import annotations

from typing import Any

from natsvalues.errors import NatsvaluesError
from natsvalues.records import NamedTuple
from natsvalues.text.levels import MOST_LEVELS, TOO_DEEP, levels
from natsvalues.text.secrets import without_secrets


class Item(NamedTuple):
    """The item of a list whose field `key` has the value `value`: `containers[name=nats]`.

    A key may be nested: `volumeClaimTemplates[metadata.name=data]`.
    """

    key: str
    value: str | int


Path = tuple[str | int | Item, ...]


class Op(NamedTuple):
    """One RFC 6902 operation (`add`, `remove`, `replace`, `test`) on a path that may name items.

    In a path the key `-` after a list appends.
    """

    op: str
    path: Path
    value: Any = None


class PathError(NatsvaluesError):
    """A path that does not lead anywhere, or not to one place."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__("NV-E001", message, hint=hint)


def dotted(path: Path) -> str:
    """The path for people: `spec.containers[name=nats].image`."""
    text = ""
    for part in path:
        if isinstance(part, Item):
            text += f"[{part.key}={part.value}]"
        elif isinstance(part, int):
            text += f"[{part}]"
        elif part == "-":
            text += "[-]"
        elif part and all(character.isalnum() or character in "_-$" for character in part):
            text += f".{part}"
        else:
            text += f'["{_readable(part)}"]'
    return text.lstrip(".")


def _readable(key: str) -> str:
    """A key without secrets: after a forgotten quote a key is what should have been settings."""
    return "(several lines)" if "\n" in key else without_secrets(key)


def pointer(path: tuple[str | int, ...]) -> str:
    """The path as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def from_pointer(text: str) -> tuple[str, ...]:
    """Read a JSON Pointer; raises PathError if the text is not one."""
    if text and not text.startswith("/"):
        raise PathError(f"`{text}` is not a JSON Pointer", "start it with /, as in /metadata/labels")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def concrete(path: Path, document: Any) -> tuple[str | int, ...]:
    """`path` with every Item replaced by its index in `document`, and list indices as numbers.

    The last part may be missing (it is what `add` creates). Raises PathError otherwise, naming what is there.
    """
    steps: list[str | int] = []
    at = document
    for depth, part in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(at, list):
            index = _index(at, part, path[: depth + 1])
            steps.append(index)
            at = at[index] if isinstance(index, int) and index < len(at) else None
        elif isinstance(at, dict) and not isinstance(part, Item):
            if str(part) not in at and not last:
                raise PathError(f"`{dotted(path[: depth + 1])}` does not exist", _known(at))
            steps.append(str(part))
            at = at.get(str(part))
        else:
            raise PathError(f"`{dotted(path[: depth + 1])}` does not exist: there is nothing inside {_kind(at)}")
    return tuple(steps)


def value_at(document: Any, steps: tuple[str | int, ...]) -> Any:
    """The value at a concrete path; None where there is none."""
    for step in steps:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _index(items: list[Any], part: str | int | Item, path: Path) -> int | str:
    if isinstance(part, Item):
        matches = [
            index
            for index, item in enumerate(items)
            if isinstance(item, dict) and field_of(item, part.key) == part.value
        ]
        if len(matches) != 1:
            names = ", ".join(str(field_of(item, part.key)) for item in items if isinstance(item, dict))
            raise PathError(f"`{dotted(path)}`: expected one, found {len(matches)}", f"there are: {names}")
        return matches[0]
    if part == "-":
        return "-"
    if str(part).isdigit() and int(part) <= len(items):
        return int(part)
    raise PathError(f"`{dotted(path)}`: no such item in a list of {len(items)}")


def field_of(item: dict[str, Any], key: str) -> Any:
    """The value of an item's field, which may be nested (`metadata.name`); None where there is none."""
    value: Any = item
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _known(mapping: dict[str, Any]) -> str:
    return "there are: " + ", ".join(mapping) if mapping else "it is empty"


def _kind(value: Any) -> str:
    return {dict: "a mapping", list: "a list", type(None): "null"}.get(type(value), "a single value")


def require_levels(op: Op) -> None:
    """Raise PathError if the value of an operation would be nested too deep at its path."""
    if len(op.path) + levels(op.value) > MOST_LEVELS:
        raise PathError(f"the value at `{dotted(op.path)}` would be {TOO_DEEP}")
