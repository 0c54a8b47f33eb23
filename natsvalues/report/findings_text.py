"""Findings as text for a terminal or a log: the place, the offending line with its neighbours, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.lint.rehearsed import converged_in
from natsvalues.lint.rule import SEVERITIES
from natsvalues.lint.rules.rehearsal import proves
from natsvalues.report.excerpt import excerpt
from natsvalues.report.plain_values import counted
from natsvalues.text.secret_variables import secret_variables
from natsvalues.text.secrets import Hiding

if TYPE_CHECKING:
    from natsvalues.errors import Where
    from natsvalues.lint.linter import Report
    from natsvalues.lint.rule import Finding
    from natsvalues.lint.subject import Cluster

_MANY = 8


def findings_text(report: Report) -> str:
    """All findings, the ignored ones in a line each, and a summary."""
    texts = report.subject.texts
    how = Hiding(variables=secret_variables(texts.values()))
    parts = [paragraph(finding, texts, how) for finding in report.findings]
    parts += [
        f"ignored[{item.finding.rule.id}] {item.finding.message}\n --> {item.finding.where[0]}\n  = {item.reason}\n"
        for item in report.ignored
    ]
    return "\n".join([*parts, *rehearsed(report), *servers_asked(report), summary(report) + "\n"])


def paragraph(finding: Finding, texts: dict[str, str], how: Hiding) -> str:
    """One finding with its line in these texts, by their names, and what to do."""
    lines = [f"{finding.severity}[{finding.rule.id}] {finding.rule.name}: {finding.message}"]
    lines += [f" --> {finding.where[0]}", *_quoted(finding.where[0], texts, how)]
    lines += [f"  also {place}" for place in finding.where[1:]]
    lines.append(f"help: {finding.rule.remedy}")
    return "\n".join(lines) + "\n"


def _quoted(where: Where, texts: dict[str, str], how: Hiding) -> list[str]:
    lines = excerpt(texts, where, how)
    width = max((len(str(line.number)) for line in lines), default=0)
    return [
        f"{'>' if line.number == where.line else ' '} {line.number:>{width}} | {line.text}".rstrip() for line in lines
    ]


def rehearsed(report: Report) -> list[str]:
    """One line for each scenario of a rehearsal that succeeded; failures are among the findings."""
    return [
        converged_in(item)
        for item in report.subject.rehearsed
        if item.converged and not item.lossy and proves(item, report.subject)
    ]


def servers_asked(report: Report) -> list[str]:
    """One line with the versions of the servers that were asked."""
    versions = {
        item.asked + (f" (for {item.version})" if item.asked != item.version else "")
        for item in report.subject.answers
        if item.asked
    }
    return [f"asked nats-server {', '.join(sorted(versions))}"] if versions else []


def summary(report: Report) -> str:
    """One line: how many findings of each severity, and what was checked."""
    counts = [(report.count(severity), severity) for severity in SEVERITIES]
    total = ", ".join(counted(number, word) for number, word in counts if number) or "no findings"
    total += f", {len(report.ignored)} ignored" if report.ignored else ""
    total += f", {len(report.known)} known from the baseline" if report.known else ""
    return f"{total}: {len(report.rules)} rules on {looked_at(report)}"


def looked_at(report: Report) -> str:
    """What was checked: overlays and renderings, or plain files."""
    if report.subject.files:
        regions = len(report.subject.clusters)
        return f"{counted(len(report.subject.files), 'nats.conf file')} of {counted(regions, 'region')}"
    overlays = report.subject.overlays
    parts = [f"the overlays of {counted(len(overlays.regions), 'region')}"] if overlays is not None else []
    clusters = report.subject.clusters
    parts += [counted(len(clusters), "rendering")] if clusters else []
    return " and ".join(parts) + _regions(clusters)


def _regions(clusters: tuple[Cluster, ...]) -> str:
    """Which regions the renderings are, of many the first ones; of one also which StatefulSet."""
    if len(clusters) == 1:
        return f" (region {clusters[0].region}, {clusters[0].nats.statefulset.key})"
    names = [cluster.region for cluster in clusters]
    more = [f"{len(names) - _MANY} more"] if len(names) > _MANY else []
    return f" ({', '.join([*names[:_MANY], *more])})" if names else ""
