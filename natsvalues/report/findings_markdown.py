"""Findings as markdown, for a pull request's comment or a job's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.report.findings_text import rehearsed, servers_asked, summary

if TYPE_CHECKING:
    from natsvalues.errors import Where
    from natsvalues.lint.linter import Report

_SIGNS = {"error": "🔴 error", "warning": "🟠 warning", "note": "🔵 note"}


def findings_markdown(report: Report) -> str:
    """A summary, a table of the findings, and each rule's remedy once."""
    lines = ["### natsvalues lint", "", summary(report)]
    for line in (*rehearsed(report), *servers_asked(report)):
        lines += ["", line]
    lines += table(report)
    if report.ignored:
        lines += ["", "<details><summary>Ignored</summary>", ""]
        lines += [
            f"- `{item.finding.rule.id}` {cell(item.finding.message)}: {cell(item.reason)}" for item in report.ignored
        ]
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def table(report: Report) -> list[str]:
    """The findings as lines of a table, and each rule's remedy once; nothing where there is none."""
    if not report.findings:
        return []
    lines = ["", "| | Rule | Region | Where | What |", "| --- | --- | --- | --- | --- |"]
    for finding in report.findings:
        cells = [
            _SIGNS[finding.severity],
            f"`{finding.rule.id}` {finding.rule.name}",
            ", ".join(finding.regions),
            _place(finding.where[0]),
            finding.message,
        ]
        lines.append("| " + " | ".join(text if text.startswith("`") else cell(text) for text in cells) + " |")
    lines += ["", "<details><summary>What to do</summary>", ""]
    rules = {finding.rule.id: finding.rule for finding in report.findings}
    lines += [f"- `{code}` {cell(rule.remedy)}" for code, rule in rules.items()]
    lines += ["", "</details>"]
    return lines


def _place(where: Where) -> str:
    line = f":{where.line}" if where.line is not None else ""
    return f"{where.file}{line}"


def cell(text: str) -> str:
    """A text inside a table: no bar, no line end, no HTML."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
