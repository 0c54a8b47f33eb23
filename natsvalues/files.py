"""Read the user's files and list folders: each failure says what the path is, and what to do.

A folder, a pipe or a socket where a file is expected is an error at once; nothing waits for a writer that never comes.
Pipes that the shell has opened already (`<(…)`, /dev/stdin) are read as they come.
"""

from __future__ import annotations

import errno
import os
import stat

from natsvalues.errors import NatsvaluesError, Where

MOST_BYTES = 64 * 1024 * 1024
"""The longest input: far beyond a release that Helm can store (1 MiB compressed), and soon refused."""
STANDARD_INPUT = "standard input"
"""What places call it."""
UNREADABLE = "NV-I007"
HINT = "correct the path or its permissions"
_OPENED = ("/dev/", "/proc/")
_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))


def content(path: str, hint: str = HINT) -> bytes:
    """The bytes of a file.

    Raises NatsvaluesError: NV-I007 for what cannot be read or is no file, NV-F014 for more than MOST_BYTES.
    """
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode) and (stat.S_ISDIR(mode) or not path.startswith(_OPENED)):
            kind = next((words for matches, words in _KINDS if matches(mode)), "a device")
            raise _unreadable(path, f"it is {kind}, and a file is expected", hint)
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, _reason(path, error), hint) from None
    require_size(len(data), path)
    return data


def require_size(size: int, file: str) -> None:
    """Raise NatsvaluesError (NV-F014) for more bytes than MOST_BYTES."""
    if size > MOST_BYTES:
        raise NatsvaluesError(
            "NV-F014",
            f"more than {MOST_BYTES // 1024 // 1024} MiB: no release is that long",
            where=(Where(file),),
            hint="Helm can store 1 MiB of a release, compressed; give the rendering of one release",
        )


def listed(folder: str, endings: tuple[str, ...]) -> list[str]:
    """The names in a folder with one of these endings, sorted; not those with a dot in front.

    Editors keep their lock files beside a file under such names: `.#us-east.yaml` of Emacs is a link to nowhere.
    Raises NatsvaluesError (NV-F010) for a folder that cannot be listed.
    """
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise NatsvaluesError(
            "NV-F010", f"cannot list the folder: {error.strerror}", where=(Where(folder),), hint=HINT
        ) from None
    return sorted(name for name in names if name.endswith(endings) and not name.startswith("."))


def _unreadable(path: str, reason: str, hint: str) -> NatsvaluesError:
    return NatsvaluesError(UNREADABLE, f"cannot read the file: {reason}", where=(Where(path),), hint=hint)


def _reason(path: str, error: OSError) -> str:
    if os.path.islink(path) and error.errno == errno.ENOENT:
        return f"it is a link to `{os.readlink(path)}`, which does not exist"
    if os.path.islink(path) and error.errno == errno.ELOOP:
        return "it is a link that leads back to itself"
    return str(error.strerror)
