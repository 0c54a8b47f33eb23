"""The file that states what an annotation means, looked up by the annotation's key.

The files are read as text once for a process; one is parsed when its text has the beginning of a key that is
looked up. Post-rendering does not look up a profile's own annotations here: it reads the profile's file anyway.
"""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from natsvalues.providers import profile
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.providers.meanings import CheckFacts, Claim, Meaning

_BEGINNING = re.compile(r"[^/]*/[A-Za-z0-9]*")
_PLACE = re.compile(r"\\\{(\w+)\\\}")


class Table(NamedTuple):
    """The facts in one file.

    `family` is its name without a leading underscore, such as `aws` or `metallb`. `exact` are meanings by key;
    `patterns` those of keys with a placeholder. `spellings` maps the beginning of a key to that of a key in `exact`.
    """

    family: str
    exact: dict[str, Meaning]
    patterns: tuple[tuple[re.Pattern[str], Meaning], ...]
    spellings: dict[str, str]
    claims: tuple[Claim, ...]
    check: CheckFacts | None


class Stated(NamedTuple):
    """The meaning of one annotation: the table that states it, and the port in its key (or an empty text)."""

    table: Table
    meaning: Meaning
    port: str


@lru_cache(maxsize=4096)
def stated(key: str, folder: str) -> Stated | None:
    """What the files of a folder state about an annotation's key; None if none of them has it."""
    if "/" not in key:
        return None  # not a controller's annotation
    for table in tables((beginning(key),), folder):
        spelled = next((new + key[len(old) :] for old, new in table.spellings.items() if key.startswith(old)), key)
        if spelled in table.exact:
            return Stated(table, table.exact[spelled], "")
        for pattern, meaning in table.patterns:
            if match := pattern.fullmatch(spelled):
                return Stated(table, meaning, match.groupdict().get("port", ""))
    return None


def beginning(key: str) -> str:
    """The beginning of a key, up to the first special character of its name: a file with the key contains it."""
    match = _BEGINNING.match(key)
    return match[0] if match else key


@lru_cache(maxsize=4096)
def tables(words: tuple[str, ...], folder: str) -> tuple[Table, ...]:
    """The tables of the files that have one of the words in their text."""
    # A spelling such as `metallb.universe.tf/: metallb.io/` stands for every key with that beginning.
    wanted = [*words, *(f"{word.split('/')[0]}/:" for word in words if "/" in word)]
    return tuple(_table(name, folder) for name, text in _texts(folder) if any(word in text for word in wanted))


@cache
def _texts(folder: str) -> tuple[tuple[str, str], ...]:
    texts = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".yaml"):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                texts.append((name.removesuffix(".yaml"), stream.read()))
    return tuple(texts)


@cache
def _table(name: str, folder: str) -> Table:
    text = dict(_texts(folder))[name]
    own, _ = profile.read_text(os.path.join(folder, f"{name}.yaml"), text)
    exact = {key: meaning for key, meaning in own.meanings.items() if "{" not in key}
    patterns = tuple(
        (re.compile(_PLACE.sub(r"(?P<\1>[^/]+)", re.escape(key))), meaning)
        for key, meaning in own.meanings.items()
        if "{" in key
    )
    return Table(name.lstrip("_"), exact, patterns, own.spellings, own.claims, own.check)
