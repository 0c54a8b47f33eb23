"""The events of a rehearsal in order, and the tracks for timelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_EVENTS = 20_000

ITSELF = "(itself)"
"""Follows the leader's name where the pod is the leader."""


class Event(NamedTuple):
    """One change, `seconds` after the start; `subject` is a pod, a region, a load balancer or the scenario."""

    seconds: float
    kind: Literal["phase", "pod", "probe", "leader", "group", "links", "balancer", "log", "data"]
    subject: str
    text: str


class Record(NamedTuple):
    """The function that records an event's kind, subject and text, and how many times shorter probe periods are."""

    tell: Callable[[str, str, str], None]
    scale: float


class Segment(NamedTuple):
    """A time span of one track in one state."""

    begin: float
    end: float
    state: str


class Track(NamedTuple):
    """The states of one subject over time."""

    subject: str
    kind: str
    segments: tuple[Segment, ...]


class Timeline:
    """Events in order, at most MOST_EVENTS; `dropped` counts the rest."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.dropped = 0
        self._last: dict[tuple[str, str], str] = {}

    def tell(self, seconds: float, kind: str, subject: str, text: str) -> None:
        """Add an event; one that repeats the last of its kind and subject is left out."""
        if kind != "log" and self._last.get((kind, subject)) == text:
            return
        self._last[kind, subject] = text
        if len(self.events) >= MOST_EVENTS:
            self.dropped += 1
            return
        self.events.append(Event(round(seconds, 2), kind, subject, text))  # type: ignore[arg-type]  # ours only


def tracks(events: list[Event], kind: str, end: float) -> tuple[Track, ...]:
    """The tracks of all subjects of one kind of event, in the order in which they first appear."""
    begun: dict[str, list[tuple[float, str]]] = {}
    for event in events:
        if event.kind == kind:
            begun.setdefault(event.subject, []).append((event.seconds, event.text))
    by_subject = []
    for subject, changes in begun.items():
        ends = [*(seconds for seconds, _ in changes[1:]), max(end, changes[-1][0])]
        segments = tuple(Segment(at, until, text) for (at, text), until in zip(changes, ends, strict=True))
        by_subject.append(Track(subject, kind, segments))
    return tuple(by_subject)


def state_at(track: Track, seconds: float) -> str:
    """The state of a track at a moment; empty before its first."""
    state = ""
    for segment in track.segments:
        if segment.begin > seconds:
            break
        state = segment.state
    return state
