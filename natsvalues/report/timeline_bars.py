"""The rows of a timeline as small pictures as wide as there is room: pods, load balancers, phases, the axis.

Positions are percents of the width, so a row needs no size, and its texts keep theirs. A state has a height of its own
besides its colour: the nearer a pod is to being ready, the higher.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.records import NamedTuple
from natsvalues.rehearsal.timeline import ITSELF, Segment, Track, tracks
from natsvalues.report.html_page import text
from natsvalues.report.rehearsal_json import in_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.rehearsal.outcome import Outcome

HEIGHT = 32
"""Of a row."""
STATES = {"down": 2, "starting": 5, "running": 9, "ready": 14, "stopping": 12}
"""The heights of a pod's states."""
NAMES = {"starting": "startup probe fails", "running": "started, not ready"}
"""The states that are not called what they are."""
_TOP, _BOTTOM, _FULL = 2, 22, 14
_TICKS = 8
_MOST_SPOKEN = 12


class Row(NamedTuple):
    """A row: its name, what it says to a screen reader, and its content, for an `svg` of that height."""

    name: str
    words: str
    content: tuple[str, ...]
    height: int = HEIGHT


class Phase(NamedTuple):
    """A phase of the scenario: its letter, when it begins, and its name."""

    letter: str
    seconds: float
    name: str


def phases(outcome: Outcome) -> list[Phase]:
    """The phases in order; after Z comes A again."""
    events = [event for event in outcome.events if event.kind == "phase"]
    return [
        Phase(chr(ord("A") + number % 26), event.seconds, in_log(event.text)) for number, event in enumerate(events)
    ]


def rows(outcome: Outcome) -> list[Row]:
    """The letters of the phases, a row for each pod and each load balancer, and the axis."""
    events = list(outcome.events)
    end = max((event.seconds for event in events), default=0.0) or 1.0
    starts = phases(outcome)
    lines = tuple(
        f'<line class="phase" x1="{at}" x2="{at}" y1="0" y2="{HEIGHT}"/>'
        for at in (_at(phase.seconds, end) for phase in starts)
    )
    inner = {kind: tracks(events, kind, end) for kind in ("probe", "leader", "links")}
    drawn = [(track.subject, track, _pod(track, end, inner)) for track in tracks(events, "pod", end)]
    drawn += [
        (f"load balancer {track.subject}", track, _balancer(track, end)) for track in tracks(events, "balancer", end)
    ]
    return [
        Row("", "phases", tuple(_letters(starts, end)), 30),
        *(Row(name, _words(name, track), (*lines, *content)) for name, track, content in drawn),
        Row("", "seconds", tuple(_axis(end)), 24),
    ]


def key() -> list[tuple[str, str]]:
    """The legend: a small picture, and what it means."""
    whole = (Segment(0, 1, ""), 1.0)
    entries = [(_state(Segment(0, 1, state), 1.0, is_titled=False), NAMES.get(state, state)) for state in STATES]
    entries += [
        (_bar(*whole, _BOTTOM - 8, "leader"), "above: meta leader"),
        (_bar(*whole, _BOTTOM - 8, "links"), "below: gateway links"),
        (
            _share(*whole, "backs", 1) + _share(*whole, "balancer", 0.6),
            "a load balancer sends to this share of its pods",
        ),
        (_probe(0.5, 1.0, "200", ""), "probe answers 200"),
        (_probe(0.5, 1.0, "503", ""), "probe fails"),
    ]
    return entries


def _at(seconds: float, end: float) -> str:
    return f"{seconds / end * 100:.2f}%"


def _words(name: str, track: Track) -> str:
    """A track as a sentence; of a long one its beginning."""
    said = [f"{NAMES.get(item.state, item.state)} from {item.begin:.1f} s" for item in track.segments[:_MOST_SPOKEN]]
    rest = len(track.segments) - len(said)
    return f"{name}: {', '.join(said)}" + (f", and {rest} more" if rest else "")


def _letters(starts: list[Phase], end: float) -> Iterator[str]:
    for number, phase in enumerate(starts):
        at = _at(phase.seconds, end)
        yield f'<line class="phase" x1="{at}" x2="{at}" y1="{12 + number % 2 * 12}" y2="30"/>'
        yield f'<text class="letter" x="{at}" y="{10 + number % 2 * 12}" dx="3">{phase.letter}</text>'


def _pod(track: Track, end: float, inner: dict[str, tuple[Track, ...]]) -> Iterator[str]:
    yield from (_state(segment, end) for segment in track.segments)
    for probe in inner["probe"]:
        if probe.subject.startswith(track.subject + " "):
            kind = probe.subject.rpartition(" ")[2]
            yield from (_probe(item.begin, end, item.state, f"{kind} probe: {item.state}") for item in probe.segments)
    for leader in inner["leader"]:
        if leader.subject == track.subject:
            led = (item for item in leader.segments if item.state.endswith(ITSELF))
            yield from (_bar(item, end, _TOP, "leader", "meta leader") for item in led)
    for links in inner["links"]:
        if links.subject == track.subject:
            linked = (item for item in links.segments if item.state != "none")
            yield from (_bar(item, end, _BOTTOM + 2, "links", f"gateways to {item.state}") for item in linked)


def _state(segment: Segment, end: float, *, is_titled: bool = True) -> str:
    height = STATES.get(segment.state, 0)
    kind = segment.state if height else "other"
    return _rect(segment, end, (_BOTTOM - height, height), kind, segment.state if is_titled else "")


def _bar(segment: Segment, end: float, y: int, kind: str, title: str = "") -> str:
    return _rect(segment, end, (y, 3), kind, title)


def _share(segment: Segment, end: float, kind: str, share: float, title: str = "") -> str:
    height = round(_FULL * share)
    return _rect(segment, end, (_BOTTOM - height, height), kind, title)


def _rect(segment: Segment, end: float, box: tuple[int, int], kind: str, title: str) -> str:
    """A span of time as a rectangle; `box` is its upper edge and its height."""
    width = max((segment.end - segment.begin) / end * 100, 0.1)
    about = f"<title>{segment.begin:.1f} s {text(title)}</title>" if title else ""
    return (
        f'<rect class="{kind}" x="{_at(segment.begin, end)}" y="{box[0]}" width="{width:.2f}%" height="{box[1]}">'
        f"{about}</rect>"
    )


def _probe(seconds: float, end: float, state: str, title: str) -> str:
    """A tick: a short one at the bottom for an answer of 200, else one over the whole height."""
    kind, top = ("well", _BOTTOM - 5) if state == "200" else ("failed", _BOTTOM - _FULL)
    about = f"<title>{seconds:.1f} s {text(title)}</title>" if title else ""
    at = _at(seconds, end)
    return f'<line class="{kind}" x1="{at}" x2="{at}" y1="{top}" y2="{_BOTTOM}">{about}</line>'


def _balancer(track: Track, end: float) -> Iterator[str]:
    for segment in track.segments:
        many, _, candidates = segment.state.partition(" of ")
        share = int(many) / max(int(candidates or 1), 1)
        yield _share(segment, end, "backs", 1)
        yield _share(segment, end, "balancer", share, f"sends to {segment.state}")


def _axis(end: float) -> Iterator[str]:
    step = next(size for size in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3600) if end / size <= _TICKS)
    yield '<line class="axis" x1="0%" x2="100%" y1="1" y2="1"/>'
    for number in range(int(end / step) + 1):
        at = _at(number * step, end)
        yield f'<line class="axis" x1="{at}" x2="{at}" y1="1" y2="6"/>'
        yield f'<text class="tick" x="{at}" y="20">{number * step} s</text>'
