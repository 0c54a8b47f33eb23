"""Make the safe fixes of a report, each an edit of an overlay file that keeps its comments and style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from natsvalues.manifests.release import Release
from natsvalues.records import NamedTuple

if TYPE_CHECKING:
    from natsvalues.lint.linter import Report
    from natsvalues.lint.rule import Finding, Fix


class Fixed(NamedTuple):
    """A file after its fixes, and the findings that they resolve."""

    file: str
    text: str
    findings: tuple[Finding, ...]


def fixed_files(report: Report) -> list[Fixed]:
    """The files that fixes change. Raises EditRefused if an alias or a duplicate key prevents it."""
    by_file: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.fix is not None:
            by_file.setdefault(finding.fix.file, []).append(finding)
    return [
        Fixed(file, _edited(report.subject.texts[file], file, _distinct(findings)), tuple(findings))
        for file, findings in by_file.items()
    ]


def _distinct(findings: list[Finding]) -> list[Fix]:
    """Each fix once: several findings may have the same one."""
    fixes: list[Fix] = []
    for finding in findings:
        if finding.fix is not None and finding.fix not in fixes:
            fixes.append(finding.fix)
    return fixes


def _edited(text: str, file: str, fixes: list[Fix]) -> str:
    release = Release(text, file)
    for fix in fixes:
        number = max(number for number, chunk in enumerate(release.chunks) if chunk.line <= fix.line)
        manifest = release.manifest(number)
        if manifest is not None:  # an overlay that was read has content and a kind
            release = release.with_changed(manifest.edited(fix.ops))
    return release.text()
