"""The timeline of one scenario as an SVG file: pods down the side, time across, a legend, the phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.report.html_page import text
from natsvalues.report.palette import style, variables
from natsvalues.report.timeline_bars import HEIGHT, key, phases, rows

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome

_MARGIN, _TOP, _LEAST, _BARS = 16, 44, 120, 700
_LETTER = 7.6
"""The width of a letter of text, at most, on average."""
_LINE = 20


def svg(outcome: Outcome) -> str:
    """One scenario as a self-contained picture, light or dark: no script, no font, no other file."""
    drawn = rows(outcome)
    left = round(max(_LEAST, *(_MARGIN + _LETTER * len(row.name) + 12 for row in drawn)))
    width = left + _BARS + 2 * _MARGIN
    parts, y = [f'<text class="title" x="{_MARGIN}" y="26">{text(f"{outcome.scenario}: {outcome.word}")}</text>'], _TOP
    for row in drawn:
        parts.append(f'<text x="{_MARGIN}" y="{y + 20}">{text(row.name)}</text>')
        content = "".join(row.content)
        parts.append(
            f'<svg x="{left}" y="{y}" width="{_BARS}" height="{row.height}" overflow="visible">{content}</svg>'
        )
        y += row.height
    y += _LINE
    x = _MARGIN
    for picture, words in key():
        size = round(34 + _LETTER * len(words) + 16)
        if x + size > width:
            x, y = _MARGIN, y + HEIGHT
        parts.append(f'<svg x="{x}" y="{y}" width="28" height="{HEIGHT}">{picture}</svg>')
        parts.append(f'<text x="{x + 34}" y="{y + 20}">{words}</text>')
        x += size
    y += HEIGHT + _LINE
    for phase in phases(outcome):
        label = text(f"{phase.letter} {phase.seconds:.1f} s {phase.name}")
        parts.append(f'<text x="{_MARGIN}" y="{y}">{label}</text>')
        y += _LINE
    rules = f"{variables('.timeline')}{style('timeline')}"
    box = f'viewBox="0 0 {width} {y}" width="{width}" height="{y}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" {box} role="img">',
        f"<title>{text(f'{outcome.scenario}: {outcome.word}')}</title>",
        f"<style>\n{rules}</style>",
        f'<rect class="ground" width="{width}" height="{y}"/>',
    ]
    return "\n".join([*head, *parts, "</svg>", ""])
