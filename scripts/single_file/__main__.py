"""Start natsvalues from its single file (scripts/package.py): its wheels, unpacked once into a folder of the user.

This runs before each post-rendering, so it imports what Python has imported by itself, and looks for one folder. Python
compiles it each time. `@…@` is filled in when the file is built.
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES

NAME = "@NAME@"
"""Version and digest of what is in the file: another file has another folder."""


def cache() -> str:
    """The folder of this file's libraries, for this Python."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(os.path.abspath(caches), "natsvalues", NAME + EXTENSION_SUFFIXES[0].rpartition(".")[0])


if __name__ == "__main__":
    folder = cache()
    if not os.path.isdir(folder):
        from unpacking import unpack

        unpack(os.path.dirname(os.path.abspath(__file__)), folder)
    sys.path.insert(0, folder)
    from natsvalues.__main__ import main

    main()
