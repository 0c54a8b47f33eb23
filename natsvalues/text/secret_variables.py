"""Variables that hold a secret because of where they are used: `password: $GW_LOGIN`, `--token $(GW_LOGIN)`.

Looked for in text, since the use may stand in a configuration, in what it includes, in values or in a command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from natsvalues.text.secret_names import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_USED = re.compile(r"\$[({]?([A-Za-z_]\w*)")
_BEHIND = 160
"""How many characters before a variable may say what it is for."""
_GAP = r"(?:\\[nt\"']|[\s\"'\[\],:=>({-]|<<)"
_NAMED = re.compile(rf"([\w.-]+)\\?[\"']?(?:{_GAP})+\Z")
_VALUE_OF = re.compile(rf"\bname\\?[\"']?:[\s\\\"']*([\w.-]+)[\\\"']*(?:{_GAP})*value\\?[\"']?(?:{_GAP})+\Z")
_LOGIN = re.compile(r"(?:://|(?:-u|user)[\s=\"',]+)[^\s/@\"',]*\Z")
_PASSWORD_OPTION = re.compile(r"(?:\A|[\s\"'])-p[\s\"',]+\Z")
_ENCRYPTION = frozenset(("key", "ek", "prev_key", "prev_ek"))


def secret_variables(texts: Iterable[str]) -> frozenset[str]:
    """The names of these variables in all texts, and of those that they refer to in turn."""
    secret: set[str] = set()
    defined: dict[str, set[str]] = {}
    for text in texts:
        for match in _USED.finditer(text):
            before = text[max(0, match.start() - _BEHIND) : match.start()]
            name = _name_before(before)
            if kind_of(name) or name in _ENCRYPTION or _LOGIN.search(before) or _PASSWORD_OPTION.search(before):
                secret.add(match[1])
            elif name:
                defined.setdefault(name, set()).add(match[1])
    pending = list(secret)
    while pending:
        more = defined.get(pending.pop(), set()) - secret
        secret |= more
        pending += more
    return frozenset(secret)


def _name_before(text: str) -> str:
    """What a variable at the end of a text is the value of, or the option that it is given to."""
    match = _VALUE_OF.search(text) or _NAMED.search(text)
    return match[1] if match else ""
