"""Splitting a stream at its markers: nothing is lost, and every chunk knows its line."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from natsvalues.text.stream import Chunk, split

CASES = {
    "nothing": ("", []),
    "one document without a marker": ("a: 1\n", [("a: 1\n", 1)]),
    "one document with a marker": ("---\na: 1\n", [("---\na: 1\n", 1)]),
    "a comment before the first marker": ("# x\n---\na: 1\n", [("# x\n", 1), ("---\na: 1\n", 2)]),
    "a byte order mark before the first marker": ("\ufeff---\na: 1\n", [("\ufeff---\na: 1\n", 1)]),
    "empty documents": ("---\n---\n\n---", [("---\n", 1), ("---\n\n", 2), ("---", 4)]),
    "a document on the marker's line": ("--- {a: 1}\n---\tb\n", [("--- {a: 1}\n", 1), ("---\tb\n", 2)]),
    "windows line ends": ("---\r\na: 1\r\n---\r\nb: 2", [("---\r\na: 1\r\n", 1), ("---\r\nb: 2", 3)]),
    "markers that are none": ("a: |\n  ---\nb: ----\n---x: 1\n", [("a: |\n  ---\nb: ----\n---x: 1\n", 1)]),
}
PARTS = [
    "---",
    "--- ",
    "----",
    "--",
    " ---",
    "---\t",
    "---x",
    "\n",
    "\r\n",
    "\r",
    "a: 1",
    "# c",
    "\ufeff",
    "\u2028",
    "é",
    "",
]
STREAMS = st.one_of(st.text(), st.lists(st.sampled_from(PARTS)).map("".join))


@pytest.mark.parametrize("case", CASES)
def test_a_stream_is_cut_at_its_markers(case):
    """Each chunk begins with its marker's line and knows the number of that line."""
    stream, chunks = CASES[case]

    assert split(stream) == [Chunk(*chunk) for chunk in chunks]


@settings(deadline=None)
@given(STREAMS)
def test_chunks_joined_are_the_stream(stream):
    """Whatever the characters: nothing is lost, added or moved, and no chunk is empty."""
    chunks = split(stream)

    assert "".join(chunk.text for chunk in chunks) == stream
    assert "" not in [chunk.text for chunk in chunks]


@settings(deadline=None)
@given(STREAMS)
def test_every_chunk_knows_its_line(stream):
    """The line counts the newlines before the chunk, from 1."""
    before = ""
    for chunk in split(stream):
        assert chunk.line == before.count("\n") + 1
        before += chunk.text


@settings(deadline=None)
@given(STREAMS)
def test_no_marker_is_inside_a_chunk(stream):
    """Every marker at the beginning of a line begins a chunk, and every later chunk begins with one."""
    marker = re.compile(r"---(?:[ \t\r\n]|\Z)")
    for number, chunk in enumerate(split(stream)):
        inside = chunk.text.split("\n")[1:]
        assert [line for line in inside if marker.match(line)] == []
        assert number == 0 or marker.match(chunk.text)


VALUES = st.dictionaries(st.sampled_from("abc"), st.text(alphabet="-\n a:'"), min_size=1)


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1))
def test_an_independent_reader_finds_the_same_documents(values):
    """PyYAML reads as many documents from the whole stream as it finds in the chunks, one in each."""
    stream = yaml.safe_dump_all(values, explicit_start=True, default_style="|")

    assert [list(yaml.safe_load_all(chunk.text)) for chunk in split(stream)] == [[value] for value in values]
