"""A rehearsal as JSON, format 1, for programs and as `--evidence` of other reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.lint.rehearsed import FORMAT
from natsvalues.text.secrets import without_formats

if TYPE_CHECKING:
    from natsvalues.rehearsal.moving import Move
    from natsvalues.rehearsal.outcome import Outcome


def document(outcomes: list[Outcome]) -> dict[str, Any]:
    """All scenarios, and the worst of their verdicts."""
    stuck = any(outcome.verdict == "stuck" for outcome in outcomes)
    return {
        "format": FORMAT,
        "verdict": "stuck" if stuck else "converged",
        "lossy": any(outcome.lossy for outcome in outcomes),
        "untested": any(outcome.untested for outcome in outcomes),
        "scenarios": [scenario(outcome) for outcome in outcomes],
    }


def scenario(outcome: Outcome) -> dict[str, Any]:
    """One scenario. Times are seconds; `renderings` are digests of what was run, to identify it."""
    return {
        "scenario": outcome.scenario,
        "verdict": outcome.verdict,
        "lossy": outcome.lossy,
        "untested": outcome.untested,
        "phase": outcome.phase,
        "seconds": outcome.seconds,
        "times": outcome.times,
        "scale": outcome.scale,
        "causes": [cause._asdict() | {"seen": in_log(cause.seen)} for cause in outcome.causes],
        "remedy": in_log(outcome.remedy),
        "findings": [finding._asdict() for finding in outcome.findings],
        "notes": [in_log(note) for note in outcome.notes],
        "pods": [pod._asdict() for pod in outcome.pods],
        "meta_groups": [group._asdict() for group in outcome.groups],
        "streams": [fate._asdict() | {"seen": in_log(fate.seen)} for fate in outcome.streams],
        "messages": {
            "acknowledged": sum(fate.acknowledged for fate in outcome.streams),
            "lost": sum(fate.lost for fate in outcome.streams),
        },
        "servers": outcome.versions,
        "programs": [program._asdict() for program in outcome.programs],
        "renderings": outcome.renderings,
        "mapping": {
            "load_balancers": outcome.balancers,
            "settings": {region: [_moved(move) for move in moves] for region, moves in outcome.moves.items()},
        },
        **({"steps": [step._asdict() for step in outcome.steps], "gap": outcome.gap} if outcome.steps else {}),
        "clusters": {region: site._asdict() for region, site in outcome.sites.items()},
        "cost": outcome.cost._asdict(),
        "timeline": [event._asdict() | {"text": in_log(event.text)} for event in outcome.events],
    }


def _moved(move: Move) -> dict[str, Any]:
    return move._asdict() | {"rendered": in_log(move.rendered), "run": in_log(move.run)}


def in_log(text: str) -> str:
    """A line of a log without logins and known formats of secrets."""
    return without_formats(text)
