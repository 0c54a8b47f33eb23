"""Documents with something else in the place of a value."""

from __future__ import annotations


def places(document, at=()):
    """The path of every value inside a document."""
    entries = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, item in entries:
        yield (*at, key)
        yield from places(item, (*at, key))


def replaced(value, path, junk):
    """A copy of the document with junk at that path."""
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], junk)
    return copy
