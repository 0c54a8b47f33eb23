"""The reports of a diff: made without secrets, all of them before the first is written."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from typing import TYPE_CHECKING

from natsvalues.cli import outputs
from natsvalues.cli.diff_options import DiffOptions, Output, colored

if TYPE_CHECKING:
    from natsvalues.diff.changes import ReleaseDiff

KEY = secrets.token_bytes(32)
"""Of this run, and kept nowhere: equal secrets have equal marks in all its reports."""
WIDTH = 100
"""Columns of a report that goes to no terminal."""


def made(diffs: tuple[ReleaseDiff, ...], options: DiffOptions) -> list[outputs.Output]:
    """Every report that was asked for; none is written yet."""
    wished = options.outputs or (Output("text"),)
    return [outputs.Output(None if item.file == "-" else item.file, _report(diffs, item, options)) for item in wished]


def _report(diffs: tuple[ReleaseDiff, ...], output: Output, options: DiffOptions) -> str:
    """One report. Secrets go here, before any format sees the diff."""
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
            width = shutil.get_terminal_size((WIDTH, 24)).columns if terminal else WIDTH
            color = colored(options.color, dict(os.environ), lambda: terminal)
            return text(shown, color=color, width=width)


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
