"""Named tuples that cost a tenth to define, for a process that defines many and lives for a tenth of a second.

`typing.NamedTuple` checks the annotation of each field and compiles a constructor for each class: 26 of the 160 ms of
CPU time of a post-render run (Python 3.11, 73 classes). Here a class gets the names and defaults of its fields only.
"""

from __future__ import annotations

import collections
import contextlib
import typing
from typing import Any

if typing.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_getter = collections._tuplegetter  # type: ignore[attr-defined]  # noqa: SLF001  # what collections.namedtuple uses


class _Methods(tuple[Any, ...]):
    """What every named tuple can do, as `typing.NamedTuple` documents it."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: typing.ClassVar[dict[str, Any]] = {}

    def __new__(cls, *values: Any, **named: Any) -> typing.Self:
        if named or len(values) != len(cls._fields):
            values = _complete(cls, values, named)
        return tuple.__new__(cls, values)

    @classmethod
    def _make(cls, values: Iterable[Any]) -> typing.Self:
        return cls(*values)

    def _replace(self, **named: Any) -> typing.Self:
        return type(self)(**{**self._asdict(), **named})

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


def _complete(cls: type[_Methods], values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """All values of a tuple in order, defaults filled in. Raises TypeError for missing and for unknown ones."""
    given = {**dict(zip(cls._fields, values, strict=False)), **named}
    whole = {**cls._field_defaults, **given}
    if len(given) != len(values) + len(named) or whole.keys() != set(cls._fields):
        message = f"{cls.__name__}: expected the fields {', '.join(cls._fields)}, got {values} and {named}"
        raise TypeError(message)
    return tuple(whole[name] for name in cls._fields)


class _Definition(type):
    """Makes the class that a `class X(NamedTuple):` statement defines."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
        if "__annotations__" not in body:  # Python 3.14 has none yet, unless they are texts
            original: Any = bases[0].original  # type: ignore[attr-defined]
            return type(original)(name, (original,), body)  # type: ignore[no-any-return]
        fields = tuple(body["__annotations__"])
        defaults = {field: body[field] for field in fields if field in body}
        getters = {field: _getter(at, "") for at, field in enumerate(fields)}
        known = {"_fields": fields, "_field_defaults": defaults, "__match_args__": fields, "__slots__": ()}
        return type(name, (_Methods,), {**body, **getters, **known})


class _NamedTuple:
    """Stands in for `typing.NamedTuple` as the base in a class statement; called, it is the original."""

    def __init__(self, original: Any) -> None:
        self._original = original
        self._base: Any = None

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        entries: tuple[type, ...] = self._original.__mro_entries__(bases)
        if len(bases) > 1:  # a generic tuple
            return entries
        if self._base is None:
            self._base = type.__new__(_Definition, "NamedTuple", (), {"original": entries[0]})
        return (self._base,)

    def __call__(self, *values: Any, **named: Any) -> Any:
        return self._original(*values, **named)


@contextlib.contextmanager
def light_tuples() -> Iterator[None]:
    """Modules that are imported inside define light tuples; for a process of our own only."""
    original = typing.NamedTuple
    typing.NamedTuple = _NamedTuple(original)  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        typing.NamedTuple = original  # type: ignore[misc]
