"""Split a stream of YAML documents at column-0 markers, losslessly.

A `---` at column 0 cannot stand inside a YAML scalar that is still open (it would be an error there), so
splitting at these lines never splits a value. Nothing is parsed: the cost is one regular expression scan.
"""

from __future__ import annotations

import itertools
import re

from natsvalues.records import NamedTuple

_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
# kubectl and Helm take every such line for a marker, and refuse one that has more behind it than a comment.
NO_MARKER = re.compile(r"^---(?![ \t]*\r?$|[ \t]+#)", re.MULTILINE)
BOM = "\ufeff"


class Chunk(NamedTuple):
    """One document as it stands in the stream, marker line included; `line` is its first line, from 1."""

    text: str
    line: int


def split(stream: str) -> list[Chunk]:
    """Cut `stream` into chunks; their texts joined are `stream` again.

    Each chunk after the first begins with its `---` line. What stands before the first marker (a document
    without a marker, comments, a byte order mark, nothing) is the first chunk unless it is empty.
    """
    cuts = [match.start() for match in _MARKER.finditer(stream)]
    if not cuts or cuts[0] != 0:
        cuts.insert(0, 0)
    cuts.append(len(stream))
    chunks: list[Chunk] = []
    line = 1
    for start, end in itertools.pairwise(cuts):
        text = stream[start:end]
        if text:
            chunks.append(Chunk(text, line))
            line += text.count("\n")
    return chunks
