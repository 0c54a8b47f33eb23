"""What transforms return: patches of objects, new objects, notices; and receipts of applied changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.records import NamedTuple
from natsvalues.text.paths import Op, Path

if TYPE_CHECKING:
    from natsvalues.errors import Where
    from natsvalues.manifests.release import ResourceKey


class Patch(NamedTuple):
    """Operations on one object, or inside the configuration file that its data key `file` holds.

    `rule` names the transform, `why` is the reason as a sentence, `source` is the source of the fact.
    """

    target: ResourceKey
    ops: tuple[Op, ...]
    rule: str
    why: str
    source: str = ""
    file: str = ""


class Injection(NamedTuple):
    """A new object, to be inserted after the document with number `after`; `template` names its source for Helm."""

    value: dict[str, Any]
    after: int
    template: str
    rule: str
    why: str
    source: str = ""


class Notice(NamedTuple):
    """A message for the user: a `warning`, or a `note` such as a provider's caveat."""

    level: Literal["warning", "note"]
    message: str
    where: tuple[Where, ...] = ()
    hint: str = ""
    setting: tuple[str | int, ...] = ()
    """The path of the setting of nats.conf that it is about, if it is about one."""


class Receipt(NamedTuple):
    """One change that was applied. `line` is the object's (or the value's) line in the input."""

    target: ResourceKey
    file: str
    op: str
    path: str
    before: Any
    after: Any
    line: int | None
    rule: str
    why: str
    source: str


Outcome = Patch | Injection | Notice


def put(document: Any, path: tuple[str, ...], content: Any) -> Op:
    """The operation that sets `path` to `content`, creating the mappings on the path that are missing or null."""
    at = document
    for depth, key in enumerate(path[:-1], 1):
        at = at.get(key)
        if at is None:
            for later in reversed(path[depth:]):
                content = {later: content}
            return Op("add", path[:depth], content)
    return Op("add", path, content)


def appended(present: list[Any] | None, path: Path, *items: Any) -> tuple[Op, ...]:
    """The operations that put items behind those of the list at `path`; a missing or empty list is created."""
    if present:
        return tuple(Op("add", (*path, "-"), item) for item in items)
    return (Op("add", path, list(items)),) if items else ()
