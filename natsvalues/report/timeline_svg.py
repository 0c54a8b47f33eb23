"""The timeline as SVG: pods down the side, time across; probe answers, leader, gateway links, load balancers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from natsvalues.rehearsal.timeline import ITSELF, Segment, Track, tracks
from natsvalues.report.rehearsal_json import in_log

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome

COLOURS = {
    "down": "#d0d4da",
    "starting": "#e8b04b",
    "running": "#7fa7d9",
    "ready": "#4fa06a",
    "stopping": "#b07fb5",
}
"""Colours of pod states; the legend has them in words."""
_NAMES = {"starting": "startup probe fails", "running": "started, not ready"}
_LEFT, _WIDTH, _ROW, _TOP = 230, 900, 22, 58
_TICKS = 12
_PROBE_WELL, _PROBE_FAILED, _LEADER, _LINK = "#2f6b45", "#b3402a", "#1f3f77", "#5b6ea8"


def svg(outcome: Outcome) -> str:
    """One scenario as a self-contained picture: no script, no font, no other file."""
    events = list(outcome.events)
    end = max((event.seconds for event in events), default=0.0) or 1.0
    pods = tracks(events, "pod", end)
    balancers = tracks(events, "balancer", end)
    phases = [event for event in events if event.kind == "phase"]
    height = _TOP + _ROW * (len(pods) + len(balancers)) + 102 + 16 * len(phases)
    box = f'viewBox="0 0 {_LEFT + _WIDTH + 30} {height}" role="img" font-family="system-ui, sans-serif"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-size="12">',
        f"<title>{escape(outcome.scenario)}: {outcome.word}</title>",
        f'<rect width="{_LEFT + _WIDTH + 30}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="26" font-size="17" fill="#1b1f24">{escape(outcome.scenario)}: {outcome.word}</text>',
    ]
    inner = {
        kind: {track.subject: track for track in tracks(events, kind, end)} for kind in ("probe", "leader", "links")
    }
    for row, track in enumerate(pods):
        parts += _pod(track, _TOP + row * _ROW, end, inner)
    for row, track in enumerate(balancers, len(pods)):
        parts += _balancer(track, _TOP + row * _ROW, end)
    bottom = _TOP + _ROW * (len(pods) + len(balancers))
    parts += _axis(end, bottom)
    parts += _legend(bottom + 46)
    for number, event in enumerate(phases):
        x = _at(event.seconds, end)
        letter = chr(ord("A") + number % 26)
        parts.append(f'<path d="M{x} {_TOP - 8}V{bottom}" stroke="#1b1f24" stroke-dasharray="2 3"/>')
        parts.append(f'<text x="{x + 3}" y="{_TOP - 10 - (number % 2) * 10}" fill="#1b1f24">{letter}</text>')
        label = f"{letter}  {event.seconds:.1f} s  {in_log(event.text)}"
        parts.append(f'<text x="16" y="{bottom + 94 + number * 16}" fill="#1b1f24">{escape(label)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _at(seconds: float, end: float) -> float:
    return round(_LEFT + seconds / end * _WIDTH, 1)


def _pod(track: Track, top: int, end: float, inner: dict[str, dict[str, Track]]) -> list[str]:
    parts = [f'<text x="16" y="{top + 13}" fill="#1b1f24">{escape(track.subject)}</text>']
    for segment in track.segments:
        x, width = _at(segment.begin, end), max(_at(segment.end, end) - _at(segment.begin, end), 0.5)
        parts.append(
            f'<rect x="{x}" y="{top}" width="{width:.1f}" height="12" fill="{COLOURS.get(segment.state, "#ffffff")}">'
            f"<title>{segment.begin:.1f} s {escape(segment.state)}</title></rect>"
        )
    for subject, probe in inner["probe"].items():
        if not subject.startswith(track.subject + " "):
            continue
        for segment in probe.segments:
            colour = _PROBE_WELL if segment.state == "200" else _PROBE_FAILED
            label = f"{segment.begin:.1f} s {subject.rpartition(' ')[2]} probe: {segment.state}"
            parts.append(
                f'<path d="M{_at(segment.begin, end)} {top}v12" stroke="{colour}" stroke-width="1.5">'
                f"<title>{escape(label)}</title></path>"
            )
    leader, links = inner["leader"].get(track.subject), inner["links"].get(track.subject)
    led = [segment for segment in (leader.segments if leader else ()) if segment.state.endswith(ITSELF)]
    linked = [segment for segment in (links.segments if links else ()) if segment.state != "none"]
    parts += [_bar(segment, end, top + 5, _LEADER, "meta leader") for segment in led]
    parts += [_bar(segment, end, top + 14, _LINK, f"gateways to {segment.state}") for segment in linked]
    return parts


def _bar(segment: Segment, end: float, y: int, colour: str, title: str) -> str:
    width = max(_at(segment.end, end) - _at(segment.begin, end), 0.5)
    return (
        f'<rect x="{_at(segment.begin, end)}" y="{y}" width="{width:.1f}" height="2.5" fill="{colour}">'
        f"<title>{segment.begin:.1f} s {escape(title)}</title></rect>"
    )


def _balancer(track: Track, top: int, end: float) -> list[str]:
    parts = [f'<text x="16" y="{top + 13}" fill="#1b1f24">{escape(track.subject)}</text>']
    for segment in track.segments:
        many, _, candidates = segment.state.partition(" of ")
        share = int(many) / max(int(candidates or 1), 1)
        x, width = _at(segment.begin, end), max(_at(segment.end, end) - _at(segment.begin, end), 0.5)
        parts.append(f'<rect x="{x}" y="{top + 2}" width="{width:.1f}" height="9" fill="#eceef1"/>')
        parts.append(
            f'<rect x="{x}" y="{top + 2}" width="{width:.1f}" height="9" fill="#2a8c8c" fill-opacity="{share:.2f}">'
            f"<title>{segment.begin:.1f} s sends to {escape(segment.state)}</title></rect>"
        )
    return parts


def _axis(end: float, bottom: int) -> list[str]:
    step = next(size for size in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3600) if end / size <= _TICKS)
    parts = [f'<path d="M{_LEFT} {bottom + 4}H{_LEFT + _WIDTH}" stroke="#8a9099"/>']
    for number in range(int(end / step) + 1):
        x = _at(number * step, end)
        parts.append(f'<path d="M{x} {bottom + 4}v5" stroke="#8a9099"/>')
        parts.append(f'<text x="{x}" y="{bottom + 21}" fill="#50565e" text-anchor="middle">{number * step} s</text>')
    return parts


def _legend(y: int) -> list[str]:
    parts, x = [], 16
    entries = [(_NAMES.get(state, state), colour) for state, colour in COLOURS.items()]
    entries += [("meta leader", _LEADER), ("gateway links", _LINK), ("load balancer sends", "#2a8c8c")]
    entries += [("probe answers 200", _PROBE_WELL), ("probe fails", _PROBE_FAILED)]
    for number, (name, colour) in enumerate(entries):
        if number == len(COLOURS):
            x, y = 16, y + 18
        parts.append(f'<rect x="{x}" y="{y - 9}" width="11" height="11" fill="{colour}"/>')
        parts.append(f'<text x="{x + 15}" y="{y}" fill="#1b1f24">{name}</text>')
        x += 30 + 7 * len(name)
    return parts
