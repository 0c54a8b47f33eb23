"""The kinds of tokens that a configuration consists of."""

from __future__ import annotations

from typing import Final

from natsvalues.records import NamedTuple

GAP: Final = "gap"  # white space and comments
KEY: Final = "key"
QUOTED_KEY: Final = "quoted key"
SEPARATOR: Final = "separator"  # between key and value: white space, at most one `:` or `=`
END: Final = "end"  # `,` or `;` after a value
STRAY: Final = "stray"  # a `/` or `}` that the server ignores
INCLUDE: Final = "include"
INCLUDE_PATH: Final = "include path"
DOUBLE: Final = "double-quoted string"
SINGLE: Final = "single-quoted string"
BLOCK: Final = "block string"
BARE: Final = "bare value"
BARE_APOSTROPHE: Final = "bare value ended by an apostrophe"
INTEGER: Final = "integer"
FLOAT: Final = "float"
DATETIME: Final = "datetime"
ROOT_OPEN, ROOT_CLOSE = "root open", "root close"  # braces around the whole file hold no map of their own
MAP_OPEN, MAP_CLOSE = "map open", "map close"
ARRAY_OPEN, ARRAY_CLOSE = "array open", "array close"


class Token(NamedTuple):
    """Characters `start` up to but not including `end`, of one of the kinds above."""

    kind: str
    start: int
    end: int
