"""The helm that called us, and its command line: helm does not pass its other values to a getter or a post-renderer."""

from __future__ import annotations

import os

from natsvalues.records import NamedTuple

_NEAREST = 5
"""How many ancestors are looked at: a post-renderer can be a script around natsvalues."""


class Caller(NamedTuple):
    """A program by its path, its arguments, the names of its environment variables, and the number of its process."""

    program: str
    words: tuple[str, ...]
    variables: frozenset[str]
    process: int


def calling_helm() -> Caller | None:
    """The nearest helm above us; None where this cannot be seen (only Linux shows it), or something else called.

    facts: helm starts a getter, a post-renderer and its other plugins itself and waits for them, so it is the parent
    process, or that of the script around natsvalues (run with 3.19.0 and 4.3.1).
    """
    process = os.getppid()
    for _ in range(_NEAREST):
        try:
            caller, process = _caller(process)
        except (OSError, UnicodeDecodeError, ValueError):
            return None
        if caller is not None:
            return caller
    return None


def _caller(number: int) -> tuple[Caller | None, int]:
    """The process if it is a helm, and its parent. Raises OSError where it cannot be read, as for the kernel's own."""
    folder = f"/proc/{number}"
    program = os.readlink(os.path.join(folder, "exe"))
    words = _listed(folder, "cmdline")
    if any(os.path.basename(name).startswith("helm") for name in (program, words[0])):
        variables = frozenset(entry.partition("=")[0] for entry in _listed(folder, "environ"))
        return Caller(program, tuple(words[1:]), variables, number), number
    with open(os.path.join(folder, "stat"), encoding="utf-8") as file:
        return None, int(file.read().rpartition(") ")[2].split()[1])


def _listed(folder: str, name: str) -> list[str]:
    with open(os.path.join(folder, name), "rb") as file:
        return file.read().decode(errors="surrogateescape").rstrip("\0").split("\0")
