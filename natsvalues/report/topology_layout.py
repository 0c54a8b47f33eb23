"""Where the cards of a topology go: side by side for two regions, on an ellipse for more."""

from __future__ import annotations

import math

from natsvalues.records import NamedTuple

WIDTH, HEIGHT = 276, 130
"""Of a card."""
MARGIN = 36
HEAD = 64
LEGEND_COLUMN = 400
LEGEND_LINE = 24
NARROWEST = 760
PAIR = 2


class Place(NamedTuple):
    """The middle of a card, or an end of a line."""

    x: float
    y: float


class Layout(NamedTuple):
    """The size of the picture, the place of each card, and of each line of the legend."""

    width: int
    height: int
    places: dict[str, Place]
    legend: tuple[Place, ...]


def layout(names: list[str], legend: int) -> Layout:
    """Place cards of these names, so that no two overlap, and `legend` lines below them."""
    number = len(names)
    if number <= PAIR:
        across, down = (WIDTH / 2 + 70 if number == PAIR else 0.0), 0.0
        angles = [math.pi, 0.0][:number]
    else:
        across, down = max(330.0, 57.0 * number), max(195.0, 38.0 * number)
        angles = [2 * math.pi * index / number - math.pi / 2 for index in range(number)]
    offsets = [(across * math.cos(angle), down * math.sin(angle)) for angle in angles]
    lowest = max((y for _, y in offsets), default=0.0)
    highest = min((y for _, y in offsets), default=0.0)
    width = round(max(2 * (across + WIDTH / 2 + MARGIN), NARROWEST))
    middle = HEAD + MARGIN + HEIGHT / 2 - highest
    places = {name: Place(width / 2 + x, middle + y) for name, (x, y) in zip(names, offsets, strict=True)}
    columns = max((width - 2 * MARGIN) // LEGEND_COLUMN, 1)
    top = middle + lowest + HEIGHT / 2 + MARGIN + LEGEND_LINE / 2
    lines = tuple(
        Place(MARGIN + index % columns * LEGEND_COLUMN, top + index // columns * LEGEND_LINE) for index in range(legend)
    )
    return Layout(width, round(lines[-1].y + MARGIN), places, lines)


def ends(source: Place, target: Place) -> tuple[Place, Place]:
    """The line between two cards, from border to border."""
    return _edge(source, target), _edge(target, source)


def _edge(at: Place, toward: Place) -> Place:
    dx, dy = toward.x - at.x, toward.y - at.y
    scale = min((WIDTH / 2 + 4) / abs(dx) if dx else math.inf, (HEIGHT / 2 + 4) / abs(dy) if dy else math.inf)
    return Place(at.x + dx * scale, at.y + dy * scale)
