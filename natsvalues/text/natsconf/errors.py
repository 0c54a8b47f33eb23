"""The two errors of a configuration: it cannot be read, or an edit does not fit it.

Messages name characters, keys and places, never values: any value may be a password.
"""

from __future__ import annotations

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.text.spans import line_column


class ConfSyntaxError(NatsvaluesError):
    """The server would refuse this text at `offset`; `line` and `column` count from 1 in the same text.

    `where` names the text "nats.conf"; a caller that knows the real file replaces it.
    """

    def __init__(self, text: str, offset: int, message: str, hint: str = "") -> None:
        self.offset = offset
        self.line, self.column = line_column(text, offset)
        where = (Where("nats.conf", self.line, self.column),)
        super().__init__("NV-C001", message, where=where, hint=hint)


class ConfEditError(NatsvaluesError):
    """An edit that does not fit the configuration: nothing there, a failed test, a value it cannot hold."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__("NV-C002", message, hint=hint)
