"""Plain values of a configuration: dict, list, str, int, float, bool, and Variable for what stays unresolved."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple
from natsvalues.text.levels import levels
from natsvalues.text.natsconf.errors import ConfSyntaxError
from natsvalues.text.natsconf.lexer import DEPTH_LIMIT
from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Include, Node, Scalar
from natsvalues.text.natsconf.reader import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ENV_KEY = "pk"


class Variable(NamedTuple):
    """A reference to a value that is known only where the server runs; `str()` gives it as it is written."""

    name: str

    def __str__(self) -> str:
        return f"${self.name}"


def value(
    conf: Conf, env: Mapping[str, str] | None = None, loader: Callable[[str], str] | None = None
) -> dict[str, Any]:
    """Return what the server sees: repeated keys give the last value, variables the value they refer to.

    A variable is looked up in the maps around it, innermost first, as far as they have been read; then in
    `env`, whose texts are read as values. One found nowhere is a Variable in the result, as is a datetime a
    str. Includes count only with a `loader`, which is given their path from the folder of this file, as
    short as it gets, and returns their text. Raises ConfSyntaxError for variables or includes that lead back
    to themselves, and for texts from `env` or `loader` that cannot be read.
    """
    return _Evaluation(conf, env or {}, loader).document()


def unresolved(
    conf: Conf, env: Mapping[str, str] | None = None, loader: Callable[[str], str] | None = None
) -> tuple[Scalar | Include, ...]:
    """Find the variables that `value` would leave unresolved, in order; the server refuses each of them.

    One in an included file is reported at its include. Raises as `value` does.
    """
    evaluation = _Evaluation(conf, env or {}, loader)
    evaluation.document()
    return tuple(evaluation.unresolved)


def symbolic(conf: Conf) -> dict[str, Any]:
    """Return what the text says: as `value`, but every variable stays a Variable."""
    plain = _symbolic(conf.root)
    return plain if isinstance(plain, dict) else {}


def includes(conf: Conf) -> tuple[Include, ...]:
    """All includes at any depth, in the order of the text."""
    return tuple(include for _, include in located_includes(conf))


def located_includes(conf: Conf) -> tuple[tuple[tuple[str | int, ...], Include], ...]:
    """All includes at any depth, in the order of the text, each with the path of the map in which it stands."""
    return tuple(_includes(conf.root, ()))


def same(one: Any, other: Any) -> bool:
    """Equality that distinguishes 1, 1.0 and True, as the server does."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _symbolic(node: Node) -> Any:
    if isinstance(node, Scalar):
        return Variable(str(node.value)) if node.kind == "variable" else node.value
    if isinstance(node, ConfArray):
        return [_symbolic(item) for item in node.items]
    return {entry.key: _symbolic(entry.value) for entry in node.entries if not isinstance(entry, Include)}


def _includes(node: Node, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Include]]:
    if isinstance(node, ConfArray):
        for index, item in enumerate(node.items):
            yield from _includes(item, (*at, index))
    elif isinstance(node, ConfMap):
        for entry in node.entries:
            if isinstance(entry, Include):
                yield at, entry
            else:
                yield from _includes(entry.value, (*at, entry.key))


class _Evaluation:
    """One document's evaluation; texts from the environment and from includes are evaluated on their own."""

    def __init__(
        self,
        conf: Conf,
        env: Mapping[str, str],
        loader: Callable[[str], str] | None,
        *,
        path: str = "",
        pending: frozenset[str] = frozenset(),
    ) -> None:
        self.conf = conf
        self.env = env
        self.loader = loader
        self.path = path
        self.pending = pending  # variables and include paths whose texts are being read
        self.scopes: list[dict[str, Any]] = []
        self.unresolved: list[Scalar | Include] = []

    def document(self) -> dict[str, Any]:
        return self.map(self.conf.root)

    def evaluate(self, node: Node) -> Any:
        if isinstance(node, ConfMap):
            return self.map(node)
        if isinstance(node, ConfArray):
            return [self.evaluate(item) for item in node.items]
        return self.variable(node) if node.kind == "variable" else node.value

    def map(self, node: ConfMap) -> dict[str, Any]:
        scope: dict[str, Any] = {}
        self.scopes.append(scope)
        for entry in node.entries:
            if isinstance(entry, Include):
                scope.update(self.included(entry))
            else:
                scope[entry.key] = self.evaluate(entry.value)
        self.scopes.pop()
        return scope

    def variable(self, node: Scalar) -> Any:
        name = str(node.value)
        for scope in reversed(self.scopes):
            if name in scope:
                self.require_levels(node, scope[name])
                return scope[name]
        if name not in self.env:
            self.unresolved.append(node)
            return Variable(name)
        if f"${name}" in self.pending:
            raise self.error(node, f"found a variable that refers to itself: ${name}", "remove the circular reference")
        try:
            conf = read(f"{_ENV_KEY}={self.env[name]}")
        except ConfSyntaxError as error:
            message = f"the environment's text for ${name} is no value: {error.message}"
            raise self.error(node, message, error.hint) from None
        pending = self.pending | {f"${name}"}
        inner = _Evaluation(conf, self.env, self.loader, pending=pending)
        value = inner.document()
        if inner.unresolved or _ENV_KEY not in value:
            self.unresolved.append(node)
        return value.get(_ENV_KEY, Variable(name))

    def included(self, include: Include) -> dict[str, Any]:
        if self.loader is None:
            return {}
        folder = posixpath.dirname(self.path)
        path = posixpath.normpath(f"{folder or '.'}/{include.path}")  # one spelling, so that a circle is one
        if path in self.pending:
            raise self.error(include, "found an include that includes itself", "remove the circular include")
        pending = self.pending | {path}
        conf = read(self.loader(path))
        inner = _Evaluation(conf, self.env, self.loader, path=path, pending=pending)
        value = inner.document()
        if inner.unresolved:
            self.unresolved.append(include)
        return value

    def require_levels(self, node: Scalar, value: Any) -> None:
        if len(self.scopes) + levels(value) > DEPTH_LIMIT:
            raise self.error(node, "found variables that expand without end", "write the values out")

    def error(self, node: Node | Include, message: str, hint: str) -> ConfSyntaxError:
        return ConfSyntaxError(self.conf.text, node.span.start, message, hint)
