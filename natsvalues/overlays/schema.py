"""The JSON Schema of the overlay files, made from the classes that read them."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from natsvalues.overlays.model import Region, Supercluster
from natsvalues.text.reading import Between, Doc, Matches, spelled

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {str: "string", int: "integer", bool: "boolean"}


def schema() -> dict[str, Any]:
    """One schema for both kinds of file; an editor picks by `kind`."""
    definitions: dict[str, Any] = {}
    for kind in (Supercluster, Region):
        _section(kind, definitions)
    return {
        "$schema": DIALECT,
        "title": "natsvalues overlay",
        "description": "A supercluster, or one region of it (charts/overlays/*.yaml).",
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": ["Supercluster", "Region"]}},
        "if": {"properties": {"kind": {"const": "Supercluster"}}},
        "then": {"$ref": "#/$defs/Supercluster"},
        "else": {"$ref": "#/$defs/Region"},
        "$defs": definitions,
    }


def _section(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # recursion
        properties = {}
        for field in kind._fields:
            content = _field(kind.__annotations__[field], definitions)
            default = kind._field_defaults.get(field)
            if isinstance(default, (str, int, bool)):
                content["default"] = default
            properties[spelled(field)] = _or_blank(content) if field in kind._field_defaults else content
        definitions[kind.__name__] = {
            "type": "object",
            "description": (kind.__doc__ or "").strip(),
            "additionalProperties": False,
            "required": [spelled(field) for field in kind._fields if field not in kind._field_defaults],
            "properties": properties,
        }
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _or_blank(content: dict[str, Any]) -> dict[str, Any]:
    """A field that may be left out may be left blank, too."""
    if "enum" in content:
        return {**content, "enum": [*content["enum"], None]}
    if "type" in content:
        return {**content, "type": [content["type"], "null"]}
    if "$ref" in content:
        rest = {name: item for name, item in content.items() if name != "$ref"}
        return {"anyOf": [{"$ref": content["$ref"]}, {"type": "null"}], **rest}
    return content


def _field(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if get_origin(kind) is Annotated:
        inner, *marks = get_args(kind)
        content = _field(inner, definitions)
        for mark in marks:
            if isinstance(mark, Doc):
                content["description"] = mark.text
            else:
                _rule(_place_of_rule(content), mark)
        return content
    if get_origin(kind) in (Union, types.UnionType):
        inner = next(part for part in get_args(kind) if part is not type(None))
        return {"anyOf": [_field(inner, definitions), {"type": "null"}]}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _field(get_args(kind)[0], definitions)}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": _field(get_args(kind)[1], definitions)}
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if kind is Any:
        return {}
    if hasattr(kind, "_fields"):
        return _section(kind, definitions)
    return {"type": _TYPES[kind]}


def _place_of_rule(content: dict[str, Any]) -> dict[str, Any]:
    place: dict[str, Any] = content["anyOf"][0] if "anyOf" in content else content
    return place


def _rule(content: dict[str, Any], mark: Any) -> None:
    if isinstance(mark, Matches):
        content["pattern"] = f"^(?:{mark.pattern})$"
    elif isinstance(mark, Between):
        content.update(minimum=mark.low, maximum=mark.high)
