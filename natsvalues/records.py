"""The base class of our named tuples: `typing.NamedTuple` without most of what it costs to make a class.

`typing` compiles each annotation that is a text, and `collections` a constructor for each class: a sixth of a
post-render run, which makes a hundred classes. Here classes share their methods, and annotations stay as they are.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]

_new = tuple.__new__


class _Record(tuple):  # type: ignore[type-arg]  # each class says of what
    """The methods of all named tuples, as `collections.namedtuple` has them."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: dict[str, Any] = {}  # noqa: RUF012  # each class has its own

    def __new__(cls, *values: Any, **named: Any) -> Any:
        if named or len(values) != len(cls._fields):
            values = cls._filled(values, named)
        return _new(cls, values)

    @classmethod
    def _filled(cls, values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        """All values in the order of the fields. Raises TypeError, as any call with wrong arguments."""
        if len(values) > len(cls._fields):
            raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, and got {len(values)} values")
        missing = len(cls._fields) - len(values)
        if not named and missing <= len(cls._field_defaults):
            return values + tuple(cls._field_defaults.values())[-missing:]
        content = cls._field_defaults | named | dict(zip(cls._fields, values, strict=False))
        try:
            filled = tuple([content[field] for field in cls._fields])
        except KeyError as error:
            raise TypeError(f"{cls.__name__} got no value for {error}") from None
        if len(content) != len(filled) or not named.keys().isdisjoint(cls._fields[: len(values)]):
            raise TypeError(f"{cls.__name__} got a value twice, or one for an unknown field: {', '.join(named)}")
        return filled

    @classmethod
    def _make(cls, values: Any) -> Any:
        return cls(*values)

    def _replace(self, /, **named: Any) -> Any:
        content = dict(zip(self._fields, self, strict=True)) | named
        if len(content) != len(self):
            raise ValueError(f"{type(self).__name__} has no such field: {', '.join(named)}")
        return _new(type(self), content.values())

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__name__}({fields})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _Fields(type):
    """Makes a class with annotations into a record with these fields."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields = tuple(body.get("__annotations__", ()))
        body["_field_defaults"] = {field: body[field] for field in fields if field in body}
        body["_fields"] = body["__match_args__"] = fields
        body["__slots__"] = ()
        for index, field in enumerate(fields):
            body[field] = property(itemgetter(index))
        return type(name, (_Record,), body)


if TYPE_CHECKING:
    from typing import NamedTuple  # noqa: TID251  # what a type checker sees
else:

    class NamedTuple(metaclass=_Fields):
        """A named tuple, written as with `typing.NamedTuple`."""
