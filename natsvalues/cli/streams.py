"""Standard input or a file, as text; standard output and standard error."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, TextIO

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.files import MOST_BYTES, STANDARD_INPUT, content, require_size

if TYPE_CHECKING:
    from collections.abc import Iterable

_HINT = "use a rendered release, such as the output of helm template, or - for standard input"


def read_stream(path: str | None = None) -> str:
    """Standard input, or a file, as text. Raises NatsvaluesError for what cannot be read, is too long or not UTF-8."""
    data = _standard_input() if path is None else content(path, _HINT)
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


def _standard_input() -> bytes:
    try:
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
    except OSError as error:
        raise NatsvaluesError(
            "NV-I009",
            f"cannot read standard input: {_reason(error)}",
            where=(Where(STANDARD_INPUT),),
            hint="pipe a rendered release into natsvalues, or name a file",
        ) from None
    require_size(len(data), STANDARD_INPUT)
    return data


def write_output(text: str) -> None:
    """Write to standard output, to the end, in the encoding that it has. Raises like write_stream."""
    try:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal that lacks a letter
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise unwritten(error) from None


def write_stream(pieces: Iterable[str]) -> None:
    """Write a stream of documents to standard output, in UTF-8.

    Raises NatsvaluesError (NV-F012) if that is not possible; BrokenPipeError if the reader has ended, no fault of ours.
    """
    try:
        sys.stdout.buffer.writelines(piece.encode() for piece in pieces)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise unwritten(error) from None


def unwritten(error: OSError) -> Exception:
    """The error for standard output that takes nothing more; nothing is tried again when Python ends."""
    mute(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return error
    return NatsvaluesError(
        "NV-F012",
        f"cannot write to standard output: {_reason(error)}",
        where=(Where("standard output"),),
        hint="what was written is not complete: do not use it; free space or correct the redirection, and run it again",
    )


def write_message(text: str) -> None:
    """Write to standard error, which nobody may be able to read: then the exit code has to do."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        mute(sys.stderr)


def mute(stream: TextIO) -> None:
    """Let the rest of a stream, and what Python still has of it, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _reason(error: OSError) -> str:
    return "it is closed" if error.errno == errno.EBADF else str(error.strerror)
