"""The regular expressions of the lexer. All quantifiers are possessive: no text makes them try again."""

from __future__ import annotations

import re

_SPACE = r"[^\S\x1c-\x1f]"  # what the server's language treats as white space; Python adds four characters
_COMMENT = r"#[^\r\n]*+|//[^\r\n]*+"
ANY_GAP = re.compile(rf"(?:{_SPACE}++|{_COMMENT})*+")
LINE_GAP = re.compile(rf"(?:[ \t]++|{_COMMENT})*+")
LINE_BLANK = re.compile(r"[ \t]++")
BLANK = re.compile(r"[ \t\r\n]++")
WHOLE_BARE_KEY = re.compile(r"(?s:.)(?:[^\s:=]++|[\x1c-\x1f])*+")
SPACE = re.compile(rf"{_SPACE}*+")
KEY_SEPARATOR = re.compile(rf"{_SPACE}*+(?:([:=])[ \t]*+)?+")
QUOTED = {'"': re.compile(r'"[^"]*+"'), "'": re.compile(r"'[^']*+'")}
_ESCAPED = r"\\(?:[tnr\"\\]|x[0-9a-fA-F]{2})"
DOUBLE_BODY = re.compile(rf'"(?:[^"\\]++|{_ESCAPED})*+')
BARE_BODY = re.compile(rf"(?:[^\r\n;,\]}} \t'\\]++|{_ESCAPED})*+")
INCLUDE_BARE = re.compile(r"[^\[{(\\\d\r\n;} \t'\"-][^\r\n;} \t']*+'?+")
BLOCK_END = re.compile(r"\n\)(?=\n|\Z)")
DIGITS = re.compile(r"-?+\d++")
FRACTION = re.compile(r"\.\d++")
ADDRESS = re.compile(r"[\d.:-]*+")
SUFFIX = re.compile(r"[kKmMgGtTpPeE][bBiI]*+")
NUMBER_END = re.compile(r"[\r\n};, \t]|\Z")
WHOLE_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
