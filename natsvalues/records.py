"""The base class of our named tuples: `typing.NamedTuple` without the cost of its annotations at import.

`typing` compiles every annotation that is a text (`from __future__ import annotations`) as a class is made, half the
time of the class and an eighth of a post-render run. Nobody reads these; where they are read, they are no texts.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]


class _Fields(type):
    """Makes a class with annotations into a `collections.namedtuple` with the same methods."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields = body.get("__annotations__", {})
        defaults = [body[field] for field in fields if field in body]
        made: Any = namedtuple(name, fields, defaults=defaults, module=body["__module__"])  # type: ignore[misc]  # noqa: PYI024
        for key, item in body.items():
            if key not in fields and key != "__module__":
                setattr(made, key, item)
        return made


if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class NamedTuple(metaclass=_Fields):
        """A named tuple, written as with `typing.NamedTuple`; fields with a default come last."""
