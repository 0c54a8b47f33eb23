"""Read the table of `keys` and `account_keys`: the keys of each block, and whether a value has one of a key's forms.

The post-render path reads it: keep it light.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from natsvalues.manifests.conf import account_keys, keys
from natsvalues.manifests.quantities import nanoseconds
from natsvalues.records import NamedTuple
from natsvalues.text.natsconf import Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from natsvalues.manifests.server import Release

BLOCKS = keys.BLOCKS | account_keys.BLOCKS
EXACT = {"ocsp", "certificate", "resolver", "latency", "migration"}
"""Blocks whose keys the server reads in lower case only; everywhere else it ignores the case."""
LENIENT = {"resolver", "migration", "latency"}
"""Blocks in which the server ignores keys that it does not know."""
STRICT = {"tls", "certificate", "ocsp_peer", "ocsp", "ocsp_cache", "destination"}
"""Blocks in which it refuses an unknown key even if a variable of that name is used."""

PATTERNS = {
    "nkey": r"[A-Z][A-Z2-7]{55}(?:[A-Z2-7]{2})?\Z",
    "version": r"v?\d+\.\d+\.\d+(?:[-+]|\Z)",
    "resolver": r"(?i).*(?:MEM|URL)",
    "size": r"(?:[+-]?\d+[KMGT])?\Z",
    "address": r"(?:\[[^\[\]]*\]|[^:\[\]]*):[+-]?\d+\Z",
    "sample": r"\+?(?:100|0?[1-9]|[1-9]\d)%?\Z",
    "cipher": r"TLS_[A-Z0-9_]+\Z",
    "curve": r"(?:CurveP\d+|X25519\w*)\Z",
    "digest": r"[A-Fa-f0-9]{64}\Z",
    "percent": r"\+?(?:100|\d{1,2})%?\Z",
}
"""Forms of text, as the server's parser accepts it."""
TEXTS = {"text", "word", "empty", "url", "interval", "duration", "seconds", *PATTERNS}
"""All forms of text, except lists of words."""
_SCHEMES = {"nats", "tls", "ws", "wss", "http", "https"}
_NUMBERS = {"integer", "address", "size", "duration", "seconds"}
_RANGES = {"percent": "0..100", "sample": "1..100"}


class Key(NamedTuple):
    """One key of a block: the first of `names` is the usual spelling; one of `forms` must fit."""

    names: tuple[str, ...]
    forms: tuple[str, ...]
    required: bool
    since: tuple[Release, ...]
    """The first release that knows it; a second one where it came to an older minor version afterwards."""
    strict: Release | None
    """The first release that refuses other values, if that is later: before, it took any value."""

    def is_known_to(self, release: Release) -> bool:
        """Whether servers of this release know it: those of a minor version in `since` from that patch on."""
        if not self.since or release >= self.since[-1]:
            return True
        return any(first[:2] == release[:2] and first <= release for first in self.since)


_blocks: dict[str, dict[str, Key]] = {}
_required: dict[str, list[str]] = {}


def keys_of(block: str) -> dict[str, Key]:
    """The keys of a block, by every spelling."""
    if block not in _blocks:
        listed = [key for line in BLOCKS[block].split("\n") if line.strip() for key in _keys(line)]
        _blocks[block] = {name: key for key in listed for name in key.names}
    return _blocks[block]


def required_in(block: str) -> list[str]:
    """The keys without which the server refuses a block."""
    if block not in _required:
        _required[block] = list(dict.fromkeys(key.names[0] for key in keys_of(block).values() if key.required))
    return _required[block]


def _keys(line: str) -> list[Key]:
    """The keys of a line, which differ in nothing but their names."""
    names, _, rest = line.strip().partition(": ")
    rest, _, strict = rest.partition(" strict ")
    form, _, since = rest.partition(" since ")
    forms = alternatives(form.rstrip("!"))
    first = tuple(release(number) for number in since.split())
    bound = release(strict) if strict else None
    return [Key(tuple(name.split("=")), forms, form.endswith("!"), first, bound) for name in names.split()]


def release(text: str) -> Release:
    """The three numbers of `2.12.8`."""
    major, minor, patch = map(int, text.split("."))
    return major, minor, patch


def alternatives(form: str) -> tuple[str, ...]:
    """The alternatives of a form, split at each `|` outside of parentheses."""
    if "|" not in form:
        return (form,)
    return tuple(re.findall(r"(?:\*?\([^()]*\)|[^|()])+", form))


def block_of(form: str) -> str | None:
    """The block that a form names; None for another form."""
    return form[1:-1] if form.startswith("{") else None


def item_of(form: str) -> str | None:
    """The form of a list's items; None for a form that is no list."""
    return form[1:-1] if form.startswith("[") else None


def entry_of(form: str) -> str | None:
    """The form of the entries of a block with any names; None for another form."""
    return form[2:-1] if form.startswith("*") else None


def fits(form: str, value: Any) -> bool:
    """Whether a value has the form itself; what is in a block or a list is not looked at.

    `value` is plain, as `natsconf.value` gives it; a variable that is not known fits everything.
    """
    if isinstance(value, str):
        return form in ("any", "ignored") or _is_text(form, value)
    if isinstance(value, Variable) or form in ("any", "ignored"):
        return True
    if isinstance(value, dict):
        return form.startswith(("{", "*"))
    if isinstance(value, list):
        return form.startswith("[")
    if isinstance(value, bool):
        return form == "flag" or (form == "false" and not value)
    if isinstance(value, int):
        return form in _NUMBERS or _in_range(_RANGES.get(form, form), value)
    return form == "seconds"


def _is_text(form: str, value: str) -> bool:
    if form in ("text", "word", "empty"):
        return form == "text" or bool(value) == (form == "word")
    if form in ("interval", "duration", "seconds"):
        return nanoseconds(value) is not None
    if form == "url":
        return _is_url(value.strip())
    if form.startswith(("(", "<")):
        return (value if form.startswith("<") else value.lower()) in form[1:-1].split()
    pattern = PATTERNS.get(form)
    return pattern is not None and re.match(pattern, value, re.ASCII) is not None


def _is_url(text: str) -> bool:
    """Whether Go's `url.Parse` reads a text, as far as that decides between the forms that people write."""
    scheme, colon, rest = text.partition(":")
    if not colon or "/" in scheme:
        return not any(character in text for character in " \t\n")
    if scheme not in _SCHEMES and not _is_scheme(scheme):
        return False  # such as 10.0.0.1:7222
    host = rest[2:].split("/")[0].split("?")[0].rpartition("@")[2] if rest.startswith("//") else ""
    port = host.rpartition(":")[2] if ":" in host and not host.endswith("]") else ""
    return (not port or port.isdecimal()) and " " not in host


def _is_scheme(text: str) -> bool:
    return text[:1].isalpha() and all(sign.isalnum() or sign in "+-." for sign in text)


def _in_range(form: str, value: int) -> bool:
    least, dots, most = form.partition("..")
    return bool(dots) and value >= int(least) and (not most or value <= int(most))


def usual_path(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """A path in the usual spelling of each key, with `*` for the items of lists; an unknown key in lower case."""
    usual: tuple[str, ...] = ()
    forms: tuple[str, ...] = ("{server}",)
    for key in path:
        if isinstance(key, int) or key == "*":
            usual, forms = (*usual, "*"), _inner(forms, item_of)
            continue
        block = next((name for form in forms if (name := block_of(form))), None)
        row = keys_of(block).get(key.lower()) if block else None
        usual = (*usual, row.names[0] if row else key.lower())
        forms = row.forms if row else _inner(forms, entry_of)
    return usual


def _inner(forms: tuple[str, ...], inside: Callable[[str], str | None]) -> tuple[str, ...]:
    """The forms inside the list, or the block with any names, among these forms."""
    return next((alternatives(inner) for form in forms if (inner := inside(form))), ())


def spellings(path: str) -> tuple[str, ...]:
    """Every key that the server reads as the last one of this dotted path; the path's own comes first."""
    *around, last = path.split(".")
    forms: tuple[str, ...] = ("{server}",)
    for key in around:
        block = next(name for form in forms if (name := block_of(form)))
        forms = keys_of(block)[key].forms
    row = keys_of(next(name for form in forms if (name := block_of(form))))[last]
    return (last, *(name for name in row.names if name != last))
