"""What lint says of the renderings that are rehearsed, to stand beside the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.errors import NatsvaluesError
from natsvalues.lint.linter import lint
from natsvalues.lint.subject import Cluster, Subject, clusters_of
from natsvalues.rehearsal.outcome import Noticed

if TYPE_CHECKING:
    from natsvalues.rehearsal.stage import Step


def noticed(step: Step) -> tuple[Noticed, ...]:
    """The findings of a step's renderings that are warnings or worse, each rule once, the errors first.

    Ignores in the renderings count; those in overlays, and severities that they choose, are not known here.
    """
    clusters: list[Cluster] = []
    texts = {}
    for region, rendering in step.renderings.items():
        release = rendering.state.release
        try:
            clusters += clusters_of(release, region, None, {})
        except NatsvaluesError:
            continue  # what lint cannot read may still run
        texts[release.file] = release.text()
    try:
        report = lint(Subject(None, {}, tuple(clusters), texts))
    except NatsvaluesError:
        return ()  # such as an ignore of a rule that is not there: lint itself says it
    regions: dict[tuple[str, str, str], list[str]] = {}
    for finding in report.findings:
        if finding.severity != "note":
            key = (finding.severity, finding.rule.id, finding.rule.name)
            regions.setdefault(key, []).extend(finding.regions)
    return tuple(
        Noticed(rule, severity, title, tuple(dict.fromkeys(regions[severity, rule, title])))
        for severity, rule, title in sorted(regions)
    )
