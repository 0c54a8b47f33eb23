"""A plan as text: every step with its edits, commands and checks as a person reads them. The input of the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natsvalues.overlays.plan import plain_values
from natsvalues.records import NamedTuple
from natsvalues.runbook.commands import act_commands, check_command, check_words, explained_by
from natsvalues.runbook.records import records
from natsvalues.text.yamlwrite import block

if TYPE_CHECKING:
    from collections.abc import Mapping

    from natsvalues.overlays.model import Move
    from natsvalues.runbook.checking import Answer
    from natsvalues.runbook.commands import Target
    from natsvalues.runbook.step import Check, Edit, Runbook, Step


class WrittenCheck(NamedTuple):
    """A check: what must hold, the command that shows it, and what was seen; `holds` is None if that is not known.

    `explained_by` is the command that says why it does not hold; empty if it does, or if no command says it.
    """

    text: str
    command: str
    holds: bool | None = None
    seen: str = ""
    explained_by: str = ""


class WrittenStep(NamedTuple):
    """A step; `edits` are the file and the lines that it has then (empty: the field `move` is removed)."""

    id: str
    region: str
    way: str
    title: str
    edits: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]
    effect: str
    before: tuple[WrittenCheck, ...]
    after: tuple[WrittenCheck, ...]
    back: str
    back_until: str
    record: str


class WrittenPlan(NamedTuple):
    """A plan; `refused` are region, reason and remedy, `absent` regions without a release, and where one was sought."""

    supercluster: str
    steps: tuple[WrittenStep, ...]
    refused: tuple[tuple[str, str, str], ...]
    done: tuple[str, ...]
    unknown: tuple[str, ...]
    absent: tuple[tuple[str, str], ...] = ()
    delivery: str = ""

    @property
    def goal(self) -> str:
        """Where the steps lead, as a noun."""
        return f"the delivery {self.delivery}" if self.delivery else "the overlays"

    @property
    def nothing_to_do(self) -> str:
        """What is so if there are no steps."""
        return (
            f"every region has the delivery {self.delivery}"
            if self.delivery
            else ("every region is where the overlays want it")
        )


def written(
    runbook: Runbook,
    targets: Mapping[str, Target],
    answers: Mapping[Check, Answer] | None = None,
    absent: Mapping[str, str] | None = None,
) -> WrittenPlan:
    """The plan as text; `answers` are what is known of the checks of the next step, `absent` where no release was."""
    known = answers or {}
    steps = tuple(_step(step, targets, known if number == 0 else {}) for number, step in enumerate(runbook.steps))
    refused = tuple((item.region, item.reason, item.remedy) for item in runbook.refused)
    none = tuple((absent or {}).items())
    return WrittenPlan(runbook.supercluster, steps, refused, runbook.done, runbook.unknown, none, runbook.delivery)


def move_value(move: Move) -> dict[str, Any]:
    """The field `move` of an overlay, without what has its default."""
    content = {key: value for key, value in plain_values(move).items() if value not in (None, [])}
    if "accountFolder" in content:
        content["accountFolder"] = {key: value for key, value in content["accountFolder"].items() if value is not None}
    return content


def move_lines(edit: Edit) -> str:
    """The lines of an overlay's `move`; empty for none."""
    return "\n".join(block({"move": move_value(edit.move)})) if edit.move is not None else ""


def _step(step: Step, targets: Mapping[str, Target], answers: Mapping[Check, Answer]) -> WrittenStep:
    def as_text(check: Check) -> WrittenCheck:
        answer = answers.get(check) if check in step.before else None
        text, command = check_words(check), check_command(check, targets[check.region])
        if answer is None:
            return WrittenCheck(text, command)
        why = explained_by(check, targets.values()) if answer.holds is False else ""
        return WrittenCheck(text, command, answer.holds, answer.seen, why)

    return WrittenStep(
        id=step.id,
        region=step.region,
        way=step.way,
        title=step.title,
        edits=tuple((edit.file, move_lines(edit)) for edit in step.edits),
        commands=tuple(line for act in step.acts for line in act_commands(act, targets[act.region])),
        effect=step.effect,
        before=tuple(map(as_text, step.before)),
        after=tuple(map(as_text, step.after)),
        back=step.back,
        back_until=step.back_until,
        record=step.record or record_words(step.way),
    )


def record_words(way: str) -> str:
    """The runs that a way stands on, as a clause."""
    return "; ".join(
        f"{item.version}{item.to and f' to {item.to}'}: {item.runs} run{'s' * (item.runs != 1)}, "
        f"{item.lost} of {item.acknowledged} messages lost"
        for item in records().get(way, ())
    )
