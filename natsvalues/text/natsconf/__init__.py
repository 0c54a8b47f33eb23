"""The configuration language of nats-server: read losslessly, understand, edit in place.

`read` gives a tree with spans, `value` the value that the server reads, `edit` a text with only the
requested characters changed. Does no I/O: texts of includes come through a callable.
"""

from __future__ import annotations

from natsvalues.text.natsconf.editor import ConfOp, edit
from natsvalues.text.natsconf.errors import ConfEditError, ConfSyntaxError
from natsvalues.text.natsconf.lexer import tokenize
from natsvalues.text.natsconf.nodes import Conf, ConfArray, ConfMap, Entry, Finding, Include, Node, Scalar
from natsvalues.text.natsconf.reader import read
from natsvalues.text.natsconf.tokens import Token
from natsvalues.text.natsconf.values import Variable, includes, located_includes, same, symbolic, unresolved, value
from natsvalues.text.natsconf.writer import Raw

__all__ = [
    "Conf",
    "ConfArray",
    "ConfEditError",
    "ConfMap",
    "ConfOp",
    "ConfSyntaxError",
    "Entry",
    "Finding",
    "Include",
    "Node",
    "Raw",
    "Scalar",
    "Token",
    "Variable",
    "edit",
    "includes",
    "located_includes",
    "read",
    "same",
    "symbolic",
    "tokenize",
    "unresolved",
    "value",
]
