"""Judge what was seen: lint's rules and doctor's own, the nine items, and what nobody looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.doctor.clouds.of_region import load_balancers
from natsvalues.doctor.items import RULES_OF_ITEMS, Item, items_of
from natsvalues.doctor.live_set import LiveSet, live_set
from natsvalues.doctor.rules import FOLLOWING, RULES
from natsvalues.lint.linter import Report, lint
from natsvalues.lint.rule import Finding
from natsvalues.records import NamedTuple
from natsvalues.text.secrets import without_formats

if TYPE_CHECKING:
    from natsvalues.doctor.seen import Seen
    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.plan import Plan


class Unseen(NamedTuple):
    """A question that has no answer, and why."""

    region: str
    question: str
    reason: str


class CloudCommand(NamedTuple):
    """A command that a cloud's tool was asked with, and why it gave no answer; an empty reason if it did."""

    region: str
    command: str
    reason: str


class Examination(NamedTuple):
    """The verdict on a record. `following`: what the findings explain; `advice`: lint's findings about other things.

    `commands`: what the clouds' tools were asked with.
    """

    live: LiveSet
    report: Report
    items: tuple[Item, ...]
    following: tuple[Finding, ...]
    advice: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]
    commands: tuple[CloudCommand, ...] = ()

    def fails(self, threshold: str) -> bool:
        """Whether a finding reaches the threshold, or a region could not be read at all: nobody knows how it is."""
        return self.report.reaches(threshold) or (bool(self.live.unread) and threshold != "never")


def examine(
    seen: Seen,
    overlays: Overlays | None = None,
    plans: dict[str, Plan] | None = None,
) -> Examination:
    """Judge a record; the same record always gives the same verdict."""
    live = live_set(seen, overlays, plans)
    linted = lint(live.subject)
    relevant = [item for item in linted.findings if item.severity == "error" or item.rule.id in RULES_OF_ITEMS]
    advice = tuple(item for item in linted.findings if item not in relevant)
    own = [
        Finding(
            rule, problem.severity or rule.severity, without_formats(problem.message), problem.where, problem.regions
        )
        for rule in RULES
        for problem in rule.check(live)
    ]
    findings = [*own, *relevant]
    following = tuple(item for item in findings if _is_explained(item, findings))
    kept = tuple(item for item in findings if item not in following)
    report = linted._replace(findings=kept, rules=(*RULES, *linted.rules))
    items = items_of(live, findings)
    balancers = [(name, judged) for name, region in live.regions.items() for judged in load_balancers(region)]
    commands = tuple(
        CloudCommand(name, command.text, without_formats(command.reason))
        for name, judged in balancers
        for command in judged.seen.commands
    )
    unseen = tuple(
        Unseen(region.name, question, without_formats(reason))
        for region in seen.regions
        for question, reason in region.unseen.items()
    )
    unseen += tuple(
        Unseen(name, f"cloud: Service {judged.service}: {verdict.id}", without_formats(verdict.message))
        for name, judged in balancers
        for verdict in judged.verdicts
        if verdict.status == "unknown"
    )
    return Examination(live, report, items, following, advice, unseen, commands)


def _is_explained(finding: Finding, findings: list[Finding]) -> bool:
    """Whether another finding is the reason for this one: a fault of the same regions that does not follow itself.

    Of rules that follow from others, those that come first explain those behind them.
    """
    if finding.rule.id not in FOLLOWING:
        return False
    rank = FOLLOWING.index(finding.rule.id)
    return any(
        set(other.regions) & set(finding.regions)
        and other.severity == "error"
        and (other.rule.id not in FOLLOWING or FOLLOWING.index(other.rule.id) < rank)
        and other.rule.id in RULES_OF_ITEMS | _OWN
        for other in findings
    )


_OWN = frozenset(rule.id for rule in RULES)
