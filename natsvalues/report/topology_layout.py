"""Where the cards, lines and legend of a topology go.

Side by side for two regions, on an ellipse for more; or `narrow`, for a phone: below each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 276, 130
"""Of a card."""
MARGIN = 36
HEAD = 64
LEGEND_COLUMN, LEGEND_LINE, LEGEND_GAP = 420, 18, 8
NARROWEST = 760
PAIR = 2
PHONE, PHONE_MARGIN, PHONE_GAP = 380, 8, 44


class Place(NamedTuple):
    """The middle of a card, or an end of a line."""

    x: float
    y: float


class Layout(NamedTuple):
    """The size of the picture, the place of each card, and of each entry of the legend."""

    width: int
    height: int
    places: dict[str, Place]
    legend: tuple[Place, ...]
    is_narrow: bool


class Route(NamedTuple):
    """The line between two cards: its path in SVG, and where its label goes."""

    path: str
    label: Place


def layout(names: list[str], legend: Sequence[int], *, head: int = HEAD, narrow: bool = False) -> Layout:
    """Place cards of these names, so that no two overlap, and below them entries of so many lines each."""
    places, width = _column(names, head) if narrow else _ellipse(names, head)
    lowest = max((place.y for place in places.values()), default=head)
    margin = PHONE_MARGIN if narrow else MARGIN
    columns = max((width - 2 * margin) // LEGEND_COLUMN, 1)
    top = lowest + HEIGHT / 2 + MARGIN + LEGEND_LINE / 2
    entries = []
    for first in range(0, len(legend), columns):
        row = legend[first : first + columns]
        entries += [Place(margin + column * LEGEND_COLUMN, top) for column in range(len(row))]
        top += max(row) * LEGEND_LINE + LEGEND_GAP
    return Layout(width, round(top + margin / 2), places, tuple(entries), narrow)


def _ellipse(names: list[str], head: int) -> tuple[dict[str, Place], int]:
    number = len(names)
    if number <= PAIR:
        across, down = (WIDTH / 2 + 70 if number == PAIR else 0.0), 0.0
        angles = [math.pi, 0.0][:number]
    else:
        across, down = max(330.0, 57.0 * number), max(195.0, 38.0 * number)
        angles = [2 * math.pi * index / number - math.pi / 2 for index in range(number)]
    offsets = [(across * math.cos(angle), down * math.sin(angle)) for angle in angles]
    highest = min((y for _, y in offsets), default=0.0)
    width = round(max(2 * (across + WIDTH / 2 + MARGIN), NARROWEST))
    middle = head + MARGIN + HEIGHT / 2 - highest
    return {name: Place(width / 2 + x, middle + y) for name, (x, y) in zip(names, offsets, strict=True)}, width


def _column(names: list[str], head: int) -> tuple[dict[str, Place], int]:
    x, y = PHONE_MARGIN + WIDTH / 2, head + PHONE_MARGIN + HEIGHT / 2
    return {name: Place(x, y + index * (HEIGHT + PHONE_GAP)) for index, name in enumerate(names)}, PHONE


def route(drawn: Layout, source: str, target: str) -> Route:
    """The line from one card to another: straight, or around the cards between them in a column."""
    one, other = drawn.places[source], drawn.places[target]
    between = round(abs(one.y - other.y) / (HEIGHT + PHONE_GAP)) - 1 if drawn.is_narrow else 0
    if not between:
        begin, end = ends(one, other)
        middle = Place((begin.x + end.x) / 2, (begin.y + end.y) / 2)
        return Route(f"M{begin.x:.0f} {begin.y:.0f} {end.x:.0f} {end.y:.0f}", middle)
    x = one.x + WIDTH / 2 + 4
    bulge = x + min(44 + 22 * between, 110)  # of the control points; the curve reaches three quarters of it
    down = math.copysign(16, other.y - one.y)
    begin, end = Place(x, one.y + down), Place(x, other.y - down)
    path = f"M{x:.0f} {begin.y:.0f}C{bulge:.0f} {begin.y:.0f} {bulge:.0f} {end.y:.0f} {x:.0f} {end.y:.0f}"
    return Route(path, Place(x + (bulge - x) * 0.75, (begin.y + end.y) / 2))


def ends(source: Place, target: Place) -> tuple[Place, Place]:
    """The line between two cards, from border to border."""
    return _edge(source, target), _edge(target, source)


def _edge(at: Place, toward: Place) -> Place:
    dx, dy = toward.x - at.x, toward.y - at.y
    scale = min((WIDTH / 2 + 4) / abs(dx) if dx else math.inf, (HEIGHT / 2 + 4) / abs(dy) if dy else math.inf)
    return Place(at.x + dx * scale, at.y + dy * scale)
