"""The reports of a diff: made without secrets, all of them before the first is written."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

from natsvalues.cli.diff_options import DiffOptions, Output, colored
from natsvalues.errors import NatsvaluesError, Where

if TYPE_CHECKING:
    from natsvalues.diff.changes import ReleaseDiff

KEY = secrets.token_bytes(32)
"""Of this run, and kept nowhere: equal secrets have equal marks in all its reports."""
WIDTH = 100
"""Columns of a report that goes to no terminal."""


class Report(NamedTuple):
    """A finished report; `file` is None for standard output."""

    file: str | None
    text: str


def made(diffs: tuple[ReleaseDiff, ...], options: DiffOptions) -> list[Report]:
    """Every report that was asked for; none is written yet."""
    outputs = options.outputs or (Output("text"),)
    return [Report(None if item.file == "-" else item.file, _report(diffs, item, options)) for item in outputs]


def write(reports: list[Report]) -> None:
    """Write the files, all or none, then standard output. Raises NatsvaluesError for a file that cannot be."""
    written: list[tuple[str, str]] = []
    try:
        for report in reports:
            if report.file is not None:
                written.append((_beside(report.file, report.text), report.file))  # noqa: PERF401  # known if the next fails
        for temporary, file in written:
            os.replace(temporary, file)
    except BaseException:
        for temporary, _ in written:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal that lacks a letter
    for report in reports:
        if report.file is None:
            sys.stdout.write(report.text)
    sys.stdout.flush()


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


def _beside(path: str, text: str) -> str:
    """Write a text beside a file, and give where; renaming it there is then the whole of writing the file."""
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise NatsvaluesError(
            "NV-D006", f"cannot write the report: {error.strerror}", where=(Where(path),),
            hint="give a file in a folder that exists: -o html=diff.html",
        ) from None  # fmt: skip
    return temporary
