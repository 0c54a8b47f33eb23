"""The reports of a diff: secrets are removed first, and all reports are finished before any is written."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from natsvalues.cli import outputs
from natsvalues.cli.diff.options import DiffOptions, Output, colored

if TYPE_CHECKING:
    from natsvalues.diff.changes import ReleaseDiff

KEY = os.urandom(32)
"""Of this run, and stored nowhere: equal secrets have equal marks in all its reports."""
WIDTH = 100
"""Columns of a report that does not go to a terminal."""


def reports(diffs: tuple[ReleaseDiff, ...], options: DiffOptions) -> list[outputs.Output]:
    """Every requested report; none is written yet."""
    requested = options.outputs or (Output("text"),)
    return [
        outputs.Output(None if item.file == "-" else item.file, _report(diffs, item, options)) for item in requested
    ]


def _report(diffs: tuple[ReleaseDiff, ...], output: Output, options: DiffOptions) -> str:
    """One report. Secrets are removed before any format sees the diff."""
    from natsvalues.report.diff_redacted import keyed, redacted_diff

    mark = keyed(KEY)
    shown = tuple(redacted_diff(item, mark, whole=output.format == "jsonpatch") for item in diffs)
    match output.format:
        case "json":
            from natsvalues.report.diff_json import report

            return _json(report(shown))
        case "jsonpatch":
            from natsvalues.report.diff_patch import patches

            return _json(patches(shown))
        case "markdown":
            from natsvalues.report.diff_markdown import markdown

            return markdown(shown)
        case "html":
            from natsvalues.report.diff_html import html

            return html(shown)
        case "github":
            from natsvalues.report.diff_github import annotations

            return annotations(shown)
        case _:
            from natsvalues.report.diff_text import text

            terminal = output.file in (None, "-") and sys.stdout.isatty()
            width = _terminal_width() if terminal else WIDTH
            color = colored(options.color, dict(os.environ), lambda: terminal)
            return text(shown, color=color, width=width, full=options.full)


def _terminal_width() -> int:
    import shutil  # costs 3 ms, and a report may go to a file

    return shutil.get_terminal_size((WIDTH, 24)).columns


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
