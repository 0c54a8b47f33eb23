"""The program that called us, and its command line: helm does not pass its other values to a getter."""

from __future__ import annotations

import os
from typing import NamedTuple


class Caller(NamedTuple):
    """A program by its path, and the arguments it was called with."""

    program: str
    words: tuple[str, ...]


def calling_helm() -> Caller | None:
    """The helm that called us; None where this cannot be seen (only Linux shows it), or something else did.

    facts: helm starts a getter itself and waits for it, so it is the parent process (run with 3.19.0 and 4.3.1).
    """
    folder = f"/proc/{os.getppid()}"
    try:
        program = os.readlink(os.path.join(folder, "exe"))
        with open(os.path.join(folder, "cmdline"), "rb") as file:
            words = file.read().decode().rstrip("\0").split("\0")
    except (OSError, UnicodeDecodeError):
        return None
    if not any(os.path.basename(name).startswith("helm") for name in (program, words[0])):
        return None
    return Caller(program, tuple(words[1:]))
