"""Nothing is skipped silently: in CI a skip is a failure, elsewhere the end of a run says what was left out."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from building import ABSENT, LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Generator


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure in CI, unless it is data that this clone does not carry."""
    if not os.environ.get("CI") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = _reason(report).removeprefix("Skipped: ")
    if not reason.startswith(ABSENT):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CI skips nothing: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at every test's report for a skip."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at every module's report for a skip of the whole module."""
    report = yield
    _refuse_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the very end which tiers could not run, and why: a skip in the midst of thousands is not seen."""
    reports = terminalreporter.stats.get("skipped", []) + terminalreporter.stats.get("error", [])
    said = [match[0] for report in reports if (match := re.search(f"{LEFT_OUT}.*", _reason(report)))]
    for reason in sorted(set(said)):
        terminalreporter.section(f"{said.count(reason)} tests were not run", red=True, bold=True)
        terminalreporter.line(reason, red=True, bold=True)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr or "")
