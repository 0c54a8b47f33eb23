"""What a rule is, what it yields, and what a finding is.

A rule is a function with its documentation above it. Its examples are JSON merge patches of a clean supercluster of two
regions, `us-east` and `eu-west`, rendered through natsvalues; its only finding is JS014, since neither of two may fail.
The parts are `conf` (nats.conf), `container` (its `env` merges by name), `statefulSet`, `service` (the gateway's),
`clients` and `headless` (the chart's own Services), `overlay` (the region's file), `supercluster`, and a region's name
for parts of that region alone. `untouched: true`: rendered with the chart's gateway on, and without natsvalues; `only`:
that region alone; `folder`: the folder that the renderings are in; `text`: text of nats.conf replaced; `add`: one more
document; `fill`: a ConfigMap with so many random characters; `values`: the chart's; `rehearsed`: a scenario of the
evidence; `asked`: what a server printed, FILE is the path of its nats.conf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from natsvalues.errors import Where
    from natsvalues.text.paths import Op

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""Worst first."""
Target = Literal["cluster", "supercluster", "overlays", "regions", "rehearsal", "server", "live"]
Need = Literal["configuration", "kubernetes"]
"""What a rule looks at: nats.conf alone, also where that is a plain file; or objects of Kubernetes as well."""


class Fix(NamedTuple):
    """An edit of an overlay file that is safe to apply without a review. `line` is the first line of the document."""

    title: str
    file: str
    line: int
    ops: tuple[Op, ...]


class Problem(NamedTuple):
    """What a rule found: a sentence, its places (the first one is the main one), and the regions that it concerns.

    `severity` if it differs from the rule's: the same fault may do more or less harm, depending on other settings.
    """

    message: str
    where: tuple[Where, ...]
    regions: tuple[str, ...]
    fix: Fix | None = None
    severity: Severity | None = None


class Rule(NamedTuple):
    """One rule with its documentation. `check` gets one cluster if `applies_to` is `cluster`, else the subject.

    Rules of `supercluster` need renderings, those of `overlays` overlays, and those of `regions` either; `live` are the
    doctor's, about regions that run.
    A rule that `needs` Kubernetes, as all do that do not say otherwise, does not run on plain nats.conf files.
    """

    id: str
    name: str
    severity: Severity
    applies_to: Target
    what: str
    why: str
    source: str
    versions: str
    remedy: str
    fails: str
    passes: str
    check: Callable[[Any], Iterable[Problem]]
    fixable: bool = False
    needs: Need = "kubernetes"


class Finding(NamedTuple):
    """A problem with its rule, and the severity that applies to it."""

    rule: Rule
    severity: Severity
    message: str
    where: tuple[Where, ...]
    regions: tuple[str, ...]
    fix: Fix | None = None

    @property
    def fingerprint(self) -> str:
        """What stays the same when lines move: rule, regions, and the field of the first place."""
        fields = [place.field or "" for place in self.where[:1]]
        return " ".join((self.rule.id, ",".join(self.regions), *fields))


def rule(  # noqa: PLR0913   # a rule's documentation, by keyword
    code: str,
    name: str,
    severity: Severity,
    applies_to: Target = "cluster",
    *,
    why: str,
    source: str,
    remedy: str,
    fails: str,
    passes: str,
    versions: str = "every version",
    fixable: bool = False,
    needs: Need = "kubernetes",
) -> Callable[[Callable[[Any], Iterable[Problem]]], Rule]:
    """Make a rule of the function below; its docstring says what the rule detects."""

    def decorate(check: Callable[[Any], Iterable[Problem]]) -> Rule:
        what = " ".join((check.__doc__ or "").split())
        return Rule(
            code, name, severity, applies_to, what, why, source, versions, remedy, fails, passes, check, fixable, needs
        )

    return decorate
