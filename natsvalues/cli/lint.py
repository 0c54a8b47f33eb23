"""`natsvalues lint`: check overlays and renderings against the rules, before anything is deployed."""

from __future__ import annotations

import gc
from collections import Counter
from typing import TYPE_CHECKING

from natsvalues.cli.edge import guarded
from natsvalues.cli.lint_inputs import Inputs, subject
from natsvalues.cli.outputs import Output, outputs, require_known, write
from natsvalues.cli.phases import waiting
from natsvalues.cli.state import Run
from natsvalues.cli.streams import read_stream, write_message
from natsvalues.errors import EXIT_GATE, EXIT_OK, NatsvaluesError, Where
from natsvalues.lint.fixing import fixed_files
from natsvalues.lint.ignores import severity
from natsvalues.lint.linter import Report, baseline_text, lint, read_baseline
from natsvalues.lint.rehearsed import rehearsals
from natsvalues.lint.rule import SEVERITIES
from natsvalues.lint.rules import find_rule
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.cli.lint_render import Chart
    from natsvalues.lint.rule import Severity
    from natsvalues.lint.subject import Subject

FORMATS = ("text", "json", "sarif", "junit", "github", "markdown")
THRESHOLDS = (*SEVERITIES, "never")


class LintOptions(NamedTuple):
    """The options of `lint`. `formats` are `NAME` or `NAME=FILE`, `severities` are `RULE=SEVERITY`."""

    inputs: Inputs
    chart: Chart | None = None
    all_regions: bool = False
    formats: tuple[str, ...] = ("text",)
    fail_on: str = "error"
    severities: tuple[str, ...] = ()
    baseline: str | None = None
    write_baseline: str | None = None
    fix: bool = False
    evidence: str | None = None
    server: bool = False


def run_lint(options: LintOptions) -> int:
    """Lint and report; exit code 4 if a finding reaches the threshold."""
    gc.disable()  # one pass over what may be hundreds of regions: collecting in between only costs
    return guarded(Run(), lambda: _lint(options))


def _lint(options: LintOptions) -> int:
    requested = outputs(options.formats, FORMATS)
    require_known("--fail-on", options.fail_on, THRESHOLDS)
    severities = dict(_severity(text) for text in options.severities)
    baseline = read_baseline(read_stream(options.baseline), options.baseline) if options.baseline else Counter[str]()
    with waiting("rendering and linting" if options.chart is not None else "linting"):
        linted = _subject(options)
        report = lint(linted, severities, baseline, options.inputs.region)
    write_message(_without_region(linted))
    if options.fix and _fix(report):
        report = lint(_subject(options), severities, baseline, options.inputs.region)
    if options.write_baseline:
        write([Output(options.write_baseline, baseline_text(report))])
        report = report._replace(findings=(), known=(*report.known, *report.findings))
    write([Output(file, _formatted(report, name, options.fail_on)) for name, file in requested])
    return EXIT_GATE if report.reaches(options.fail_on) else EXIT_OK


def _without_region(linted: Subject) -> str:
    """A note for each rendering that could be several regions: the rules that need an overlay are left out for it."""
    if linted.overlays is None:
        return ""
    files = dict.fromkeys(cluster.release.file for cluster in linted.clusters if cluster.plan is None)
    rest = f"is not compared with an overlay; --region says with which: {', '.join(linted.overlays.regions)}"
    return "".join(f"note: {file} {rest}\n" for file in files)


def _subject(options: LintOptions) -> Subject:
    files = _files_and_chart(options)
    if options.server:
        from natsvalues.cli.lint_server import with_answers  # starts servers; seldom used

        files = with_answers(files)
    if options.evidence is None:
        return files
    if not files.clusters or files.files:
        raise NatsvaluesError(
            "NV-L010",
            "--evidence needs a rendering: without one nothing shows whether the rehearsal belongs to it",
            where=(Where(options.evidence),),
            hint="lint the folder of renderings that you rehearsed",
        )
    return files._replace(rehearsed=rehearsals(read_stream(options.evidence), options.evidence))


def _files_and_chart(options: LintOptions) -> Subject:
    """What to lint, from the paths and the chart."""
    if options.chart is None:
        return subject(options.inputs)
    from natsvalues.cli.lint_render import chart_defaults, renderings, values_files  # starts helm; seldom used

    rendered = renderings(options.chart, options.inputs, all_regions=options.all_regions)
    files = values_files(options.chart, rendered)
    defaults = chart_defaults(options.chart) if files else None
    return subject(options.inputs, rendered, files)._replace(chart_defaults=defaults)


def _severity(text: str) -> tuple[str, Severity]:
    word, _, level = text.partition("=")
    return find_rule(word).id, severity(level)


def _fix(report: Report) -> bool:
    """Write the fixes and print each; return whether there were any."""
    files = fixed_files(report)
    for file in files:
        write([Output(file.file, file.text)])
        titles = dict.fromkeys(finding.fix.title for finding in file.findings if finding.fix is not None)
        write_message("".join(f"fixed {file.file}: {title}\n" for title in titles))
    return bool(files)


def _formatted(report: Report, name: str, threshold: str) -> str:
    if name == "json":
        from natsvalues.report.findings_json import findings_json as format_report
    elif name == "sarif":
        from natsvalues.report.sarif import sarif as format_report
    elif name == "github":
        from natsvalues.report.findings_github import findings_github as format_report
    elif name == "markdown":
        from natsvalues.report.findings_markdown import findings_markdown as format_report
    elif name == "junit":
        from natsvalues.report.junit import junit

        return junit(report, threshold)
    else:
        from natsvalues.report.findings_text import findings_text as format_report
    return format_report(report)
