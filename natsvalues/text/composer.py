"""The C composer of ruamel.yaml and its node classes, without the rest of the package.

`import ruamel.yaml` also brings the dumpers, the round-trip loader and what they need, which the composer
does not: a good part of the time the post-render path spends on imports. So the package is registered with
its own code deferred until an attribute of it is used; its submodules import as usual.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

import ruamel

PACKAGE = "ruamel.yaml"


class _Deferred(ModuleType):
    """A package whose own code runs at the first use of an attribute that it does not have yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]  # from here on an ordinary module
        self.__spec__.loader.exec_module(self)  # type: ignore[union-attr]  # found by PathFinder
        return getattr(self, name)


def _defer() -> None:
    spec = PathFinder.find_spec(PACKAGE, ruamel.__path__)
    if PACKAGE in sys.modules or spec is None or spec.loader is None:
        return  # imported already, or installed in a way we do not know: import it normally
    package = _Deferred(PACKAGE)
    package.__spec__, package.__loader__ = spec, spec.loader
    package.__path__ = spec.submodule_search_locations or []
    package.__package__ = PACKAGE
    sys.modules[PACKAGE] = package
    ruamel.yaml = package  # type: ignore[attr-defined]  # what the import system does, too


_defer()

from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: E402  # behind _defer, which is the point
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode  # noqa: E402
from ruamel.yaml.tag import Tag  # noqa: E402

if TYPE_CHECKING:
    CParser: Any
else:
    from _ruamel_yaml import CParser

__all__ = ["CParser", "MappingNode", "MarkedYAMLError", "Node", "ScalarNode", "SequenceNode", "Tag", "YAMLError"]
