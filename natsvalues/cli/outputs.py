"""Where reports go: standard output, or files."""

from __future__ import annotations

import os
import sys

from natsvalues.errors import NatsvaluesError, Where
from natsvalues.overlays.reading import nearest


def outputs(formats: tuple[str, ...], known: tuple[str, ...]) -> list[tuple[str, str | None]]:
    """Each `NAME` or `NAME=FILE` taken apart; None is standard output, which takes one. Raises NatsvaluesError."""
    found: list[tuple[str, str | None]] = []
    for text in formats:
        name, _, file = text.partition("=")
        require_known("--format", name, known)
        found.append((name, file or None))
    if sum(file is None for _, file in found) > 1:
        raise NatsvaluesError(
            "NV-L009",
            "two reports for standard output",
            hint=f"write all but one to files: --format {found[0][0]} --format {found[1][0]}=FILE",
        )
    return found


def require_known(option: str, word: str, known: tuple[str, ...]) -> None:
    """Raise for a word that an option does not know, with the nearest one."""
    if word not in known:
        hint = nearest(word, known) or "one of " + ", ".join(known)
        raise NatsvaluesError("NV-L009", f"{option} does not know `{word}`", hint=hint)


def write(file: str | None, text: str) -> None:
    """Write a file, whole or not at all; without a name, standard output."""
    if file is None:
        sys.stdout.write(text)
        return
    temporary = f"{file}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.replace(temporary, file)
    except OSError as error:
        raise NatsvaluesError(
            "NV-L010",
            f"cannot write the file: {error.strerror}",
            where=(Where(file),),
            hint="give a file in a folder that exists and may be written to",
        ) from None
