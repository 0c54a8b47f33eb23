"""The C composer of ruamel.yaml and its node classes, without the rest of the package.

`import ruamel.yaml` also brings the dumpers, the round-trip loader and what they need, which the composer
does not: a good part of the time the post-render path spends on imports. So the package is registered with its own
code deferred until an attribute of it is used, and the C module gets stand-ins for the error classes that it takes from
the Python loader and dumper. With the package's own code the real classes take their places.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

import ruamel

from natsvalues.text.levels import MOST_LEVELS, TOO_DEEP

PACKAGE = "ruamel.yaml"
C_MODULE = "_ruamel_yaml"


class _Deferred(ModuleType):
    """A package whose own code runs at the first use of an attribute that it does not have yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]  # from here on an ordinary module
        self.__spec__.loader.exec_module(self)  # type: ignore[union-attr]  # found by PathFinder
        _use_real_errors()
        return getattr(self, name)


def _defer() -> bool:
    """Put the package in place; False if it is imported already, or installed in a way that we do not know."""
    spec = PathFinder.find_spec(PACKAGE, ruamel.__path__)
    if PACKAGE in sys.modules or spec is None or spec.loader is None:
        return False
    package = _Deferred(PACKAGE)
    package.__spec__, package.__loader__ = spec, spec.loader
    package.__path__ = spec.submodule_search_locations or []
    package.__package__ = PACKAGE
    sys.modules[PACKAGE] = package
    ruamel.yaml = package  # type: ignore[attr-defined]  # what the import system does, too
    return True


_DEFERRED = _defer()

from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: E402  # behind _defer, which is the point
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode  # noqa: E402
from ruamel.yaml.tag import Tag  # noqa: E402


class _ReaderError(YAMLError):
    """Like the one of ruamel.yaml.reader."""

    def __init__(self, name: str, position: int, character: int, encoding: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.position, self.character = name, position, character
        self.encoding, self.reason = encoding, reason


_STAND_INS: dict[str, tuple[str, type]] = {
    "reader": ("ReaderError", _ReaderError),
    **{
        name: (error, type(error, (base,), {}))
        for name, error, base in (
            ("scanner", "ScannerError", MarkedYAMLError),
            ("parser", "ParserError", MarkedYAMLError),
            ("composer", "ComposerError", MarkedYAMLError),
            ("constructor", "ConstructorError", MarkedYAMLError),
            ("emitter", "EmitterError", YAMLError),
            ("serializer", "SerializerError", YAMLError),
            ("representer", "RepresenterError", YAMLError),
        )
    },
}
"""The error class that the C module imports from each module, none of which composing needs."""


def _import_c_module() -> None:
    """Import the C module with the stand-ins; they are gone afterwards, so the real modules can be imported."""
    stand_ins = {
        f"{PACKAGE}.{name}": item for name, item in _STAND_INS.items() if f"{PACKAGE}.{name}" not in sys.modules
    }
    for name, (error, stand_in) in stand_ins.items():
        module = ModuleType(name)
        setattr(module, error, stand_in)
        sys.modules[name] = module
    try:
        import _ruamel_yaml  # noqa: F401
    finally:
        for name in stand_ins:
            del sys.modules[name]


def _use_real_errors() -> None:
    """Give the C module the error classes of the package, which others may catch."""
    from importlib import import_module

    for name, (error, _) in _STAND_INS.items():
        setattr(sys.modules[C_MODULE], error, getattr(import_module(f"{PACKAGE}.{name}"), error))


if _DEFERRED:
    _import_c_module()

if TYPE_CHECKING:
    CParser: Any
else:
    from _ruamel_yaml import CParser

FLOW_COLON, DUPLICATE_ANCHOR = "found unexpected ':'", "second occurrence"
ESCAPE = "found unknown escape character"
"""What the C module says of things that Go reads; `go_yaml` composes them."""


def too_deep(node: Node) -> MarkedYAMLError:
    """The error for a node below MOST_LEVELS others."""
    return MarkedYAMLError(None, None, TOO_DEEP, node.start_mark)


__all__ = [
    "DUPLICATE_ANCHOR",
    "ESCAPE",
    "FLOW_COLON",
    "CParser",
    "MappingNode",
    "MarkedYAMLError",
    "Node",
    "ScalarNode",
    "SequenceNode",
    "Tag",
    "YAMLError",
    "too_deep",
]


# Nodes without a tag of their own share these two, so that one comparison distinguishes them.
PLAIN = Tag(suffix="?")
STRING = Tag(suffix="tag:yaml.org,2002:str")


class Composer(CParser):  # type: ignore[misc]  # the C class has no types
    """The C parser with no resolver: meaning is decided in `scalars`, as Kubernetes would."""

    def resolve(self, *details: Any) -> Tag:  # kind, value, implicit (a pair for scalars)
        implicit = details[2]
        return STRING if isinstance(implicit, tuple) and not implicit[0] else PLAIN

    levels = 0

    def descend_resolver(self, parent: Node, _index: object) -> None:  # called before each node is composed
        self.levels = levels = self.levels + 1
        if levels > MOST_LEVELS:
            raise too_deep(parent)

    def ascend_resolver(self) -> None:
        self.levels -= 1
