"""Where entries and items stand, and what begins on a line."""

from __future__ import annotations

import pytest

from natsvalues.text.natsconf import read
from natsvalues.text.natsconf.positions import at_line, positions

TEXT = """\
a: 1; b: [ x, $Y ]
include c.conf
m {
  d {
    e: $Z

    f: (
g
)
  }
}
"""


def test_everything_has_its_place():
    """Each entry and item, before what is in it, with the offset of its key."""
    conf = read(TEXT)
    found = [(position.path, TEXT[position.offset]) for position in positions(conf)]

    assert found == [
        (("a",), "a"),
        (("b",), "b"),
        (("b", 0), "x"),
        (("b", 1), "$"),
        (("m",), "m"),
        (("m", "d"), "d"),
        (("m", "d", "e"), "e"),
        (("m", "d", "f"), "f"),
    ]


def test_variables_at_any_depth():
    """Those of a value, and of what is in it."""
    by_path = {position.path: position.variables for position in positions(read(TEXT))}

    assert by_path["a",] == set()
    assert by_path["b",] == by_path["b", 1] == {"Y"}
    assert by_path["m",] == by_path["m", "d", "e"] == {"Z"}


@pytest.mark.parametrize(
    ("line", "column", "path"),
    [
        (1, 1, ("a",)),
        (1, 4, ("a",)),
        (1, 5, ("b",)),
        (1, 12, ("b", 0)),
        (1, 99, ("b", 1)),
        (2, 1, None),
        (3, 1, ("m",)),
        (5, 1, ("m", "d", "e")),
        (6, 1, ("m", "d")),
        (8, 1, ("m", "d", "f")),
        (9, 1, ("m", "d", "f")),
        (10, 1, ("m", "d")),
        (11, 1, ("m",)),
        (12, 1, None),
    ],
)
def test_what_begins_on_a_line(line, column, path):
    """The nearest to the column; else the innermost that began before and has not ended; or nothing."""
    position = at_line(read(TEXT), line, column)

    assert (position.path if position is not None else None) == path
