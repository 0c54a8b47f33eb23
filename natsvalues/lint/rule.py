"""What a rule is, what it yields, and what the linter makes of that.

A rule is a function with its manual on top. Its examples are JSON merge patches of a clean supercluster of two
regions, `us-east` and `eu-west`, rendered through natsvalues. The parts are `conf` (nats.conf), `container` (its
`env` merges by name), `statefulSet`, `service` (the gateway's), `clients` and `headless` (the chart's own Services),
`overlay` (the region's file), `supercluster`, and a region's name for parts of that region alone. `untouched: true`:
rendered with the chart's gateway on, and without natsvalues; `only`: that region alone; `text`: words of nats.conf
replaced; `add`: one more document; `fill`: a ConfigMap with so many random characters; `values`: the chart's;
`rehearsed`: a scenario of the evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from natsvalues.errors import Where
    from natsvalues.text.paths import Op

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""Gravest first."""
Looks = Literal["cluster", "supercluster", "overlays", "rehearsal"]


class Fix(NamedTuple):
    """An edit of an overlay file that is safe to make unseen. `line` is the first one of the document in it."""

    title: str
    file: str
    line: int
    ops: tuple[Op, ...]


class Problem(NamedTuple):
    """What a rule found: a sentence, its places (the first is where to look), and the regions it is about.

    `severity` where it is not the rule's: the same fault may do more or less harm, depending on what is around it.
    """

    message: str
    where: tuple[Where, ...]
    regions: tuple[str, ...]
    fix: Fix | None = None
    severity: Severity | None = None


class Rule(NamedTuple):
    """One rule with its manual. `check` gets what `looks_at` says: one cluster, the whole subject, the overlays."""

    id: str
    name: str
    severity: Severity
    looks_at: Looks
    what: str
    why: str
    source: str
    holds: str
    remedy: str
    fails: str
    passes: str
    check: Callable[[Any], Iterable[Problem]]
    fixable: bool = False


class Finding(NamedTuple):
    """A problem under its rule, with the severity that counts here."""

    rule: Rule
    severity: Severity
    message: str
    where: tuple[Where, ...]
    regions: tuple[str, ...]
    fix: Fix | None = None

    @property
    def fingerprint(self) -> str:
        """What stays the same when lines move: rule, regions, and the fields that are named."""
        fields = [place.field or "" for place in self.where[:1]]
        return " ".join((self.rule.id, ",".join(self.regions), *fields))


def rule(  # noqa: PLR0913   # a rule's manual, by keyword
    code: str,
    name: str,
    severity: Severity,
    looks_at: Looks = "cluster",
    *,
    why: str,
    source: str,
    remedy: str,
    fails: str,
    passes: str,
    holds: str = "every version",
    fixable: bool = False,
) -> Callable[[Callable[[Any], Iterable[Problem]]], Rule]:
    """Make a rule of the function below; its docstring says what the rule detects."""

    def made(check: Callable[[Any], Iterable[Problem]]) -> Rule:
        what = " ".join((check.__doc__ or "").split())
        return Rule(code, name, severity, looks_at, what, why, source, holds, remedy, fails, passes, check, fixable)

    return made
