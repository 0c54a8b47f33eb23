"""Findings as workflow commands of GitHub Actions, which show them beside the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from natsvalues.lint.linter import Report
    from natsvalues.lint.rule import Finding

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def findings_github(report: Report) -> str:
    """One line for each finding."""
    return "".join(_command(finding) + "\n" for finding in report.findings)


def _command(finding: Finding) -> str:
    where = finding.where[0]
    properties = [("file", where.file), ("line", where.line), ("col", where.column)]
    given = [f"{name}={_property(str(text))}" for name, text in properties if text is not None]
    given.append(f"title={_property(f'{finding.rule.id} {finding.rule.name}')}")
    field = f" ({where.field})" if where.field else ""
    return f"::{_COMMANDS[finding.severity]} {','.join(given)}::" + _data(
        f"{finding.message}{field}\n{finding.rule.remedy}"
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
