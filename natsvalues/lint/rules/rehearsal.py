"""What a rehearsal of these very renderings showed (`--evidence`): real servers count more than any rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rule import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.lint.rehearsed import Rehearsed
    from natsvalues.lint.subject import Subject


@rule(
    "RH001",
    "rehearsal-stuck",
    "error",
    "rehearsal",
    why="The same manifests will do the same in production, where you cannot start again.",
    source="the rehearsal that --evidence gives: real nats-servers on these renderings",
    versions="the server versions of the images",
    remedy="The report shows which probe waits for what; `natsvalues rehearse` shows it as a timeline.",
    fails="rehearsed: {verdict: stuck}",
    passes="rehearsed: {verdict: converged}",
)
def stuck(subject: Subject) -> Iterator[Problem]:
    """A scenario that was rehearsed with these renderings got stuck."""
    for rehearsed in subject.rehearsed:
        if not rehearsed.converged and proves(rehearsed, subject):
            message = f"rehearsed with real servers, `{rehearsed.scenario}` got stuck{_advice(rehearsed)}"
            yield Problem(message, (rehearsed.where,), _regions(subject))


@rule(
    "RH002",
    "rehearsal-lossy",
    "error",
    "rehearsal",
    why="A stream or a message that was acknowledged is gone, and no other region has it.",
    source="the rehearsal that --evidence gives: real nats-servers on these renderings",
    versions="the server versions of the images",
    remedy="Follow the sequence that `natsvalues docs stages` calls safe, with the server version that the report "
    "names.",
    fails="rehearsed: {lossy: true}",
    passes="rehearsed: {lossy: false}",
)
def lossy(subject: Subject) -> Iterator[Problem]:
    """A scenario that was rehearsed with these renderings lost streams or acknowledged messages."""
    for rehearsed in subject.rehearsed:
        if rehearsed.lossy and proves(rehearsed, subject):
            message = f"rehearsed with real servers, `{rehearsed.scenario}` lost streams or acknowledged messages"
            yield Problem(message + _advice(rehearsed), (rehearsed.where,), _regions(subject))


@rule(
    "RH003",
    "rehearsed-otherwise",
    "warning",
    "rehearsal",
    why="A rehearsal proves only what the manifests do that ran.",
    source="the digests of the renderings in the rehearsal's report",
    remedy="Rehearse what you are going to deploy: natsvalues rehearse FOLDER -o json.",
    fails="rehearsed: {renderings: [0123456789abcdef]}",
    passes="rehearsed: {verdict: converged}",
)
def rehearsed_otherwise(subject: Subject) -> Iterator[Problem]:
    """The rehearsal given as evidence used other renderings than these."""
    for rehearsed in subject.rehearsed:
        others = _others(rehearsed, subject)
        if others:
            message = f"`{rehearsed.scenario}` was rehearsed with another rendering of {', '.join(others)}"
            yield Problem(message, (rehearsed.where,), others)


def proves(rehearsed: Rehearsed, subject: Subject) -> bool:
    """Whether every rendering that is linted was part of the rehearsal, as it is."""
    return not _others(rehearsed, subject)


def _others(rehearsed: Rehearsed, subject: Subject) -> tuple[str, ...]:
    """The regions whose rendering was no part of the rehearsal."""
    return tuple(item.region for item in subject.clusters if item.release.digest() not in rehearsed.digests)


def _regions(subject: Subject) -> tuple[str, ...]:
    return tuple(cluster.region for cluster in subject.clusters)


def _advice(rehearsed: Rehearsed) -> str:
    return f": {rehearsed.remedy}" if rehearsed.remedy else ""


RULES = (stuck, lossy, rehearsed_otherwise)
