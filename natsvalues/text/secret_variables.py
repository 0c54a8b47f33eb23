"""Variables that hold a secret because of where they are used: `password: $GW_LOGIN`, `--token $(GW_LOGIN)`.

Looked for in text, since the use may stand in a configuration, in what it includes, in values or in a command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from natsvalues.text.secret_names import kind_of, may_have_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_USED = r"\$[({]?([A-Za-z_]\w*)"
_BEHIND = 120
"""How many characters before a variable may say what it is for."""
_GAP = r"(?:\\[nt\"']|[\s\"'\[\],:=>({-]|<<)"
_NAMED = rf"([\w.-]+)\\?[\"']?(?:{_GAP})+\Z"
_VALUE_OF = rf"\bname\\?[\"']?:[\s\\\"']*([\w.-]+)[\\\"']*(?:{_GAP})*value\\?[\"']?(?:{_GAP})+\Z"
_LOGIN = r"(?:://|(?:-u|user)[\s=\"',]+)[^\s/@\"',]*\Z"
_BEHIND_P = r"(?:\A|[\s\"'])-p[\s\"',]+\Z"
_DEFINED = rf"([A-Za-z_]\w*)\\?[\"']?(?:{_GAP})+\$[({{]?([A-Za-z_]\w*)"
_ENCRYPTION = frozenset(("key", "ek", "prev_key", "prev_ek"))


def secret_variables(texts: Iterable[str]) -> frozenset[str]:
    """The names of these variables in all texts, and of those that they refer to in turn."""
    texts = [text.replace("\\n", "\n") for text in texts if "$" in text]  # line ends of a text inside JSON, too
    secret = {match[1] for text in texts for match in re.finditer(_USED, text) if _is_secret(text, match.start())}
    if secret:
        pairs = {(match[1], match[2]) for text in texts for match in re.finditer(_DEFINED, text)}
        while more := {used for name, used in pairs if name in secret} - secret:
            secret |= more
    return frozenset(secret)


def _is_secret(text: str, at: int) -> bool:
    """Whether the variable there is the value of a name that tells, or stands where a login or a password does."""
    before = text[max(0, at - _BEHIND) : at]
    if may_have_name(before) or any(name in before for name in _ENCRYPTION):
        match = re.search(_VALUE_OF, before) or re.search(_NAMED, before)
        if match and (kind_of(match[1]) or match[1] in _ENCRYPTION):
            return True
    return bool(re.search(_LOGIN, before) or re.search(_BEHIND_P, before))
