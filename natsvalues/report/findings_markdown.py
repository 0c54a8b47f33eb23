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
    if report.findings:
        lines += ["", "| | Rule | Region | Where | What |", "| --- | --- | --- | --- | --- |"]
        for finding in report.findings:
            cells = [
                _SIGNS[finding.severity],
                f"`{finding.rule.id}` {finding.rule.name}",
                ", ".join(finding.regions),
                _place(finding.where[0]),
                finding.message,
            ]
            lines.append("| " + " | ".join(cell if cell.startswith("`") else _cell(cell) for cell in cells) + " |")
        lines += ["", "<details><summary>What to do</summary>", ""]
        rules = {finding.rule.id: finding.rule for finding in report.findings}
        lines += [f"- `{code}` {_cell(rule.remedy)}" for code, rule in rules.items()]
        lines += ["", "</details>"]
    if report.ignored:
        lines += ["", "<details><summary>Ignored</summary>", ""]
        lines += [
            f"- `{item.finding.rule.id}` {_cell(item.finding.message)}: {_cell(item.reason)}" for item in report.ignored
        ]
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _place(where: Where) -> str:
    line = f":{where.line}" if where.line is not None else ""
    return f"{where.file}{line}"


def _cell(text: str) -> str:
    """A text inside a table: no bar, no line end, no HTML."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
