"""The first start of natsvalues' single file: the wheels for this Python become a folder, in one rename."""

import os
import shutil
import sys
import tempfile
import zlib
from importlib.machinery import EXTENSION_SUFFIXES
from typing import NoReturn
from zipfile import BadZipFile, ZipFile

TAGS = "@TAGS@"
"""The Pythons whose compiled libraries are in the file, such as `cp311 cp312`."""
MACHINE = "@MACHINE@"


def unpack(archive: str, folder: str) -> None:
    """Unpack into a folder that is there whole or not at all; ends the process with a message where that is impossible.

    Compiled libraries say in their names which Python, processor and C library they are for, and so does this Python.
    """
    suffixes = {f".cpython-{tag[2:]}-{MACHINE}-linux-gnu.so": tag for tag in TAGS.split()}
    tag = suffixes.get(EXTENSION_SUFFIXES[0])
    if tag is None:
        pythons = ", ".join(f"{tag[2]}.{tag[3:]}" for tag in TAGS.split())
        leave(
            f"{archive}: it has no libraries for this Python, {sys.executable} ({EXTENSION_SUFFIXES[0]})",
            f"run it with CPython {pythons} on Linux with glibc on {MACHINE}; elsewhere install natsvalues with pip",
        )
    above = os.path.dirname(folder)
    temporary = ""
    try:
        os.makedirs(above, exist_ok=True)
        temporary = tempfile.mkdtemp(dir=above, prefix=".new-")
        with ZipFile(archive) as file:
            for name in file.namelist():
                if name.endswith("-none-any.whl") or f"-{tag}-{tag}-" in name:
                    with file.open(name) as wheel, ZipFile(wheel) as unzipped:
                        unzipped.extractall(temporary)
        os.chmod(temporary, 0o755)  # noqa: S103 - mkdtemp keeps others out, who may use it where they share it
        os.rename(temporary, folder)
    except (BadZipFile, zlib.error, EOFError) as error:
        leave(f"{archive}: it is damaged: {error}", "compare its SHA-256 with SHA256SUMS, and fetch it again")
    except OSError as error:
        if not os.path.isdir(folder):  # otherwise another process was first
            leave(
                f"{above}: cannot unpack the libraries of natsvalues: {error.strerror}",
                "set XDG_CACHE_HOME to a folder that can be written, and has room for 60 MB",
            )
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def leave(error: str, remedy: str) -> NoReturn:
    """End with a message, as natsvalues does, which is not there yet."""
    sys.stderr.write(f"error: {error}\nhelp: {remedy}\n")
    sys.exit(1)
