"""SHA-256 of a text, from CPython's own module: importing hashlib loads OpenSSL, which takes 4 ms of CPU time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # Python 3.12 and newer
    except ImportError:
        try:
            from _sha256 import sha256  # Python 3.11
        except ImportError:  # an interpreter that was built without it
            from hashlib import sha256


def digest(text: str, length: int = 64) -> str:
    """The first hexadecimal digits of the SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()[:length]
