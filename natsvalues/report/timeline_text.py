"""The timeline as text: a row for each pod, time from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.rehearsal.timeline import ITSELF, Track, state_at, tracks

if TYPE_CHECKING:
    from natsvalues.rehearsal.outcome import Outcome

SIGNS = {"down": ".", "starting": "s", "running": "r", "ready": "#", "stopping": "x"}
LEGEND = "  . down  s starting  r started, not ready  # ready  L ready, and meta leader  x stopping"


def drawn(outcome: Outcome, width: int) -> list[str]:
    """Lines of at most `width` characters: phases, pods, load balancers (backends), gateway links."""
    events = list(outcome.events)
    end = max((event.seconds for event in events), default=0.0)
    pods = tracks(events, "pod", end)
    leaders = {track.subject: track for track in tracks(events, "leader", end)}
    balancers = tracks(events, "balancer", end)
    label = max((len(track.subject) for track in (*pods, *balancers)), default=0) + 3
    columns = max(width - label - 2, 20)
    moments = [end * (column + 0.5) / columns for column in range(columns)]
    lines = _phases(outcome, end, columns, label)
    for track in pods:
        lines.append(f"  {track.subject:<{label}}" + "".join(_sign(track, leaders, at) for at in moments))
    for track in balancers:
        counts = (state_at(track, at).partition(" ")[0] or " " for at in moments)
        lines.append(f"  {track.subject:<{label}}" + "".join(count if count != "0" else "-" for count in counts))
    if balancers:
        lines.append("  (load balancers: how many pods they send to)")
    return [*lines, LEGEND]


def _sign(track: Track, leaders: dict[str, Track], at: float) -> str:
    state = state_at(track, at)
    leader = leaders.get(track.subject)
    if state == "ready" and leader is not None and state_at(leader, at).endswith(ITSELF):
        return "L"
    return SIGNS.get(state, " ")


def _phases(outcome: Outcome, end: float, columns: int, label: int) -> list[str]:
    lines = []
    for number, event in enumerate(event for event in outcome.events if event.kind == "phase"):
        column = min(int(event.seconds / end * columns), columns - 1) if end else 0
        mark = chr(ord("A") + number % 26)
        lines.append(f"  {'':<{label}}{'':<{column}}{mark} {event.seconds:.1f} s {event.text}")
    return lines
