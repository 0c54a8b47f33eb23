"""Findings that people accept: in an overlay's `lint.ignore`, or in a comment. Both need a reason.

A comment `# natsvalues: ignore LB004 created by Terraform` applies to its own line; on a line of its own, to the next
line; at the top of a document, to all of it. Several rules are separated by commas.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError, Where, raise_all
from natsvalues.lint.rule import SEVERITIES, Finding, Severity
from natsvalues.lint.rules import find_rule
from natsvalues.records import NamedTuple
from natsvalues.text.stream import split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from natsvalues.overlays.folder import Overlays
    from natsvalues.overlays.model import Lint
    from natsvalues.text.reading import Positions

MARK = "natsvalues: ignore"
_COMMENT = re.compile(
    r"^(.*?)(?:#|//)[ \t]*natsvalues:[ \t]*ignore\b[ \t]*([^\s,]*(?:[ \t]*,[ \t]*[^\s,]+)*)[ \t]*(.*?)[ \t\r]*$"
)


class Comment(NamedTuple):
    """One comment: the lines of `file` it applies to (first and last included), the rules' ids, and the reason."""

    file: str
    first: int
    last: int
    rules: tuple[str, ...]
    reason: str


def comments(texts: dict[str, str]) -> list[Comment]:
    """Every comment in these files. Raises NatsvaluesError for unknown rules and for missing reasons, all together."""
    valid: list[Comment] = []
    errors: list[NatsvaluesError] = []
    for file, text in texts.items():
        if MARK in text:
            for chunk in split(text):
                valid += _of_document(file, chunk.text.split("\n"), chunk.line, errors)
    raise_all(errors)
    return valid


def _of_document(file: str, lines: list[str], first: int, errors: list[NatsvaluesError]) -> Iterator[Comment]:
    head = next((at for at, line in enumerate(lines) if not _is_skipped(line)), len(lines))
    for at, line in enumerate(lines):
        match = _COMMENT.match(line)
        if not match:
            continue
        before, ids, reason = match.groups()
        where = (Where(file, first + at),)
        if not ids or not reason:
            message = "a comment that ignores a rule without a reason" if ids else "a comment that ignores no rule"
            hint = f"write the rule and why: # {MARK} LB004 the load balancer is created by Terraform"
            errors.append(NatsvaluesError("NV-L003", message, where=where, hint=hint))
            continue
        try:
            rules = tuple(find_rule(word.strip(), where).id for word in ids.split(","))
        except NatsvaluesError as error:
            errors.append(error)
            continue
        start = end = at
        if at < head:
            start, end = 0, len(lines) - 1
        elif not before.strip():
            end = next((below for below in range(at + 1, len(lines)) if not _is_skipped(lines[below])), at)
        yield Comment(file, first + start, first + end, rules, reason)


def _is_skipped(line: str) -> bool:
    """Whether a line is empty, a comment or a marker."""
    text = line.strip()
    return not text or text.startswith(("#", "//", "---"))


def ignored_by_comment(finding: Finding, in_text: list[Comment]) -> str | None:
    """The reason of a comment that applies to the finding's place."""
    place = finding.where[0]
    for comment in in_text:
        here = place.line is not None and comment.file == place.file and comment.first <= place.line <= comment.last
        if here and finding.rule.id in comment.rules:
            return comment.reason
    return None


class Choices(NamedTuple):
    """The settings of one overlay's `lint`, by rule id."""

    reasons: dict[str, str]
    severities: dict[str, Severity]


def choices(overlays: Overlays | None) -> dict[str, Choices]:
    """The supercluster's choices under the empty name, each region's under its own.

    Raises NatsvaluesError for unknown rules and severities, all together.
    """
    if overlays is None:
        return {}
    errors: list[NatsvaluesError] = []
    by_name = {"": _choices(overlays.supercluster.lint, overlays.positions, errors)}
    for name, file in overlays.regions.items():
        by_name[name] = _choices(file.region.lint, file.positions, errors)
    raise_all(errors)
    return by_name


def _choices(lint: Lint, positions: Positions, errors: list[NatsvaluesError]) -> Choices:
    reasons: dict[str, str] = {}
    severities: dict[str, Severity] = {}
    for index, item in enumerate(lint.ignore):
        try:
            reasons[find_rule(item.rule, (positions.where("lint", "ignore", index, "rule"),)).id] = item.reason
        except NatsvaluesError as error:
            errors.append(error)
    for word, level in (lint.severity or {}).items():
        where = (positions.where("lint", "severity", word),)
        try:
            severities[find_rule(word, where).id] = severity(level, where)
        except NatsvaluesError as error:
            errors.append(error)
    return Choices(reasons, severities)


def severity(word: str, where: tuple[Where, ...] = ()) -> Severity:
    """A severity by its word. Raises NatsvaluesError for another word."""
    for known in SEVERITIES:
        if word == known:
            return known
    raise NatsvaluesError(
        "NV-L004",
        f"`{word}` is not a severity",
        where=where,
        hint="error, warning or note; to drop a rule use lint.ignore, with a reason",
    )
