"""Standard input or a file, as text."""

from __future__ import annotations

import sys

from natsvalues.errors import NatsvaluesError, Where

STANDARD_INPUT = "standard input"


def read_stream(path: str | None = None) -> str:
    """Standard input, or a file, as text. Raises NatsvaluesError for what is not UTF-8."""
    if path is None:
        data = sys.stdin.buffer.read()
    else:
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise NatsvaluesError(
                "NV-I007",
                f"cannot read the file: {error.strerror}",
                where=(Where(path),),
                hint="use a rendered release, such as the output of helm template, or - for standard input",
            ) from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NatsvaluesError(
            "NV-I006",
            f"not UTF-8 text (byte 0x{data[error.start]:02x})",
            where=(Where(path or STANDARD_INPUT, line),),
            hint="PowerShell may write UTF-16: set $OutputEncoding, or let helm run natsvalues itself",
        ) from None
