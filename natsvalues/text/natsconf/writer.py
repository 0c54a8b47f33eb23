"""Write values in the language, in the style of the text they go into, so that the server reads them back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.records import NamedTuple
from natsvalues.text.natsconf.errors import ConfEditError, ConfSyntaxError
from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Entry, Include, Node, Scalar
from natsvalues.text.natsconf.reader import read
from natsvalues.text.natsconf.scalars import INTEGER_LIMIT
from natsvalues.text.natsconf.values import Variable, same, symbolic

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_BARE_STRING = re.compile(r"[\w./:@%+*>~-]+", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SEPARATOR = re.compile(r"[ \t]*[:=][ \t]*|[ \t]+")
_TERMINATOR = re.compile(r"[ \t]*([,;])")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_INDENT = re.compile(r"(?:^|[\r\n])(\t| {1,8})(?=[^\s#/])")
_ESCAPES = {char: f"\\x{char & 0xFF:02x}" for char in (*range(0x20), 0x7F, *range(0xDC80, 0xDD00))}
_ESCAPES |= {ord(char): f"\\{name}" for char, name in zip('\t\n\r"\\', 'tnr"\\', strict=True)}


class Raw(NamedTuple):
    """A value given as it is to be written, such as `Raw("10Gi")`."""

    text: str


class Style(NamedTuple):
    """How the entries around look: `terminator` is "," or ";" or "" where a new line is enough."""

    quoted_keys: bool
    separator: str
    terminator: str
    newline: str
    indent: str


def style_of(conf: Conf, chain: tuple[ConfMap | ConfArray, ...]) -> Style:
    """Find the style of the last container of `chain`, or of the nearest one around it that has entries."""
    text = conf.text
    groups = [_entries(container) for container in reversed(chain)]
    entries = next(filter(None, groups), [])
    newline = _NEWLINE.search(text)
    indent = _INDENT.search(text)
    quoted = text[entries[-1].key_span.start] in "\"'" if entries else conf.root.braced
    return Style(
        quoted,
        _separator(text, groups),
        _terminator(text, entries, default="," if quoted else ""),
        newline.group() if newline else "\n",
        indent[1] if indent else "  ",
    )


def array_terminator(text: str, array: ConfArray, style: Style) -> str:
    """Find what stands between items: "," or, in an array of lines, nothing."""
    return _terminator(text, array.items, default="," if style.terminator or not array.items else "").replace(";", ",")


def _entries(container: ConfMap | ConfArray) -> list[Entry]:
    return [part for part in container.entries if isinstance(part, Entry)] if isinstance(container, ConfMap) else []


def _separator(text: str, groups: list[list[Entry]]) -> str:
    for entry in (entry for group in groups for entry in reversed(group)):
        between = text[entry.key_span.end : entry.value.span.start]
        if isinstance(entry.value, Scalar) and _SEPARATOR.fullmatch(between):
            return between
    return ": "


def _terminator(text: str, parts: Sequence[Entry | Node], *, default: str) -> str:
    for part in reversed(parts[:-1] or parts):
        match = _TERMINATOR.match(text, part.span.end)
        if match:
            return match[1]
        if len(parts) > 1:
            return ""
    return default


def write(value: Any, style: Style, margin: str | None) -> str:
    """`value` as text, its further lines indented by more than `margin`; on one line if that is None.

    Raises ConfEditError for what the language cannot hold.
    """
    if isinstance(value, dict):
        return _write_map(value, style, margin)
    if isinstance(value, list):
        return _write_array(value, style, margin)
    return write_scalar(value)


def _write_map(value: dict[str, Any], style: Style, margin: str | None) -> str:
    if not value:
        return "{}"
    inner = None if margin is None else margin + style.indent
    entries = [write_entry(key, item, style, inner) for key, item in value.items()]
    if margin is None:
        return "{ " + f"{style.terminator or ','} ".join(entries) + " }"
    line = f"{style.newline}{inner}"
    last = ";" if style.terminator == ";" else ""
    return "{" + line + f"{style.terminator}{line}".join(entries) + last + f"{style.newline}{margin}}}"


def _write_array(value: list[Any], style: Style, margin: str | None) -> str:
    if not value:
        return "[]"
    inner = None if margin is None else margin + style.indent
    items = [write(item, style, inner) for item in value]
    if margin is None:
        text = ", ".join(items)
        return f"[{text}{gap(text, ']')}]"
    line = f"{style.newline}{inner}"
    comma = "," if style.terminator else ""
    return "[" + line + f"{comma}{line}".join(items) + f"{style.newline}{margin}]"


def write_entry(key: str, value: Any, style: Style, margin: str | None) -> str:
    """`key: value` in the given style."""
    if not isinstance(key, str):
        raise ConfEditError("a key that is not a string")
    return write_key(key, quoted=style.quoted_keys) + style.separator + write(value, style, margin)


def write_key(key: str, *, quoted: bool) -> str:
    """Write a key, quoted if asked or needed: quoted keys have no escapes, so not all strings can be keys."""
    if not quoted and _BARE_KEY.fullmatch(key) and key.lower() != "include":
        return key
    quote = "'" if '"' in key else '"'
    if quote in key or "\0" in key or _has_surrogate(key):
        raise ConfEditError("a key that the language cannot write", "keys hold one kind of quote at most")
    return f"{quote}{key}{quote}"


def write_scalar(value: Any, old: Scalar | None = None) -> str:
    """Write a value without parts; a string keeps the quotes of the one it replaces if they can hold it."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
            raise ConfEditError("an integer beyond 64 bits", "write it as a string or with Raw")
        return str(value)
    if isinstance(value, float):
        return _write_float(value)
    if isinstance(value, Variable):
        if not _NAME.fullmatch(value.name):
            raise ConfEditError("a variable whose name has more than letters, digits and _")
        return str(value)
    if isinstance(value, str):
        return _write_string(value, old)
    raise ConfEditError(
        f"a value of type {type(value).__name__}",
        "the language has maps, arrays, strings, numbers and booleans",
    )


def _write_float(value: float) -> str:
    if value - value != 0:  # neither infinity nor NaN can be written
        raise ConfEditError("a number that is not finite")
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return mantissa
    sign, digits = "-" * (value < 0), mantissa.replace("-", "").replace(".", "")
    if exponent.startswith("-"):
        return f"{sign}0.{'0' * (-int(exponent) - 1)}{digits}"
    return f"{sign}{digits.ljust(int(exponent) + 1, '0')}.0"


def _write_string(value: str, old: Scalar | None) -> str:
    if old is not None and old.kind in ("string", "variable", "datetime"):
        if old.raw.startswith("'") and "'" not in value and value.isprintable():
            return f"'{value}'"
        if not old.raw.startswith(("'", '"', "(")) and _is_safe_bare(value):
            return value
    escaped = value.translate(_ESCAPES)
    if _has_surrogate(escaped):
        raise ConfEditError("a string that is not valid Unicode", "it has an unpaired surrogate")
    return f'"{escaped}"'


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _is_safe_bare(value: str) -> bool:
    """Whether the bare word is read as this very string both before `]` and before a new line."""
    if not _BARE_STRING.fullmatch(value) or value.startswith(":"):  # which directly behind a quoted key separates
        return False
    try:
        return same(symbolic(read(f"a: [{value}]\nb: {value}\n")), {"a": [value], "b": value})
    except ConfSyntaxError:
        return False


def gap(text: str, following: str) -> str:
    """Return the space that separates `text` from the character behind it, if they would be read as one token.

    `[3]` is the string "3]" and more to the server; `x#` is no comment.
    """
    if not text or text[-1] in "\"'}])":
        return ""
    number = text.rsplit(maxsplit=1)[-1][0] in "-0123456789"
    return " " if following in ("#", "/") or (number and following == "]") else ""


def plain(value: Any) -> Any:
    """`value` with every Raw replaced by the value that the server reads."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return _plain_raw(value.text) if isinstance(value, Raw) else value


def _plain_raw(text: str) -> Any:
    hint = "Raw takes exactly one value, as it is written behind a key"
    try:
        conf = read(f"k: {text}\n")
    except ConfSyntaxError as error:
        raise ConfEditError(f"a raw value that cannot be read: {error.message}", hint) from None
    entries = conf.root.entries
    if len(entries) != 1 or conf.findings or isinstance(entries[0], Include):
        raise ConfEditError("a raw value that is not one value", hint)
    entry = entries[0]
    if conf.text[entry.value.span.start : entry.value.span.end] != text or text.startswith("("):
        raise ConfEditError("a raw value with comments, white space or a block string", hint)
    return symbolic(conf)["k"]
