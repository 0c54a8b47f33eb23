"""Values as YAML text, in the style of the upstream charts: two spaces, list dashes under their key."""

from __future__ import annotations

from typing import Any

from natsvalues.text.scalars import Scalar, double_quoted, written


def block(value: Any) -> list[str]:
    """`value` as lines of block style, not indented; a scalar is one line, or a `|` header and its lines."""
    if isinstance(value, dict) and value:
        lines: list[str] = []
        for key, item in value.items():
            inner = block(item)
            name = written(str(key))
            if isinstance(item, dict) and item:
                lines += [f"{name}:", *indented(inner, 2)]
            elif isinstance(item, list) and item:
                lines += [f"{name}:", *inner]
            else:
                lines += [f"{name}: {inner[0]}", *inner[1:]]
        return lines
    if isinstance(value, list) and value:
        lines = []
        for item in value:
            first, *rest = block(item)
            lines += [f"- {first}", *(indented(rest, 2) if isinstance(item, (dict, list)) else rest)]
        return lines
    if isinstance(value, str) and literal_is_safe(value) and not value.endswith("\n\n"):  # blank lines may follow
        return literal(value)
    return [flow(value)]


def indented(lines: list[str], columns: int) -> list[str]:
    """The lines moved to the right; empty ones stay empty."""
    return [" " * columns + line if line else line for line in lines]


def flow(value: Any) -> str:
    """`value` on one line, in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(str(key), flow=True)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return written(value, flow=True)


def literal_is_safe(text: str) -> bool:
    """Whether `text` has several lines and survives as a literal block without an indentation indicator."""
    return (
        "\n" in text.rstrip("\n") and not text[0].isspace() and text.replace("\n", "").replace("\t", "").isprintable()
    )


def literal(text: str, indent: str = "  ") -> list[str]:
    """`text` as a literal block: the header, then its lines behind `indent`."""
    body = text.rstrip("\n")
    trailing = len(text) - len(body)
    header = {0: "|-", 1: "|"}.get(trailing, "|+")
    lines = [indent + line if line else "" for line in body.split("\n")]
    return [header, *lines, *([""] * (trailing - 1))]


def scalar_like(old_style: str | None, value: Scalar, *, in_flow: bool) -> str:
    """`value` as a scalar on one line, in the quoting style of the scalar it replaces, where that is safe."""
    if isinstance(value, str) and old_style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, str) and old_style == '"':
        return double_quoted(value)
    return written(value, flow=in_flow)
